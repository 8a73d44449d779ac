//! Many at once.

use std::time::Duration;

use domain::{GithubUserId, access::EntitlementKey};
use futures::future::join_all;
use jobs::Job;
use journeys::TestStack;
use testkit::github::Access;

use crate::{
    invariants::{Expected, relevant_to, violations},
    stories::{PRICE, STORIES, Step},
    world::{BUYER, COMPANY, Dice, NAME, OWNER, come_to_rest, start},
};

/// One delivery and one worker.
async fn deliver_and_work(t: &TestStack, delivery: testkit::stripe::Delivery) {
    let answer = t.post_event(delivery.body, &delivery.signature).await;
    assert_eq!(answer.status, 200, "{answer}");
    t.stripe().delivered(&delivery.event_id);
    t.stack.settle(50).await.unwrap();
}

#[tokio::test]
async fn sixteen_events_of_one_purchase_at_once_come_to_one_end() {
    // A subscription that is renewed, fails, is paid late and ends: the longest story there is.
    use Step::{Cancel, FailRenewal, Pay, Renew};
    for seed in 0..10 {
        let t = start(seed, Duration::from_secs(5)).await;
        let mut story = *STORIES.iter().find(|story| story.name == "subscription, renewed, cancelled").unwrap();
        story.steps = &[Pay, Renew, FailRenewal, Renew, Renew, FailRenewal, Cancel];
        story.end.revenue = 4 * crate::stories::MONTHLY;
        let sale = crate::world::begin(&t, &story).await;
        let events = story.play(&t, &sale.session);
        let mut deliveries = t.stripe().undelivered();
        assert!(deliveries.len() >= 16, "{}", deliveries.len());
        Dice::new(seed).shuffle(&mut deliveries);
        join_all(deliveries.into_iter().map(|delivery| deliver_and_work(&t, delivery))).await;
        come_to_rest(&t).await;
        let events = relevant_to(&sale.purchase, &events);
        let expected = Expected { purchase: sale.purchase, buyer: BUYER, end: story.end, events };
        let wrong = violations(&t, &[expected]).await;
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        t.finish().await;
    }
}

#[tokio::test]
async fn thirty_two_purchases_of_one_repository_at_once_are_counted_exactly() {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let buyers: Vec<String> = (0..32).map(|number| format!("buyer-{number}")).collect();
    for buyer in &buyers {
        t.github().add_user(buyer);
    }
    let sales = join_all(buyers.iter().map(|buyer| t.checkout(&repository, buyer))).await;
    for (number, sale) in sales.iter().enumerate() {
        t.stripe().pay(&sale.session);
        if number % 4 == 0 {
            t.stripe().refund(&sale.session, None);
        }
    }
    let deliveries = t.stripe().undelivered();
    join_all(deliveries.into_iter().map(|delivery| deliver_and_work(&t, delivery))).await;
    come_to_rest(&t).await;
    let tally = t.stack.store.sums(COMPANY, repository.parse().unwrap()).await.unwrap().tally;
    assert_eq!((tally.pending, tally.active, tally.revoked, tally.completed), (0, 24, 8, 32));
    assert_eq!((tally.revenue_cents, tally.refunded_cents), (24 * PRICE, 8 * PRICE));
    for (number, buyer) in buyers.iter().enumerate() {
        let account = t.github().user_id(buyer).unwrap();
        let due = if number % 4 == 0 { Access::None } else { Access::Invited { expired: false } };
        assert_eq!(t.github().access(OWNER, NAME, account), due, "{buyer}");
    }
    let listed = t.get("/api/admin/repositories").await;
    assert_eq!(
        listed.json.pointer("/repositories/0/purchaseCount").and_then(serde_json::Value::as_i64),
        Some(32),
        "{listed}"
    );
    t.finish().await;
}

#[tokio::test]
async fn many_workers_on_one_entitlement_invite_once() {
    let t = start(1, Duration::from_secs(5)).await;
    let sale = crate::world::begin(&t, &STORIES[0]).await;
    t.pay_and_settle(&sale).await;
    let account = t.github().user_id(BUYER).unwrap();
    let purchase = t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap();
    let entitlement =
        EntitlementKey { company: COMPANY, repository: purchase.repository, account: GithubUserId(account) };
    // Declined: GitHub tells nobody, and the next look finds nothing there.
    t.github().decline(OWNER, NAME, BUYER).unwrap();
    for _ in 0..16 {
        t.stack.queues["AccessQueue"].send(&Job::SyncAccess { entitlement, attempt: 0 }).await.unwrap();
    }
    join_all((0..8).map(|_| t.stack.settle(50))).await;
    assert_eq!(t.github().access(OWNER, NAME, account), Access::Invited { expired: false });
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 2);
    t.finish().await;
}
