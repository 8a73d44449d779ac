//! The objects inside Stripe's events, one reader per kind of object.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{PurchaseRef, Subject};
use crate::{
    Timestamp,
    facts::{Facts, Payment, Refund, Subscription, SubscriptionStatus},
    log::{Action, LogStatus},
};

/// What an object tells.
#[derive(Default)]
pub(super) struct Told {
    pub(super) subject: Option<Subject>,
    pub(super) facts: Facts,
    pub(super) log: Option<(Action, LogStatus)>,
    pub(super) detail: Option<String>,
}

type Reader = fn(&str, Value, Timestamp) -> Result<Told, serde_json::Error>;
type Metadata = BTreeMap<String, String>;

/// The reader for a type of event; `None` for the types that Tollgate has no use for.
pub(super) fn reader(kind: &str) -> Option<Reader> {
    match kind {
        "charge.succeeded" | "charge.refunded" => Some(charge),
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => Some(session),
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => Some(subscription),
        "invoice.payment_succeeded" | "invoice.payment_failed" => Some(invoice),
        _ => None,
    }
}

/// A field that is either an object's id or, expanded, the object itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Link {
    Id(String),
    Expanded { id: String },
}

impl Link {
    fn id(self) -> String {
        match self {
            Self::Id(id) | Self::Expanded { id } => id,
        }
    }
}

fn id(link: Option<Link>) -> Option<String> {
    link.map(Link::id)
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    payment_intent: Option<Link>,
    customer: Option<Link>,
    #[serde(default)]
    amount: i64,
    amount_captured: Option<i64>,
    #[serde(default)]
    amount_refunded: i64,
    #[serde(default)]
    captured: bool,
    #[serde(default)]
    refunded: bool,
    created: Option<i64>,
    #[serde(default)]
    metadata: Metadata,
}

/// A charge: money that came, and how much of it went back. One without our metadata belongs to an invoice or to somebody
/// else's payment; only when it is refunded is it worth asking Stripe which.
fn charge(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let charge: Charge = serde_json::from_value(object)?;
    let payment_intent = id(charge.payment_intent);
    let named = PurchaseRef::from_metadata(&charge.metadata);
    let refund = kind == "charge.refunded";
    let subject = match named {
        Some(purchase) => Some(Subject::Purchase(purchase)),
        None if refund => payment_intent.clone().map(Subject::PaymentIntent),
        None => None,
    };
    let mut facts = Facts::default();
    if named.is_some() {
        facts.customer = id(charge.customer);
        facts.payment_intent.clone_from(&payment_intent);
        if charge.captured {
            let at = charge.created.and_then(|second| Timestamp::from_second(second).ok()).unwrap_or(now);
            let key = payment_intent.unwrap_or_else(|| charge.id.clone());
            facts.payments.insert(key, Payment { cents: charge.amount_captured.unwrap_or(charge.amount), at });
        }
    }
    if charge.amount_refunded > 0 {
        facts
            .refunds
            .insert(charge.id, Refund { cents: charge.amount_refunded, full_at: charge.refunded.then_some(now) });
    }
    let action = match (refund, charge.captured) {
        (true, _) => Action::PaymentRefunded,
        (false, true) => Action::PaymentSucceeded,
        (false, false) => Action::PaymentAuthorized,
    };
    let log = Some((action, LogStatus::Success));
    facts.refunded_at = refund.then_some(now);
    let detail = refund.then(|| {
        format!("{} of {} cents refunded", charge.amount_refunded, charge.amount_captured.unwrap_or(charge.amount))
    });
    Ok(Told { subject, facts, log, detail })
}

#[derive(Deserialize)]
struct Session {
    id: String,
    #[serde(default)]
    payment_status: String,
    payment_intent: Option<Link>,
    subscription: Option<Link>,
    invoice: Option<Link>,
    customer: Option<Link>,
    amount_total: Option<i64>,
    #[serde(default)]
    metadata: Metadata,
}

/// A checkout session: whether it was paid, had nothing to pay, awaits a delayed payment, or came to nothing.
fn session(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let session: Session = serde_json::from_value(object)?;
    let payment_intent = id(session.payment_intent);
    let invoice = id(session.invoice);
    let mut facts = Facts {
        customer: id(session.customer),
        subscription_id: id(session.subscription),
        payment_intent: payment_intent.clone(),
        ..Facts::default()
    };
    let log = match kind {
        "checkout.session.expired" => {
            facts.expired_at = Some(now);
            (Action::CheckoutExpired, LogStatus::Success)
        }
        "checkout.session.async_payment_failed" => {
            facts.failed_at = Some(now);
            (Action::PaymentFailed, LogStatus::Failed)
        }
        _ => {
            let cents = session.amount_total.unwrap_or(0);
            match session.payment_status.as_str() {
                "paid" if cents > 0 => {
                    // The invoice of a subscription, the payment intent of a one-time payment: the same key that the
                    // invoice's and the charge's own events use, so that the money counts once. A one-time payment can
                    // have an invoice as well, which is only its receipt.
                    let key = if facts.subscription_id.is_some() { invoice } else { payment_intent };
                    let key = key.unwrap_or(session.id);
                    facts.payments.insert(key, Payment { cents, at: now });
                }
                "paid" | "no_payment_required" => facts.free_at = Some(now),
                _ => {}
            }
            (Action::CheckoutCompleted, LogStatus::Success)
        }
    };
    Ok(Told {
        subject: PurchaseRef::from_metadata(&session.metadata).map(Subject::Purchase),
        facts,
        log: Some(log),
        detail: None,
    })
}

