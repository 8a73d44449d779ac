//! Orders in which Stripe really delivered, as users of other libraries wrote them down: what was an `incomplete`
//! subscription for ever there is access here.

use std::time::Duration;

use crate::{
    invariants::{Expected, relevant_to, violations},
    stories::{STORIES, Story},
    world::{BUYER, Dice, NAME, OWNER, begin, begin_twice, come_to_rest, start},
};

/// One that ended well, and one that did not (pay-rails/pay#282, 2021-02-25).
const SEEN: [&[&str]; 4] = [
    &[
        "charge.succeeded",
        "payment_method.attached",
        "invoice.created",
        "customer.subscription.created",
        "invoice.finalized",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "payment_intent.created",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ],
    &[
        "charge.succeeded",
        "checkout.session.completed",
        "invoice.created",
        "payment_method.attached",
        "customer.subscription.updated",
        "payment_intent.succeeded",
        "customer.subscription.created",
        "invoice.payment_succeeded",
        "invoice.paid",
        "invoice.finalized",
        "payment_intent.created",
    ],
    // Two in which most of it never came (pay-rails/pay#285).
    &["checkout.session.completed", "charge.succeeded"],
    &[
        "checkout.session.completed",
        "payment_method.attached",
        "invoice.created",
        "invoice.payment_succeeded",
        "payment_intent.succeeded",
        "customer.subscription.updated",
        "invoice.paid",
    ],
];

fn story(name: &str) -> &'static Story {
    STORIES.iter().find(|story| story.name == name).unwrap()
}

#[tokio::test]
async fn access_is_given_in_each_order_that_was_really_seen() {
    for (number, seen) in SEEN.iter().enumerate() {
        for old_shapes in [false, true] {
            let t = start(1, Duration::from_secs(5)).await;
            t.stripe().old_shapes(old_shapes);
            let sale = begin(&t, story("subscription")).await;
            let events = t.stripe().pay(&sale.session);
            for kind in *seen {
                for event in events.iter().filter(|event| event.payload["type"] == *kind) {
                    assert_eq!(t.deliver_event(&event.payload).await.status, 200);
                    assert_eq!(t.settle().await.failed, 0);
                }
            }
            let customer = t.customer(&sale.purchase).await;
            assert_eq!(customer["status"], "completed", "order {number}, old shapes: {old_shapes}");
            assert_eq!(customer["accessStatus"], "active", "order {number}, old shapes: {old_shapes}");
            // Whatever was missing comes after all.
            come_to_rest(&t).await;
            let events = relevant_to(&sale.purchase, &events);
            let end = story("subscription").end;
            let wrong = violations(&t, &[Expected { purchase: sale.purchase, buyer: BUYER, end, events }]).await;
            assert!(wrong.is_empty(), "order {number}: {wrong:#?}");
            t.finish().await;
        }
    }
}

/// One buyer, one repository, two purchases: what is refunded of one takes nothing from the other, in whatever order
/// Stripe tells of both.
#[tokio::test]
async fn one_of_two_purchases_that_is_refunded_leaves_the_access_of_the_other() {
    let once = story("one-time");
    for seed in 0..12 {
        let t = start(seed, Duration::from_secs(5)).await;
        let dice = Dice::new(seed);
        let repository = t.list(&once.listing()).await;
        let (kept, refunded) = begin_twice(&t, &repository).await;
        let mut events = t.stripe().pay(&kept.session);
        t.clock.advance(Duration::from_mins(1));
        events.extend(story("one-time, refunded").play(&t, &refunded.session));
        let mut deliveries = t.stripe().undelivered();
        deliveries.extend(deliveries.clone());
        dice.shuffle(&mut deliveries);
        for delivery in deliveries {
            assert_eq!(t.post_event(delivery.body, &delivery.signature).await.status, 200);
            t.stripe().delivered(&delivery.event_id);
            if dice.chance(50) {
                t.settle().await;
            }
        }
        come_to_rest(&t).await;
        let account = t.github().user_id(BUYER).unwrap();
        let access = t.github().access(OWNER, NAME, account);
        assert_eq!(access, testkit::github::Access::Invited { expired: false }, "seed {seed}");
        let standing = async |sale: &journeys::Sale| t.customer(&sale.purchase).await["accessStatus"].clone();
        assert_eq!(
            (standing(&kept).await, standing(&refunded).await),
            ("active".into(), "revoked".into()),
            "seed {seed}"
        );
        let sums = t.stack.store.sums(crate::world::COMPANY, repository.parse().unwrap()).await.unwrap().tally;
        assert_eq!((sums.revenue_cents, sums.refunded_cents), (crate::stories::PRICE, crate::stories::PRICE));
        // The refund may have come before the payment of the other was heard of.
        assert!(t.github().invitations_sent(OWNER, NAME) <= 2, "seed {seed}");
        t.finish().await;
    }
}
