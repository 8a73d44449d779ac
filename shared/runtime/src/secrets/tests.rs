//! What a function is given when a secret is rotated, missing, or out of reach.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::{Clock, SecretSource, SecretUnavailable, Timestamp};
use testkit::{
    connector::{Clients, Connector, Limits},
    embedded::{Data, Services},
    faults::{Fault, Faults},
};

struct Setup {
    services: Services,
    faults: Faults,
    second: Arc<AtomicI64>,
    secret: SecretSource,
}

async fn setup() -> Setup {
    let second = Arc::new(AtomicI64::new(1_767_225_600));
    let told = second.clone();
    let clock = Clock::new(move || Timestamp::from_second(told.load(Ordering::Relaxed)).unwrap());
    let services = Services::start(Data::Memory, &clock).await.unwrap();
    let faults = Faults::none();
    let limits = Limits { attempts: 1, backoff: Duration::from_millis(1), ..Limits::default() };
    let clients = Clients::of(&services, &Connector::new(faults.clone()), limits);
    let secret = super::source(clients.secrets, "webhook", clock);
    Setup { services, faults, second, secret }
}

impl Setup {
    fn pass(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn read(&self) -> String {
        self.secret.read().await.unwrap().reveal().to_owned()
    }
}

#[tokio::test]
async fn a_rotated_secret_is_noticed_within_a_minute_and_costs_nothing_before() {
    let setup = setup().await;
    setup.services.put_secret("webhook", "whsec_test_first").unwrap();
    assert_eq!(setup.read().await, "whsec_test_first");
    setup.services.put_secret("webhook", "whsec_test_second").unwrap();
    setup.pass(59);
    assert_eq!((setup.read().await.as_str(), setup.faults.calls()), ("whsec_test_first", 1));
    setup.pass(1);
    assert_eq!(setup.read().await, "whsec_test_second");
}

#[tokio::test]
async fn the_last_good_value_is_kept_while_the_store_is_out_of_reach() {
    let setup = setup().await;
    setup.services.put_secret("webhook", "whsec_test_first").unwrap();
    setup.read().await;
    setup.pass(3600);
    setup.faults.start(&Faults::nth(0, Fault::Before));
    assert_eq!(setup.read().await, "whsec_test_first");
}

#[tokio::test]
async fn a_missing_or_blank_secret_is_refused_even_if_there_was_one() {
    let setup = setup().await;
    assert!(matches!(setup.secret.read().await, Err(SecretUnavailable::Missing { .. })));
    setup.services.put_secret("webhook", "whsec_test_first").unwrap();
    setup.read().await;
    setup.services.put_secret("webhook", " ").unwrap();
    setup.pass(60);
    assert!(matches!(setup.secret.read().await, Err(SecretUnavailable::Missing { .. })));
}

#[tokio::test]
async fn out_of_reach_from_the_start_is_told_apart_from_missing() {
    let setup = setup().await;
    setup.faults.start(&Faults::nth(0, Fault::Before));
    assert!(matches!(setup.secret.read().await, Err(SecretUnavailable::Unreachable { .. })));
}