#[derive(Deserialize)]
struct SubscriptionObject {
    id: String,
    #[serde(default)]
    status: String,
    customer: Option<Link>,
    #[serde(default)]
    metadata: Metadata,
}

/// A subscription: its status decides.
fn subscription(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let subscription: SubscriptionObject = serde_json::from_value(object)?;
    let status = if kind == "customer.subscription.deleted" {
        SubscriptionStatus::Canceled
    } else {
        SubscriptionStatus::from_stripe(&subscription.status)
    };
    let facts = Facts {
        subscription: Some(Subscription { status, at: now, ends_at: None }),
        subscription_id: Some(subscription.id),
        customer: id(subscription.customer),
        ..Facts::default()
    };
    let log = match kind {
        "customer.subscription.created" => Some((Action::SubscriptionCreated, LogStatus::Success)),
        "customer.subscription.deleted" => Some((Action::SubscriptionCanceled, LogStatus::Success)),
        _ => Some((Action::SubscriptionUpdated, LogStatus::Success)),
    };
    let subject = PurchaseRef::from_metadata(&subscription.metadata).map(Subject::Purchase);
    Ok(Told { subject, facts, log, detail: Some(format!("subscription {}", subscription.status)) })
}

#[derive(Deserialize)]
struct Invoice {
    id: Option<String>,
    #[serde(default)]
    amount_paid: i64,
    #[serde(default)]
    attempt_count: i64,
    billing_reason: Option<String>,
    customer: Option<Link>,
    parent: Option<Parent>,
    /// Until acacia.
    subscription: Option<Link>,
    /// Until acacia.
    subscription_details: Option<SubscriptionDetails>,
    lines: Option<Lines>,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    #[serde(default)]
    metadata: Option<Metadata>,
    subscription: Option<Link>,
}

#[derive(Deserialize)]
struct Lines {
    #[serde(default)]
    data: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    metadata: Metadata,
}

/// An invoice of a subscription: the first payment, a renewal, or a failed one.
fn invoice(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let invoice: Invoice = serde_json::from_value(object)?;
    let details = invoice.parent.and_then(|parent| parent.subscription_details).or(invoice.subscription_details);
    let (metadata, subscription) = details.map_or((None, None), |details| (details.metadata, details.subscription));
    let subscription = id(subscription.or(invoice.subscription));
    let lines = invoice.lines.map(|lines| lines.data).unwrap_or_default();
    let named = metadata.iter().chain(lines.iter().map(|line| &line.metadata)).find_map(PurchaseRef::from_metadata);
    let subject = named.map(Subject::Purchase).or_else(|| subscription.clone().map(Subject::Subscription));
    let mut facts = Facts { customer: id(invoice.customer), subscription_id: subscription, ..Facts::default() };
    if kind == "invoice.payment_failed" {
        let detail = format!("attempt {} to pay the invoice failed", invoice.attempt_count);
        return Ok(Told {
            subject,
            facts,
            log: Some((Action::PaymentFailed, LogStatus::Failed)),
            detail: Some(detail),
        });
    }
    if let (Some(invoice_id), 1..) = (invoice.id, invoice.amount_paid) {
        facts.payments.insert(invoice_id, Payment { cents: invoice.amount_paid, at: now });
    }
    let renewal = invoice.billing_reason.as_deref() == Some("subscription_cycle");
    facts.renewed_at = (renewal && invoice.amount_paid > 0).then_some(now);
    let action = if renewal { Action::SubscriptionRenewed } else { Action::PaymentSucceeded };
    let nothing_due = invoice.amount_paid == 0;
    let log = Some((if nothing_due { Action::SubscriptionUpdated } else { action }, LogStatus::Success));
    Ok(Told { subject, facts, log, detail: nothing_due.then(|| "an invoice with nothing to pay".to_owned()) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stripe_event::{NotAnEvent, PaymentEvent, Received, Subject, read};

    const PURCHASE: &str = "0190b5a0-0000-7000-8000-000000000001";

    fn event(kind: &str, object: serde_json::Value) -> Received {
        let mut body =
            json!({"id": "evt_1", "object": "event", "type": kind, "created": 1_700_000_100, "livemode": false});
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
        let oldest = json!({"id": "in_1", "amount_paid": 2900, "subscription": "sub_1", "lines": {"data": [{"metadata": ours()}]}});
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
}
