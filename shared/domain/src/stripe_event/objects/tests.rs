//! What Stripe tells is read, from its old and its new places.

use serde_json::json;

use crate::{
    Timestamp,
    facts::{DisputeState, SubscriptionStatus},
    log::{Action, LogStatus},
    stripe_event::{NotAnEvent, PaymentEvent, Received, Subject, read},
};

const PURCHASE: &str = "0190b5a0-0000-7000-8000-000000000001";

fn event(kind: &str, object: serde_json::Value) -> Received {
    let mut body = json!({"id": "evt_1", "object": "event", "type": kind, "created": 1_700_000_100, "livemode": false});
    body["data"]["object"] = object;
    read(body.to_string().as_bytes()).unwrap()
}

fn relevant(kind: &str, object: serde_json::Value) -> PaymentEvent {
    match event(kind, object) {
        Received::Relevant(event) => *event,
        Received::Irrelevant { reason } => panic!("{kind} was dropped: {reason}"),
    }
}

fn ours() -> serde_json::Value {
    json!({"company_id": "1", "repository_id": "r", "purchase_id": PURCHASE})
}

#[test]
fn a_session_and_its_charge_tell_of_the_same_money() {
    let session = relevant(
        "checkout.session.completed",
        json!({"id": "cs_1", "payment_status": "paid", "payment_intent": "pi_1", "invoice": "in_receipt", "amount_total": 4900, "metadata": ours()}),
    );
    let charge = relevant(
        "charge.succeeded",
        json!({"id": "ch_1", "payment_intent": "pi_1", "amount": 4900, "amount_captured": 4900, "captured": true, "created": 1_700_000_000, "metadata": ours()}),
    );
    assert_eq!(session.facts.merge(&charge.facts).paid_cents(), 4900);
}

#[test]
fn an_authorisation_is_no_payment_and_a_delayed_payment_is_awaited() {
    let authorised = relevant(
        "charge.succeeded",
        json!({"id": "ch_1", "payment_intent": "pi_1", "amount": 4900, "captured": false, "metadata": ours()}),
    );
    let delayed = relevant(
        "checkout.session.completed",
        json!({"id": "cs_1", "payment_status": "unpaid", "payment_intent": "pi_1", "amount_total": 4900, "metadata": ours()}),
    );
    assert!(!authorised.facts.is_settled() && !delayed.facts.is_settled());
    let coupon = relevant(
        "checkout.session.completed",
        json!({"id": "cs_1", "payment_status": "no_payment_required", "payment_intent": null, "amount_total": 0, "metadata": ours()}),
    );
    assert!(coupon.facts.is_settled());
}

#[test]
fn a_partial_refund_is_not_a_full_one() {
    let refund = |refunded, cents| {
        relevant("charge.refunded", json!({"id": "ch_1", "payment_intent": "pi_1", "amount": 4900, "amount_captured": 4900, "captured": true, "amount_refunded": cents, "refunded": refunded, "metadata": ours()})).facts
    };
    assert_eq!(refund(false, 100).fully_refunded_at(), None);
    assert!(refund(true, 4900).fully_refunded_at().is_some());
    assert_eq!(refund(true, 4900).merge(&refund(false, 100)).refunded_cents(), 4900);
}

#[test]
fn an_invoice_is_linked_by_its_old_and_its_new_places() {
    let new = json!({"id": "in_1", "amount_paid": 2900, "billing_reason": "subscription_cycle", "parent": {"subscription_details": {"subscription": "sub_1", "metadata": ours()}}});
    let old = json!({"id": "in_1", "amount_paid": 2900, "subscription": "sub_1", "subscription_details": {"metadata": ours()}});
    let oldest =
        json!({"id": "in_1", "amount_paid": 2900, "subscription": "sub_1", "lines": {"data": [{"metadata": ours()}]}});
    for shape in [new, old, oldest] {
        let told = relevant("invoice.payment_succeeded", shape);
        assert!(matches!(told.subject, Subject::Purchase(_)));
        assert_eq!(told.facts.subscription_id.as_deref(), Some("sub_1"));
    }
    let unnamed = relevant("invoice.payment_failed", json!({"id": "in_1", "subscription": "sub_1"}));
    assert_eq!(unnamed.subject, Subject::Subscription("sub_1".into()));
}

