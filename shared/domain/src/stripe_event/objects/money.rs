//! Money that came, did not come, goes back, or is wanted back.

use serde::Deserialize;
use serde_json::Value;

use super::{Link, Metadata, Told, id, time};
use crate::{
    Timestamp,
    facts::{Declined, Dispute, DisputeState, Facts, Payment, Refund, SingleRefund},
    log::{Action, LogStatus},
    stripe_event::{PurchaseRef, Subject},
};

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
pub(super) fn charge(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
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
            let at = time(charge.created).unwrap_or(now);
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
struct PaymentIntent {
    last_payment_error: Option<PaymentError>,
    customer: Option<Link>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct PaymentError {
    code: Option<String>,
    decline_code: Option<String>,
}

/// A payment that was declined: the buyer may try again in the same session. One without our metadata is an invoice's,
/// which tells of itself, or somebody else's.
pub(super) fn declined(_: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let payment: PaymentIntent = serde_json::from_value(object)?;
    let reason = payment.last_payment_error.and_then(|error| error.decline_code.or(error.code));
    let reason = reason.unwrap_or_else(|| "unknown".to_owned());
    Ok(Told {
        subject: PurchaseRef::from_metadata(&payment.metadata).map(Subject::Purchase),
        log: Some((Action::PaymentFailed, LogStatus::Failed)),
        detail: Some(format!("declined: {reason}")),
        facts: Facts {
            customer: id(payment.customer),
            declined: Some(Declined { at: now, reason }),
            ..Facts::default()
        },
    })
}

#[derive(Deserialize)]
struct RefundObject {
    id: String,
    charge: Option<Link>,
    payment_intent: Option<Link>,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    status: String,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// A single refund: how much, and whether it came to nothing. An update that tells neither is dropped: what it is about
/// changes nothing.
pub(super) fn refund(kind: &str, object: Value, _: Timestamp) -> Result<Told, serde_json::Error> {
    let refund: RefundObject = serde_json::from_value(object)?;
    let failed = kind == "refund.failed" || matches!(refund.status.as_str(), "failed" | "canceled");
    // One that failed tells so in `refund.failed`; only one that was called off has nothing but its update.
    if kind == "refund.updated" && refund.status != "canceled" {
        return Ok(Told::default());
    }
    let mut facts = Facts::default();
    if let Some(charge) = id(refund.charge) {
        facts.single_refunds.insert(refund.id, SingleRefund { failed, cents: refund.amount, charge });
    }
    let (log, detail) = if failed {
        let reason = refund.failure_reason.unwrap_or(refund.status);
        ((Action::RefundFailed, LogStatus::Failed), format!("a refund of {} cents failed: {reason}", refund.amount))
    } else {
        ((Action::RefundCreated, LogStatus::Success), format!("a refund of {} cents", refund.amount))
    };
    let subject = subject(refund.metadata.as_ref(), refund.payment_intent);
    Ok(Told { subject, facts, log: Some(log), detail: Some(detail) })
}

#[derive(Deserialize)]
struct DisputeObject {
    id: String,
    payment_intent: Option<Link>,
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// A dispute, or a bank's inquiry before one.
pub(super) fn dispute(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let dispute: DisputeObject = serde_json::from_value(object)?;
    let closed = kind == "charge.dispute.closed";
    let action = if closed { Action::DisputeClosed } else { Action::PaymentDisputed };
    let detail = format!("{}, {} cents, reason {}", dispute.status, dispute.amount, dispute.reason);
    let state = DisputeState::from_stripe(&dispute.status);
    let mut facts = Facts::default();
    facts.disputes.insert(dispute.id, Dispute { state, at: now, cents: dispute.amount });
    let subject = subject(dispute.metadata.as_ref(), dispute.payment_intent);
    Ok(Told { subject, facts, log: Some((action, LogStatus::Success)), detail: Some(detail) })
}

#[derive(Deserialize)]
struct FraudWarning {
    payment_intent: Option<Link>,
    #[serde(default)]
    fraud_type: String,
}

/// A card network's warning: a dispute is likely.
pub(super) fn fraud_warning(_: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let warning: FraudWarning = serde_json::from_value(object)?;
    Ok(Told {
        subject: subject(None, warning.payment_intent),
        facts: Facts { fraud_warning_at: Some(now), ..Facts::default() },
        log: Some((Action::FraudWarning, LogStatus::Success)),
        detail: Some(warning.fraud_type),
    })
}

/// Refunds, disputes and warnings have metadata of their own at most: the payment leads to the purchase.
fn subject(metadata: Option<&Metadata>, payment_intent: Option<Link>) -> Option<Subject> {
    let named = metadata.and_then(PurchaseRef::from_metadata).map(Subject::Purchase);
    named.or_else(|| id(payment_intent).map(Subject::PaymentIntent))
}
