//! Payments, and what goes wrong with them.

use serde_json::{Value, json};

use super::{
    super::state::{Charge, Dispute, Metadata, Mode, Refund, Session},
    View,
};

/// A charge. One of an invoice has no metadata, and since basil no word of the invoice.
pub(in super::super) fn charge(session: &Session, id: &str, view: &View) -> Value {
    let Some(charge) = session.charges.iter().find(|it| it.id == id) else {
        return Value::Null;
    };
    let (kind, outcome_type) =
        if charge.succeeded { ("succeeded", "authorized") } else { ("failed", "issuer_declined") };
    let failed = !charge.succeeded;
    let outcome = json!({
        "network_status": if failed { "declined_by_network" } else { "approved_by_network" },
        "reason": charge.decline_code,
        "risk_level": "normal",
        "seller_message": if failed { "The bank did not return any further details with this decline." } else { "Payment complete." },
        "type": outcome_type,
    });
    let mut object = json!({
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": if charge.succeeded { charge.amount } else { 0 },
        "amount_refunded": charge.refunded,
        "application": null,
        "balance_transaction": null,
        "billing_details": { "address": null, "email": session.customer_email, "name": null, "phone": null, "tax_id": null },
        "captured": charge.succeeded,
        "created": charge.created,
        "currency": session.currency,
        "customer": session.customer,
        "description": null,
        "disputed": charge.dispute.is_some(),
        "failure_code": charge.decline_code.as_deref().map(failure_code),
        "failure_message": failed.then_some("Your card was declined."),
        "fraud_details": {},
        "livemode": false,
        "metadata": if charge.invoice.is_some() { Metadata::new() } else { intent_metadata(session) },
        "outcome": outcome,
        "paid": charge.succeeded,
        "payment_intent": charge.payment_intent,
        "payment_method": "pm_sandbox",
        "payment_method_details": { "card": { "brand": "visa", "country": "US", "funding": "credit", "last4": "4242" }, "type": "card" },
        "receipt_email": null,
        "receipt_number": null,
        "receipt_url": charge.succeeded.then(|| format!("{}/receipt/{}", view.url, charge.id)),
        "refunded": charge.refunded == charge.amount && charge.succeeded,
        "review": null,
        "shipping": null,
        "status": kind,
    });
    if view.old {
        object["invoice"] = json!(charge.invoice);
    }
    object
}

/// A payment intent, as its charges so far leave it.
pub(in super::super) fn payment_intent(session: &Session, id: &str, view: &View) -> Value {
    let mut tries = session.charges.iter().filter(|it| it.payment_intent == id);
    let latest = tries.next_back();
    let status = match latest {
        Some(charge) if charge.succeeded => "succeeded",
        Some(_) => "requires_payment_method",
        None => "processing",
    };
    let invoice = session.invoices.iter().find(|it| it.payment_intent.as_deref() == Some(id));
    let amount = invoice.map_or(session.due(), |it| it.amount);
    let received = if status == "succeeded" { amount } else { 0 };
    let decline_code = latest.and_then(|it| it.decline_code.as_deref());
    let error = json!({
        "charge": latest.map(|it| &it.id),
        "code": decline_code.map(failure_code),
        "decline_code": decline_code,
        "message": "Your card was declined.",
        "type": "card_error",
    });
    let mut object = json!({
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": received,
        "canceled_at": null,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "created": session.created,
        "currency": session.currency,
        "customer": session.customer,
        "description": null,
        "last_payment_error": if status == "requires_payment_method" { error } else { Value::Null },
        "latest_charge": latest.map(|it| &it.id),
        "livemode": false,
        "metadata": intent_metadata(session),
        "next_action": null,
        "payment_method_types": ["card"],
        "receipt_email": null,
        "status": status,
    });
    if view.old {
        object["invoice"] = json!(invoice.map(|it| &it.id));
    }
    object
}

/// A refund. Its metadata is its own, and there is none.
pub(in super::super) fn refund(session: &Session, charge: &Charge, refund: &Refund) -> Value {
    let mut object = json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.cents,
        "balance_transaction": null,
        "charge": charge.id,
        "created": refund.created,
        "currency": session.currency,
        "metadata": {},
        "payment_intent": charge.payment_intent,
        "reason": "requested_by_customer",
        "receipt_number": null,
        "status": if refund.failed { "failed" } else { "succeeded" },
    });
    if refund.failed {
        object["failure_reason"] = json!("expired_or_canceled_card");
    }
    object
}

/// A dispute. It names its payment, but has no metadata.
pub(in super::super) fn dispute(session: &Session, charge: &Charge, dispute: &Dispute) -> Value {
    json!({
        "id": dispute.id,
        "object": "dispute",
        "amount": charge.amount - charge.refunded,
        "balance_transactions": [],
        "charge": charge.id,
        "created": dispute.created,
        "currency": session.currency,
        "evidence": {},
        "evidence_details": { "due_by": dispute.created + 7 * 86_400, "has_evidence": false, "past_due": false, "submission_count": 0 },
        "is_charge_refundable": dispute.is_inquiry(),
        "livemode": false,
        "metadata": {},
        "payment_intent": charge.payment_intent,
        "reason": dispute.reason,
        "status": dispute.status,
    })
}

/// A card network's warning. It is actionable while the payment is neither refunded nor disputed.
pub(in super::super) fn fraud_warning(id: &str, charge: &Charge, now: i64) -> Value {
    json!({
        "id": id,
        "object": "radar.early_fraud_warning",
        "actionable": charge.refunded < charge.amount && charge.dispute.is_none(),
        "charge": charge.id,
        "created": now,
        "fraud_type": "made_with_stolen_card",
        "livemode": false,
        "payment_intent": charge.payment_intent,
    })
}

/// Stripe's code of the failure: most reasons that a bank gives are this one's.
fn failure_code(decline_code: &str) -> &str {
    match decline_code {
        "expired_card" | "incorrect_cvc" | "processing_error" | "incorrect_number" => decline_code,
        _ => "card_declined",
    }
}

/// The metadata of the payment intent, which its charge copies. That of an invoice has none.
fn intent_metadata(session: &Session) -> Metadata {
    match session.mode {
        Mode::Payment => session.inner_metadata.clone(),
        Mode::Subscription => Metadata::new(),
    }
}