#[test]
fn a_refunded_charge_of_an_invoice_is_looked_up_but_somebody_elses_payment_is_not() {
    let foreign = json!({"id": "ch_9", "payment_intent": "pi_9", "amount": 100, "captured": true, "amount_refunded": 100, "refunded": true, "metadata": {}});
    assert_eq!(relevant("charge.refunded", foreign.clone()).subject, Subject::PaymentIntent("pi_9".into()));
    assert!(matches!(event("charge.succeeded", foreign), Received::Irrelevant { .. }));
}

#[test]
fn what_is_not_ours_is_dropped_and_what_is_no_event_is_refused() {
    assert!(matches!(event("payout.paid", json!({})), Received::Irrelevant { .. }));
    let connect = json!({"id": "evt_1", "object": "event", "account": "acct_1", "type": "charge.succeeded", "created": 1, "data": {"object": {"id": "ch_1", "metadata": ours()}}});
    assert!(matches!(read(connect.to_string().as_bytes()), Ok(Received::Irrelevant { .. })));
    assert!(matches!(
        read(br#"{"id": "evt_1", "object": "v2.core.event", "type": "v1.charge.succeeded"}"#),
        Err(NotAnEvent::Thin)
    ));
    for garbage in [&b"{"[..], b"[]", b"null", b"{}", b"{\"object\":\"event\"}"] {
        assert!(matches!(read(garbage), Err(NotAnEvent::Malformed(_))));
    }
}

#[test]
fn an_expanded_link_is_read_like_an_id() {
    let told = relevant(
        "charge.succeeded",
        json!({"id": "ch_1", "payment_intent": {"id": "pi_1", "object": "payment_intent"}, "amount": 1, "captured": true, "metadata": ours()}),
    );
    assert_eq!(told.facts.payment_intent.as_deref(), Some("pi_1"));
}

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

#[test]
fn a_declined_payment_says_why_and_settles_nothing() {
    let told = relevant(
        "payment_intent.payment_failed",
        json!({"id": "pi_1", "last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"}, "metadata": ours()}),
    );
    assert_eq!(told.facts.declined.as_ref().unwrap().reason, "insufficient_funds");
    assert_eq!(told.log, (Action::PaymentFailed, LogStatus::Failed));
    assert!(!told.facts.is_settled() && told.facts.failed_at.is_none(), "the buyer may try again");
    let of_an_invoice = json!({"id": "pi_1", "last_payment_error": null, "metadata": {}});
    assert!(matches!(event("payment_intent.payment_failed", of_an_invoice), Received::Irrelevant { .. }));
}

#[test]
fn a_refund_that_fails_afterwards_undoes_what_the_charge_told() {
    let charge = json!({"id": "ch_1", "payment_intent": "pi_1", "amount": 4900, "captured": true, "amount_refunded": 4900, "refunded": true, "metadata": ours()});
    let refund = |status| json!({"id": "re_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": 4900, "status": status, "metadata": {}});
    let made = relevant("refund.created", refund("succeeded"));
    assert_eq!(made.subject, Subject::PaymentIntent("pi_1".into()));
    let refunded = relevant("charge.refunded", charge).facts.merge(&made.facts);
    assert!(refunded.fully_refunded_at().is_some());
    for (kind, status) in [("refund.failed", "failed"), ("refund.updated", "canceled")] {
        let failed = relevant(kind, refund(status));
        assert_eq!(failed.log, (Action::RefundFailed, LogStatus::Failed));
        let after = refunded.clone().merge(&failed.facts);
        assert_eq!((after.refunded_cents(), after.fully_refunded_at()), (0, None));
    }
    for status in ["succeeded", "pending", "failed"] {
        assert!(matches!(event("refund.updated", refund(status)), Received::Irrelevant { .. }), "{status}");
    }
}

#[test]
fn a_dispute_is_read_with_what_it_asks_for_and_how_it_ended() {
    let dispute = |status| json!({"id": "du_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": 4900, "reason": "fraudulent", "status": status, "metadata": {}});
    for (kind, status, state, action) in [
        ("charge.dispute.created", "warning_needs_response", DisputeState::Inquiry, Action::PaymentDisputed),
        ("charge.dispute.created", "needs_response", DisputeState::Open, Action::PaymentDisputed),
        ("charge.dispute.updated", "under_review", DisputeState::Open, Action::PaymentDisputed),
        ("charge.dispute.closed", "warning_closed", DisputeState::Closed, Action::DisputeClosed),
        ("charge.dispute.closed", "won", DisputeState::Won, Action::DisputeClosed),
        ("charge.dispute.closed", "lost", DisputeState::Lost, Action::DisputeClosed),
    ] {
        let told = relevant(kind, dispute(status));
        assert_eq!(told.subject, Subject::PaymentIntent("pi_1".into()));
        let read = told.facts.dispute().unwrap();
        assert_eq!((read.state, read.cents, told.log.0), (state, 4900, action), "{status}");
    }
}

