//! What the sandbox tells, in its old and its new shapes, is what the domain reads.

use domain::{
    facts::{DisputeState, Facts, SubscriptionStatus},
    stripe_event::{PaymentEvent, Received, Subject, read},
};

use super::{super::Event, ONE_TIME, World, subscription};

const PURCHASE: &str = "0190b5a0-0000-7000-8000-000000000001";

/// The form with the metadata that our checkout writes.
fn ours(form: &str, inner: &str) -> String {
    let named = form.replace("purchase_id]=purchase-1", &format!("purchase_id]={PURCHASE}"));
    format!("{named}&metadata[company_id]=1&{inner}[metadata][company_id]=1")
}

fn told(events: &[Event]) -> Vec<PaymentEvent> {
    let bodies = events.iter().map(|event| event.payload.to_string());
    let read = bodies.filter_map(|body| match read(body.as_bytes()).unwrap() {
        Received::Relevant(event) => Some(*event),
        Received::Irrelevant { .. } => None,
    });
    read.collect()
}

fn learn(facts: &mut Facts, events: &[Event]) {
    for event in told(events) {
        *facts = std::mem::take(facts).merge(&event.facts);
    }
}

async fn both_shapes(form: &str, inner: &str) -> [(World, String); 2] {
    let [new, old] = [World::new(), World::new()];
    old.sandbox.old_shapes(true);
    let (first, second) = (new.session(&ours(form, inner)).await, old.session(&ours(form, inner)).await);
    [(new, first), (old, second)]
}

#[tokio::test]
async fn a_payment_is_refunded_and_the_refund_fails() {
    for (world, id) in both_shapes(ONE_TIME, "payment_intent_data").await {
        let mut facts = Facts::default();
        learn(&mut facts, &world.sandbox.decline_with(&id, "insufficient_funds"));
        assert_eq!(facts.declined.as_ref().unwrap().reason, "insufficient_funds");
        learn(&mut facts, &world.sandbox.pay(&id));
        assert_eq!(facts.paid_cents(), 4900);
        learn(&mut facts, &world.sandbox.refund(&id, None));
        assert!(facts.fully_refunded_at().is_some());
        learn(&mut facts, &world.sandbox.fail_refund(&id));
        assert_eq!((facts.refunded_cents(), facts.fully_refunded_at()), (0, None));
        learn(&mut facts, &world.sandbox.refund(&id, Some(100)));
        assert_eq!(facts.refunded_cents(), 100);
    }
}

#[tokio::test]
async fn a_payment_is_disputed_and_what_tells_so_names_the_payment() {
    for (world, id) in both_shapes(ONE_TIME, "payment_intent_data").await {
        let mut facts = Facts::default();
        learn(&mut facts, &world.sandbox.pay(&id));
        let intent = facts.payment_intent.clone().unwrap();
        for (events, state) in [
            (world.sandbox.inquire(&id), DisputeState::Inquiry),
            (world.sandbox.dispute(&id), DisputeState::Open),
            (world.sandbox.win_dispute(&id), DisputeState::Won),
        ] {
            let named = told(&events).into_iter().map(|event| event.subject);
            assert!(named.eq([Subject::PaymentIntent(intent.clone())]));
            learn(&mut facts, &events);
            assert_eq!(facts.dispute().unwrap().state, state);
        }
        learn(&mut facts, &world.sandbox.warn_of_fraud(&id));
        assert!(facts.fraud_warning_at.is_some());
    }
}

#[tokio::test]
async fn a_subscription_falls_behind_recovers_is_forgiven_and_is_to_end() {
    for (world, id) in both_shapes(&subscription(), "subscription_data").await {
        let mut facts = Facts::default();
        learn(&mut facts, &world.sandbox.pay(&id));
        let paid_until = facts.paid_until.unwrap().as_second();
        assert_eq!(paid_until, world.time.now() + 31 * 86_400);
        world.time.pass(31 * 86_400);
        learn(&mut facts, &world.sandbox.fail_renewal(&id));
        let (invoice, failure) = facts.unpaid().unwrap();
        assert!(failure.last.next.is_some() && failure.last.url.is_some() && failure.last.cents == 4900);
        let invoice = invoice.clone();
        world.time.pass(60);
        learn(&mut facts, &world.sandbox.pay_overdue(&id));
        assert!(facts.unpaid().is_none() && facts.payments.contains_key(&invoice));
        assert!(facts.paid_until.unwrap().as_second() > paid_until && facts.renewed_at.is_some());

        world.time.pass(31 * 86_400);
        learn(&mut facts, &world.sandbox.fail_renewal(&id));
        let invoice = facts.unpaid().unwrap().0.clone();
        let before = world.sandbox.undelivered().len();
        world.post(&format!("/v1/invoices/{invoice}/void"), "", "").await;
        let voided = world.sandbox.undelivered().split_off(before);
        let Received::Relevant(voided) = read(&voided[0].body).unwrap() else { panic!("dropped") };
        facts = facts.merge(&voided.facts);
        assert!(facts.unpaid().is_none());

        world.time.pass(60);
        learn(&mut facts, &world.sandbox.cancel_at_period_end(&id));
        let running = facts.subscription.unwrap();
        assert!(running.ends_at.is_some() && running.status == SubscriptionStatus::PastDue);
    }
}
