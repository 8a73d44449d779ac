//! What the webhook verifies with when its secret is rotated, missing, or out of reach.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use domain::{Clock, SecretSource, SecretUnavailable, Timestamp};
use runtime::{Edges, Services, Settings};
use testkit::{
    connector::Connector,
    embedded::{self, Data},
    faults::{Fault, Faults},
};

struct Setup {
    embedded: embedded::Services,
    faults: Faults,
    second: Arc<AtomicI64>,
    secret: SecretSource,
}

async fn setup() -> Setup {
    let second = Arc::new(AtomicI64::new(1_767_225_600));
    let told = second.clone();
    let clock = Clock::new(move || Timestamp::from_second(told.load(Ordering::Relaxed)).unwrap());
    let embedded = embedded::Services::start(Data::Memory, &clock).await.unwrap();
    let faults = Faults::none();
    let aws = Connector::new(faults.clone()).shared();
    let edges = Edges { clock, aws, first_backoff: Duration::from_millis(1), ..Edges::real() };
    let settings = Settings::from_pairs([
        ("STRIPE_WEBHOOK_SECRET_NAME", "webhook"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", embedded.secrets_endpoint()),
        ("AWS_ACCESS_KEY_ID", "synthetic"),
        ("AWS_SECRET_ACCESS_KEY", "synthetic"),
        ("AWS_REGION", "us-east-1"),
    ]);
    let secret = Services::new(settings, edges).stripe_webhook_secrets().unwrap();
    Setup { embedded, faults, second, secret }
}

impl Setup {
    fn pass(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    fn break_down(&self) {
        self.faults.start(&Faults::seeded(1, 100));
    }

    async fn read(&self) -> String {
        self.secret.read().await.unwrap().reveal().to_owned()
    }
}

#[tokio::test]
async fn a_rotated_secret_is_noticed_within_a_minute_and_costs_nothing_before() {
    let setup = setup().await;
    setup.embedded.put_secret("webhook", "whsec_test_first").unwrap();
    assert_eq!(setup.read().await, "whsec_test_first");
    setup.embedded.put_secret("webhook", "whsec_test_second").unwrap();
    setup.pass(59);
    assert_eq!((setup.read().await.as_str(), setup.faults.calls()), ("whsec_test_first", 1));
    setup.pass(1);
    assert_eq!(setup.read().await, "whsec_test_second");
}

#[tokio::test]
async fn the_last_good_value_is_kept_while_the_store_is_out_of_reach() {
    let setup = setup().await;
    setup.embedded.put_secret("webhook", "whsec_test_first").unwrap();
    setup.read().await;
    setup.pass(3600);
    setup.break_down();
    assert_eq!(setup.read().await, "whsec_test_first");
}

#[tokio::test]
async fn a_missing_or_blank_secret_is_refused_even_if_there_was_one() {
    let setup = setup().await;
    assert!(matches!(setup.secret.read().await, Err(SecretUnavailable::Missing { .. })));
    setup.embedded.put_secret("webhook", "whsec_test_first").unwrap();
    setup.read().await;
    setup.embedded.put_secret("webhook", " ").unwrap();
    setup.pass(60);
    assert!(matches!(setup.secret.read().await, Err(SecretUnavailable::Missing { .. })));
}

#[tokio::test]
async fn out_of_reach_from_the_start_is_told_apart_from_missing() {
    let setup = setup().await;
    setup.break_down();
    assert!(matches!(setup.secret.read().await, Err(SecretUnavailable::Unreachable { .. })));
}

#[tokio::test]
async fn one_lost_answer_is_asked_for_again() {
    let setup = setup().await;
    setup.embedded.put_secret("webhook", "whsec_test_first").unwrap();
    setup.faults.start(&Faults::nth(0, Fault::Timeout));
    assert_eq!(setup.read().await, "whsec_test_first");
}
