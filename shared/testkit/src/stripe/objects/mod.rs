//! Stripe's JSON objects in the shapes of the pinned version, or of the one before fields moved.

mod billing;
mod payments;

use serde_json::{Value, json};

pub(super) use self::{
    billing::{invoice, invoice_payment, portal, price, product, subscription},
    payments::{charge, dispute, fraud_warning, payment_intent, refund},
};
use super::state::{Mode, PaymentStatus, Session, Status};

/// How objects are shown.
pub(super) struct View {
    /// In the shapes of the old version.
    pub old: bool,
    /// Where the pages are.
    pub url: String,
}

/// Fields of a session that are never set here.
const UNUSED: [&str; 13] = [
    "after_expiration",
    "billing_address_collection",
    "client_secret",
    "consent",
    "consent_collection",
    "invoice_creation",
    "locale",
    "payment_link",
    "recovered_from",
    "setup_intent",
    "shipping_address_collection",
    "shipping_cost",
    "submit_type",
];

/// A Checkout Session.
pub(super) fn session(session: &Session, view: &View) -> Value {
    let payment = session.mode == Mode::Payment;
    let open = session.status == Status::Open;
    let invoice = session.invoice();
    let subscription = session.subscription.as_ref().map(|it| &it.id);
    // Since 2022 a session has no payment intent before the buyer has tried to pay.
    let payment_intent = session.payment_intent.as_ref().filter(|_| payment);
    let email = session.customer_email.as_deref();
    let email = email.or((!open).then_some("buyer@example.com"));
    let details =
        json!({ "address": null, "email": email, "name": null, "phone": null, "tax_exempt": "none", "tax_ids": null });
    let mut object = json!({
        "id": session.id,
        "object": "checkout.session",
        "allow_promotion_codes": session.allow_promotion_codes,
        "amount_subtotal": session.amount,
        "amount_total": session.due(),
        "cancel_url": session.cancel_url,
        "client_reference_id": session.client_reference_id,
        "created": session.created,
        "currency": session.currency,
        "custom_fields": [],
        "customer": session.customer,
        "customer_creation": if !payment { Value::Null } else if session.customer_creation { json!("always") } else { json!("if_required") },
        "customer_details": if email.is_some() { details } else { Value::Null },
        "customer_email": session.customer_email,
        "discounts": [],
        "expires_at": session.expires_at,
        "invoice": invoice,
        "livemode": false,
        "metadata": session.metadata,
        "mode": if payment { "payment" } else { "subscription" },
        "payment_intent": payment_intent,
        "payment_method_collection": if payment { "if_required" } else { "always" },
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": match session.payment_status {
            PaymentStatus::Unpaid => "unpaid",
            PaymentStatus::Paid => "paid",
            PaymentStatus::NotRequired => "no_payment_required",
        },
        "shipping_options": [],
        "status": match session.status {
            Status::Open => "open",
            Status::Complete => "complete",
            Status::Expired => "expired",
        },
        "subscription": subscription,
        "success_url": session.success_url,
        "total_details": { "amount_discount": session.discount, "amount_shipping": 0, "amount_tax": 0 },
        "ui_mode": if view.old { "hosted" } else { "hosted_page" },
        "url": open.then(|| format!("{}/pay/{}", view.url, session.id)),
    });
    for unused in UNUSED {
        object[unused] = Value::Null;
    }
    object
}