#[test]
fn a_fraud_warning_is_looked_up_by_its_payment() {
    let warning = |intent| json!({"id": "issfr_1", "charge": "ch_1", "payment_intent": intent, "fraud_type": "made_with_stolen_card"});
    let told = relevant("radar.early_fraud_warning.created", warning(Some("pi_1")));
    assert_eq!(told.facts.fraud_warning_at, at(1_700_000_100));
    assert!(matches!(event("radar.early_fraud_warning.created", warning(None)), Received::Irrelevant { .. }));
}

#[test]
fn a_subscription_that_is_to_end_says_when_in_its_old_and_its_new_places() {
    let with = |more: serde_json::Value| {
        let mut object = json!({"id": "sub_1", "status": "active", "metadata": ours()});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        relevant("customer.subscription.updated", object).facts.subscription.unwrap()
    };
    let items = json!({"data": [{"current_period_end": 1_702_000_000}]});
    assert_eq!(with(json!({"cancel_at_period_end": true, "items": items})).ends_at, at(1_702_000_000));
    assert_eq!(
        with(json!({"cancel_at_period_end": true, "current_period_end": 1_701_000_000})).ends_at,
        at(1_701_000_000)
    );
    assert_eq!(with(json!({"cancel_at": 1_703_000_000, "items": items})).ends_at, at(1_703_000_000));
    let running = with(json!({"cancel_at_period_end": false, "cancel_at": null, "items": items}));
    assert_eq!((running.ends_at, running.status), (None, SubscriptionStatus::Active));
}

#[test]
fn a_renewal_that_fails_tells_when_it_is_tried_again_and_where_it_can_be_paid() {
    let failed = |reason: &str| {
        relevant(
            "invoice.payment_failed",
            json!({"id": "in_2", "amount_due": 2900, "attempt_count": 2, "next_payment_attempt": 1_700_300_000, "hosted_invoice_url": "https://invoice.example/2", "billing_reason": reason, "subscription": "sub_1"}),
        )
        .facts
    };
    let facts = failed("subscription_cycle");
    let (invoice, failure) = facts.unpaid().unwrap();
    assert_eq!((invoice.as_str(), Some(failure.first_at)), ("in_2", at(1_700_000_100)));
    let last = &failure.last;
    assert_eq!((last.count, last.next, last.cents), (2, at(1_700_300_000), 2900));
    assert_eq!(last.url.as_deref(), Some("https://invoice.example/2"));
    assert!(failed("subscription_create").unpaid().is_none(), "the buyer is still at the checkout");
}

#[test]
fn a_voided_renewal_is_not_unpaid_any_more_but_a_voided_first_invoice_settles_nothing() {
    let about = |kind, reason: &str| {
        relevant(kind, json!({"id": "in_2", "amount_due": 2900, "billing_reason": reason, "subscription": "sub_1"}))
            .facts
    };
    let failed = about("invoice.payment_failed", "subscription_cycle");
    let forgiven = failed.merge(&about("invoice.voided", "subscription_cycle"));
    assert_eq!((forgiven.unpaid(), forgiven.paid_cents()), (None, 0));
    assert!(!about("invoice.voided", "subscription_create").is_settled());
}

#[test]
fn a_paid_invoice_says_until_when_it_pays() {
    let lines = json!({"data": [{"period": {"end": 1_702_000_000}}, {"period": {"end": 1_701_000_000}}, {}]});
    let paid = |cents| {
        let object = json!({"id": "in_2", "amount_paid": cents, "billing_reason": "subscription_cycle", "subscription": "sub_1", "lines": lines});
        relevant("invoice.payment_succeeded", object).facts
    };
    assert_eq!((paid(2900).paid_until, paid(2900).paid_cents()), (at(1_702_000_000), 2900));
    assert_eq!((paid(0).paid_until, paid(0).renewed_at), (at(1_702_000_000), None), "a trial is a paid period too");
}
