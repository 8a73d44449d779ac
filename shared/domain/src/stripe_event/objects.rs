//! The objects inside Stripe's events, one reader per kind of object.

mod billing;
mod money;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use self::{
    billing::{invoice, subscription},
    money::{charge, declined, dispute, fraud_warning, refund},
};
use super::{PurchaseRef, Subject};
use crate::{
    Timestamp,
    facts::{Facts, Payment},
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
        // A charge that failed tells the same, and a payment may fail before there is a charge.
        "payment_intent.payment_failed" => Some(declined),
        "refund.created" | "refund.updated" | "refund.failed" => Some(refund),
        "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => Some(dispute),
        "radar.early_fraud_warning.created" => Some(fraud_warning),
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => Some(session),
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => Some(subscription),
        "invoice.payment_succeeded" | "invoice.payment_failed" | "invoice.voided" => Some(invoice),
        _ => None,
    }
}

/// A time that Stripe writes as epoch seconds; what no calendar has is no time.
fn time(seconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?).ok()
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
            (facts.expired_at, facts.expired_session) = (Some(now), Some(session.id));
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
