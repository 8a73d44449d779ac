//! Sending, against the sandbox of SES and the embedded table.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::Clock;
use runtime::{Edges, Services, Settings};
use store::LETTERS_A_DAY;
use testkit::{
    connector::Connector,
    embedded::{self, Data},
    faults::{Fault, Faults},
    mail::Sandbox,
    sam::Template,
};

use super::*;

struct Post {
    app: App,
    sandbox: Sandbox,
    faults: Faults,
    day: Arc<AtomicI64>,
    _embedded: embedded::Services,
}

/// The worker with an embedded AWS.
async fn post() -> Post {
    let day = Arc::new(AtomicI64::new(0));
    let days = day.clone();
    let clock = Clock::new(move || {
        let days = days.load(Ordering::SeqCst);
        domain::Timestamp::from_second(1_767_225_600 + days * 86_400).unwrap()
    });
    let embedded = embedded::Services::start(Data::Memory, &clock).await.unwrap();
    let template = Template::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap();
    embedded.apply(&template).await.unwrap();
    let (sandbox, faults) = (Sandbox::new(clock.clone()), Faults::none());
    let ses = serve(sandbox.router()).await;
    let settings = Settings::from_pairs([
        ("TABLE_NAME", "Table".to_owned()),
        ("VOLATILE_TABLE_NAME", "VolatileTable".to_owned()),
        ("ACCESS_QUEUE_URL", embedded.queue_url("AccessQueue")),
        ("DELIVERIES_QUEUE_URL", embedded.queue_url("DeliveriesQueue")),
        ("PACKAGES_QUEUE_URL", embedded.queue_url("PackagesQueue")),
        ("BLOBS_BUCKET", "blobsbucket".to_owned()),
        ("MAIL_FROM", "Tollgate <no-reply@example.com>".to_owned()),
        ("GITHUB_API_URL", ses.clone()),
        ("GITHUB_CREDENTIALS_NAME", "github".to_owned()),
        ("GITHUB_WEB_URL", ses.clone()),
        ("GITLAB_API_URL", ses.clone()),
        ("GITLAB_WEB_URL", ses.clone()),
        ("GITLAB_TOKEN_NAME", "gitlab".to_owned()),
        ("BITBUCKET_API_URL", ses.clone()),
        ("BITBUCKET_WEB_URL", ses.clone()),
        ("BITBUCKET_TOKEN_NAME", "bitbucket".to_owned()),
        ("STRIPE_API_URL", ses.clone()),
        ("STRIPE_SECRET_KEY_NAME", "stripe".to_owned()),
        ("PUBLIC_URL", "https://tollgate.example.com".to_owned()),
        ("SESSION_KEYS_NAME", "keys".to_owned()),
        ("AWS_ACCESS_KEY_ID", "any".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "any".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", embedded.endpoint().to_owned()),
        ("AWS_ENDPOINT_URL_SESV2", ses),
    ]);
    let edges = Edges { clock, aws: Connector::new(faults.clone()).shared(), ..Edges::real() };
    let services = Services::new(settings, edges);
    let app = App {
        store: services.store().unwrap(),
        volatile: services.volatile().unwrap(),
        access: services.access_queue().unwrap(),
        deliveries: services.deliveries_queue().unwrap(),
        packages: services.packages_queue().unwrap(),
        blobs: services.blobs().unwrap(),
        indexes: store::Indexes::new(services.blobs().unwrap()),
        forges: services.forges().unwrap(),
        forge_hosts: services.forge_hosts().unwrap(),
        github: services.github().unwrap(),
        stripe: services.stripe().unwrap(),
        mail: services.mail().unwrap(),
        clock: services.clock(),
        random: services.random(),
        public_url: services.public_url().unwrap(),
        links: services.purchase_links().unwrap(),
        alert_email: services.alert_email(),
        first_owner: services.first_owner(),
    };
    Post { app, sandbox, faults, day, _embedded: embedded }
}

/// Serves a router on the loopback until the test's runtime ends, and answers its address.
async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

impl Post {
    async fn send(&self, to: &str) -> Result<Sent, Error> {
        let to = Email::parse(to).unwrap();
        let addressee = Addressee { company: CompanyId(1), to, reply_to: None };
        let message = Message { subject: "Hello".to_owned(), text: "Hello".to_owned(), html: "<p>Hello".to_owned() };
        send(&self.app, &addressee, &message).await
    }

    /// The next call to SES fails; the count in the table is the call before it.
    fn fail_next(&self, fault: Fault) {
        self.faults.start(&Faults::nth(1, fault));
    }
}

#[tokio::test]
async fn a_letter_reaches_its_address() {
    let post = post().await;
    let Sent::Accepted { message_id } = post.send("buyer@example.com").await.unwrap() else { panic!("not sent") };
    let letters = post.sandbox.to("buyer@example.com");
    assert_eq!((letters.len(), letters[0].id.as_str()), (1, message_id.as_str()));
    assert_eq!(letters[0].from, "Tollgate <no-reply@example.com>");
}

#[tokio::test]
async fn a_refused_address_is_a_result_and_does_not_come_again() {
    let post = post().await;
    post.sandbox.refuse("stranger@example.com");
    let Sent::Refused { reason } = post.send("stranger@example.com").await.unwrap() else { panic!("not refused") };
    assert!(reason.contains("not verified"), "{reason}");
}

#[tokio::test]
async fn nobody_gets_more_letters_a_day_than_a_person_can_bear() {
    let post = post().await;
    for _ in 0..LETTERS_A_DAY {
        assert!(matches!(post.send("Buyer@example.com").await, Ok(Sent::Accepted { .. })));
    }
    assert_eq!(post.send("buyer@example.com").await.unwrap(), Sent::TooMany);
    assert!(matches!(post.send("other@example.com").await, Ok(Sent::Accepted { .. })), "everybody has their own count");
    assert_eq!(post.sandbox.to("buyer@example.com").len(), LETTERS_A_DAY as usize);
    post.day.fetch_add(1, Ordering::SeqCst);
    assert!(matches!(post.send("buyer@example.com").await, Ok(Sent::Accepted { .. })), "tomorrow is another day");
}

#[tokio::test]
async fn being_throttled_waits_and_costs_none_of_the_days_letters() {
    let post = post().await;
    for _ in 0..=LETTERS_A_DAY {
        post.fail_next(Fault::Throttle);
        let Sent::Later { wait } = post.send("buyer@example.com").await.unwrap() else { panic!("not throttled") };
        assert!(wait >= Duration::from_secs(1));
    }
    post.faults.heal();
    assert!(matches!(post.send("buyer@example.com").await, Ok(Sent::Accepted { .. })));
}

#[tokio::test]
async fn a_letter_whose_fate_is_unknown_comes_again_and_is_counted() {
    let post = post().await;
    for fault in [Fault::Before, Fault::After] {
        post.fail_next(fault);
        assert!(matches!(post.send("buyer@example.com").await, Err(Error::Mail(_))));
    }
    assert_eq!(post.sandbox.messages().len(), 1, "the SDK tries once: another try may be another letter");
}

#[tokio::test]
async fn a_job_for_a_purchase_that_is_not_there_is_done() {
    let post = post().await;
    let purchase = "0190b5a0-0000-7000-8000-000000000001".parse().unwrap();
    crate::handle(post.app, Job::Deliver { company: CompanyId(1), purchase }).await.unwrap();
    assert!(post.sandbox.messages().is_empty());
}
