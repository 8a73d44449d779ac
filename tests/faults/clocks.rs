//! Clocks that are ten minutes off, and bodies that are sent once more (F16). The age of a signature is what keeps an old
//! body from being replayed; that an event is applied once is what makes a younger one harmless.

use std::time::Duration;

use journeys::{Answer, TestStack, WEBHOOK_SECRET};
use serde_json::json;
use testkit::{github::Access, stripe::Delivery};

use crate::{
    invariants::{Expected, event, relevant_to, violations},
    stories::STORIES,
    world::{BUYER, COMPANY, NAME, OWNER, begin, come_to_rest, start},
};

/// Stripe's own clients accept what is no older than this, in seconds.
const TOLERANCE: i64 = 300;
/// How far clocks are off here, in seconds.
const OFF: i64 = 600;

/// Posts an event signed by a clock that is so many seconds ahead of ours.
async fn post_from(t: &TestStack, delivery: &Delivery, ahead: i64) -> Answer {
    let signature = signatures::stripe::sign(&delivery.body, WEBHOOK_SECRET, t.now().as_second() + ahead);
    t.post_event(delivery.body.clone(), &signature).await
}

fn is_refused(answer: &Answer) {
    answer.is(400, &json!({"error": "Invalid signature"}));
}

/// The ids of the events in a purchase's log.
async fn logged(t: &TestStack, purchase: &str) -> Vec<String> {
    let log = t.stack.store.log(COMPANY, purchase.parse().unwrap()).await.unwrap();
    log.iter().filter_map(event).collect()
}

#[tokio::test]
async fn a_clock_ten_minutes_off_is_refused_when_it_is_slow_and_taken_when_it_is_fast() {
    for (ahead, taken) in [(-OFF, false), (-TOLERANCE - 1, false), (-TOLERANCE, true), (OFF, true)] {
        let t = start(1, Duration::from_secs(5)).await;
        let sale = begin(&t, &STORIES[0]).await;
        let events = t.stripe().pay(&sale.session);
        for delivery in t.stripe().undelivered() {
            let answer = post_from(&t, &delivery, ahead).await;
            if taken {
                assert_eq!(answer.status, 200, "{ahead}: {answer}");
                t.stripe().delivered(&delivery.event_id);
            } else {
                is_refused(&answer);
            }
        }
        t.settle().await;
        let logged = logged(&t, &sale.purchase).await;
        assert_eq!(logged.is_empty(), !taken, "{ahead}: {logged:?}");
        // Stripe tells again what was refused, and its clock is right by then: nothing is lost.
        come_to_rest(&t).await;
        let events = relevant_to(&sale.purchase, &events);
        let expected = Expected { purchase: sale.purchase, buyer: BUYER, end: STORIES[0].end, events };
        let wrong = violations(&t, &[expected]).await;
        assert!(wrong.is_empty(), "{ahead}: {wrong:#?}");
        t.finish().await;
    }
}

#[tokio::test]
async fn our_own_clock_ten_minutes_off_changes_nothing_about_the_order_of_events() {
    // Stripe's `created` orders events, not our clock. The clock that takes an event in is ten minutes slow; the one that
    // applies it is slow, too, or ten minutes fast, in turns.
    let story = STORIES.iter().find(|story| story.name == "subscription, unpaid, cancelled").unwrap();
    let t = start(1, Duration::from_secs(5)).await;
    let sale = begin(&t, story).await;
    let events = story.play(&t, &sale.session);
    for (number, delivery) in t.stripe().undelivered().into_iter().rev().enumerate() {
        // Stripe signs by a clock that is right, so to a fast one of ours the event is an old one. Stripe tells again.
        t.clock.shift(OFF);
        is_refused(&post_from(&t, &delivery, -OFF).await);
        t.clock.shift(-2 * OFF);
        assert_eq!(post_from(&t, &delivery, OFF).await.status, 200);
        t.stripe().delivered(&delivery.event_id);
        let applied = if number % 2 == 0 { OFF } else { -OFF };
        t.clock.shift(OFF + applied);
        assert_eq!(t.settle().await.failed, 0);
        t.clock.shift(-applied);
    }
    come_to_rest(&t).await;
    let events = relevant_to(&sale.purchase, &events);
    let wrong = violations(&t, &[Expected { purchase: sale.purchase, buyer: BUYER, end: story.end, events }]).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    t.finish().await;
}

#[tokio::test]
async fn a_body_that_is_replayed_gives_nothing_back() {
    let t = start(1, Duration::from_secs(5)).await;
    let sale = begin(&t, &STORIES[0]).await;
    t.stripe().pay(&sale.session);
    let payment = t.stripe().undelivered();
    t.deliver().await;
    t.settle().await;
    t.clock.advance(Duration::from_secs(100));
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    let account = t.github().user_id(BUYER).unwrap();
    let before = logged(&t, &sale.purchase).await;
    // Within the tolerance the very same request is taken, and changes nothing; after it, it is refused.
    for (wait, status) in [(1, 200), (199, 200), (1, 400), (3600, 400)] {
        t.clock.advance(Duration::from_secs(wait));
        for delivery in &payment {
            let answer = t.post_event(delivery.body.clone(), &delivery.signature).await;
            assert_eq!(answer.status, status, "{answer}");
        }
        assert_eq!(t.settle().await.failed, 0);
        assert_eq!(logged(&t, &sale.purchase).await, before);
        assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "revoked");
        assert_eq!(t.github().access(OWNER, NAME, account), Access::None);
    }
    // Another body under an old signature is nobody's.
    let mut forged = payment[0].clone();
    forged.body.push(b' ');
    is_refused(&t.post_event(forged.body, &forged.signature).await);
    t.finish().await;
}
