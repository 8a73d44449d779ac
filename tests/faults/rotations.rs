//! Secrets that are rotated in the middle of a stream of events (F17): both are good while both are there, the old one is
//! refused after, and nothing is lost on the way.

use std::time::Duration;

use journeys::{Answer, GITHUB_WEBHOOK_SECRET, Sale, TestStack, WEBHOOK_SECRET};
use testkit::stripe::Delivery;

use crate::{
    stories::STORIES,
    world::{come_to_rest, start},
};

const NEW: &str = "whsec_test_synthetic_rotated";
/// A secret that was read is kept for a minute.
const NOTICED: Duration = Duration::from_secs(61);

/// Stripe signs once with each secret that is live.
async fn post(t: &TestStack, delivery: &Delivery, secrets: &[&str]) -> Answer {
    let now = t.now().as_second();
    let sign = |secret: &&str| signatures::stripe::sign(&delivery.body, secret, now);
    let signatures: Vec<_> = secrets.iter().map(sign).collect();
    let rest = signatures[1..].iter().filter_map(|header| header.split_once(',').map(|(_, signature)| signature));
    let header = std::iter::once(signatures[0].as_str()).chain(rest).collect::<Vec<_>>().join(",");
    t.post_event(delivery.body.clone(), &header).await
}

/// What the vendor does in the console, and how long it takes until it is noticed.
fn put(t: &TestStack, name: &str, secrets: &str) {
    t.stack.embedded.as_ref().unwrap().put_secret(name, secrets).unwrap();
    t.clock.advance(NOTICED);
}

/// A buyer pays, and one signature or several are on what Stripe tells. Answers with the statuses.
async fn paid(t: &TestStack, sale: &Sale, secrets: &[&str]) -> Vec<u16> {
    t.stripe().pay(&sale.session);
    let mut statuses = Vec::new();
    for delivery in t.stripe().undelivered() {
        let answer = post(t, &delivery, secrets).await;
        if answer.status == 200 {
            t.stripe().delivered(&delivery.event_id);
        }
        statuses.push(answer.status);
    }
    t.settle().await;
    statuses.dedup();
    statuses
}

#[tokio::test]
async fn stripes_secret_is_rotated_in_the_middle_of_a_stream_and_no_payment_is_lost() {
    const NAME: &str = "tollgate/stripe-webhook-secret";
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let mut sales = Vec::new();
    for number in 0..7 {
        let buyer = format!("buyer-{number}");
        t.github().add_user(&buyer);
        sales.push(t.checkout(&repository, &buyer).await);
    }
    let active = async |sale: &Sale| t.customer(&sale.purchase).await["accessStatus"] == "active";
    // Before; then Stripe signs with both already, of which we know one.
    assert_eq!(paid(&t, &sales[0], &[WEBHOOK_SECRET]).await, [200]);
    assert_eq!(paid(&t, &sales[1], &[NEW, WEBHOOK_SECRET]).await, [200]);
    // Somebody was too quick at Stripe: refused, and not forgotten.
    assert_eq!(paid(&t, &sales[2], &[NEW]).await, [400]);
    assert!(!active(&sales[2]).await);
    put(&t, NAME, &format!("{NEW},{WEBHOOK_SECRET}"));
    for (sale, secrets) in [(&sales[2], [NEW]), (&sales[3], [WEBHOOK_SECRET])] {
        assert_eq!(paid(&t, sale, &secrets).await, [200], "{secrets:?}");
        assert!(active(sale).await, "{secrets:?}");
    }
    assert_eq!(paid(&t, &sales[4], &[WEBHOOK_SECRET, NEW]).await, [200]);
    put(&t, NAME, NEW);
    // The old one alone is worth nothing any more.
    assert_eq!(paid(&t, &sales[5], &[WEBHOOK_SECRET]).await, [400]);
    assert!(!active(&sales[5]).await);
    assert_eq!(paid(&t, &sales[5], &[NEW]).await, [200]);
    assert_eq!(paid(&t, &sales[6], &[WEBHOOK_SECRET, NEW]).await, [200]);
    for sale in &sales {
        assert!(active(sale).await);
        let log = t.stack.store.log(crate::world::COMPANY, sale.purchase.parse().unwrap()).await.unwrap();
        let granted = log.iter().filter(|line| line.action == domain::log::Action::CollaboratorAdded).count();
        assert_eq!(granted, 1);
    }
    t.finish().await;
}

#[tokio::test]
async fn githubs_secret_is_rotated_and_the_old_one_is_refused_after() {
    const SECRET: &str = "tollgate/github-webhook-secret";
    const OTHER: &str = "rotated test synthetic";
    let t = start(1, Duration::from_secs(5)).await;
    let sale = t.checkout(&t.list(&STORIES[0].listing()).await, crate::world::BUYER).await;
    t.pay_and_settle(&sale).await;
    t.github().accept(crate::world::OWNER, crate::world::NAME, crate::world::BUYER).unwrap();
    let delivery = t.github().undelivered().pop().unwrap();
    let signed = |secret: &str| {
        let signature = signatures::github::sign(&delivery.body, secret);
        testkit::github::Delivery { signature, ..delivery.clone() }
    };
    let status = async |secret: &str| t.post_github(&signed(secret)).await.status;
    assert_eq!((status(GITHUB_WEBHOOK_SECRET).await, status(OTHER).await), (200, 400));
    put(&t, SECRET, &format!("{OTHER},{GITHUB_WEBHOOK_SECRET}"));
    assert_eq!((status(GITHUB_WEBHOOK_SECRET).await, status(OTHER).await), (200, 200));
    put(&t, SECRET, OTHER);
    assert_eq!((status(GITHUB_WEBHOOK_SECRET).await, status(OTHER).await), (400, 200));
    t.github().drop_webhooks(true);
    come_to_rest(&t).await;
    t.finish().await;
}
