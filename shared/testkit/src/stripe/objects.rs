//! Stripe's JSON objects in the shapes of the pinned version, or of the one before fields moved.

use serde_json::{Value, json};

use super::state::{Charge, Invoice, Metadata, Mode, PaymentStatus, Session, Status, Subscription};

/// Fields of a session that are never set here.
const UNUSED: [&str; 14] = [
    "after_expiration",
    "allow_promotion_codes",
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

/// A Checkout Session. `url` is where the payment pages are.
pub(super) fn session(session: &Session, old: bool, url: &str) -> Value {
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
        "ui_mode": if old { "hosted" } else { "hosted_page" },
        "url": open.then(|| format!("{url}/pay/{}", session.id)),
    });
    for unused in UNUSED {
        object[unused] = Value::Null;
    }
    object
}

/// A charge. One of an invoice has no metadata, and since basil no word of the invoice.
pub(super) fn charge(session: &Session, id: &str, old: bool) -> Value {
    let Some(charge) = session.charges.iter().find(|it| it.id == id) else {
        return Value::Null;
    };
    let (kind, outcome_type) =
        if charge.succeeded { ("succeeded", "authorized") } else { ("failed", "issuer_declined") };
    let failed = !charge.succeeded;
    let outcome = json!({
        "network_status": if failed { "declined_by_network" } else { "approved_by_network" },
        "reason": failed.then_some("generic_decline"),
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
        "disputed": false,
        "failure_code": failed.then_some("card_declined"),
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
        "receipt_url": charge.succeeded.then(|| format!("https://pay.stripe.com/receipts/{}", charge.id)),
        "refunded": charge.refunded == charge.amount && charge.succeeded,
        "review": null,
        "shipping": null,
        "status": kind,
    });
    if old {
        object["invoice"] = json!(charge.invoice);
    }
    object
}

/// A payment intent, as its charges so far leave it.
pub(super) fn payment_intent(session: &Session, id: &str, old: bool) -> Value {
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
    let error = json!({
        "charge": latest.map(|it| &it.id),
        "code": "card_declined",
        "decline_code": "generic_decline",
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
    if old {
        object["invoice"] = json!(invoice.map(|it| &it.id));
    }
    object
}

/// A refund. Its metadata is its own, and there is none.
pub(super) fn refund(session: &Session, id: &str, charge: &Charge, cents: i64, now: i64) -> Value {
    json!({
        "id": id,
        "object": "refund",
        "amount": cents,
        "balance_transaction": null,
        "charge": charge.id,
        "created": now,
        "currency": session.currency,
        "metadata": {},
        "payment_intent": charge.payment_intent,
        "reason": "requested_by_customer",
        "receipt_number": null,
        "status": "succeeded",
    })
}

/// A session's subscription; null if it has none.
pub(super) fn subscription(session: &Session, old: bool) -> Value {
    let Some(it) = &session.subscription else {
        return Value::Null;
    };
    let canceled = it.status == "canceled";
    let reason = canceled.then_some("cancellation_requested");
    let mut object = json!({
        "id": it.id,
        "object": "subscription",
        "application": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": it.created,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": it.ended_at,
        "cancellation_details": { "comment": null, "feedback": null, "reason": reason },
        "collection_method": "charge_automatically",
        "created": it.created,
        "currency": session.currency,
        "customer": session.customer,
        "default_payment_method": "pm_sandbox",
        "description": null,
        "discounts": [],
        "ended_at": it.ended_at,
        "items": {
            "object": "list",
            "data": [item(session, it, old)],
            "has_more": false,
            "total_count": 1,
            "url": format!("/v1/subscription_items?subscription={}", it.id),
        },
        "latest_invoice": session.invoices.last().map(|it| &it.id),
        "livemode": false,
        "metadata": session.inner_metadata,
        "pause_collection": null,
        "pending_setup_intent": null,
        "schedule": null,
        "start_date": it.created,
        "status": it.status,
        "trial_end": it.trial_end,
        "trial_start": it.trial_end.map(|_| it.created),
    });
    if old {
        object["current_period_start"] = json!(it.period_start);
        object["current_period_end"] = json!(it.period_end);
    }
    object
}

fn item(session: &Session, subscription: &Subscription, old: bool) -> Value {
    let recurring = session.recurring.as_ref();
    let mut item = json!({
        "id": subscription.item,
        "object": "subscription_item",
        "created": subscription.created,
        "discounts": [],
        "metadata": {},
        "price": {
            "id": format!("price_{}", &subscription.item[3..]),
            "object": "price",
            "active": false,
            "billing_scheme": "per_unit",
            "currency": session.currency,
            "livemode": false,
            "metadata": {},
            "recurring": {
                "interval": recurring.map(|it| &it.interval),
                "interval_count": recurring.map(|it| it.count),
                "usage_type": "licensed",
            },
            "type": "recurring",
            "unit_amount": session.amount,
        },
        "quantity": 1,
        "subscription": subscription.id,
        "tax_rates": [],
    });
    if !old {
        item["current_period_start"] = json!(subscription.period_start);
        item["current_period_end"] = json!(subscription.period_end);
    }
    item
}

/// An invoice of a session's subscription, with the snapshot of the subscription's metadata.
pub(super) fn invoice(session: &Session, invoice: &Invoice, old: bool) -> Value {
    /// How often Stripe tries again, and after how many seconds.
    const TRIES: u32 = 4;
    const PAUSE: i64 = 3 * 86_400;
    let subscription = session.subscription.as_ref().map(|it| &it.id);
    let again = !invoice.paid && (1..TRIES).contains(&invoice.attempts);
    let paid = if invoice.paid { invoice.amount } else { 0 };
    let mut object = json!({
        "id": invoice.id,
        "object": "invoice",
        "amount_due": invoice.amount,
        "amount_overpaid": 0,
        "amount_paid": paid,
        "amount_remaining": invoice.amount - paid,
        "attempt_count": invoice.attempts,
        "attempted": invoice.attempts > 0,
        "auto_advance": !invoice.paid,
        "billing_reason": invoice.billing_reason,
        "collection_method": "charge_automatically",
        "created": invoice.created,
        "currency": session.currency,
        "customer": session.customer,
        "customer_email": session.customer_email,
        "discounts": [],
        "due_date": null,
        "hosted_invoice_url": format!("https://invoice.stripe.com/i/{}", invoice.id),
        "invoice_pdf": format!("https://pay.stripe.com/invoice/{}/pdf", invoice.id),
        "lines": { "object": "list", "data": [line(session, invoice, old)], "has_more": false, "total_count": 1, "url": format!("/v1/invoices/{}/lines", invoice.id) },
        "livemode": false,
        "metadata": {},
        "next_payment_attempt": again.then(|| invoice.created + i64::from(invoice.attempts) * PAUSE),
        "number": format!("SANDBOX-{}", &invoice.id[3..11]),
        "period_end": invoice.created,
        "period_start": invoice.created,
        "status": if invoice.paid { "paid" } else { "open" },
        "subtotal": invoice.amount,
        "total": invoice.amount,
    });
    if old {
        object["charge"] = json!(invoice.charge);
        object["paid"] = json!(invoice.paid);
        object["payment_intent"] = json!(invoice.payment_intent);
        object["subscription"] = json!(subscription);
        object["subscription_details"] = json!({ "metadata": session.inner_metadata });
    } else {
        object["parent"] = json!({
            "quote_details": null,
            "subscription_details": { "metadata": session.inner_metadata, "subscription": subscription },
            "type": "subscription_details",
        });
    }
    object
}

fn line(session: &Session, invoice: &Invoice, old: bool) -> Value {
    let subscription = session.subscription.as_ref();
    let (id, item) = (subscription.map(|it| &it.id), subscription.map(|it| &it.item));
    let mut line = json!({
        "id": format!("il_{}", &invoice.id[3..]),
        "object": "line_item",
        "amount": invoice.amount,
        "currency": session.currency,
        "description": session.product,
        "discounts": [],
        "invoice": invoice.id,
        "livemode": false,
        "metadata": session.inner_metadata,
        "period": { "end": invoice.period_end, "start": invoice.period_start },
        "quantity": 1,
    });
    if old {
        line["subscription"] = json!(id);
        line["subscription_item"] = json!(item);
        line["type"] = json!("subscription");
    } else {
        line["parent"] = json!({
            "invoice_item_details": null,
            "subscription_item_details": { "invoice_item": null, "proration": false, "subscription": id, "subscription_item": item },
            "type": "subscription_item_details",
        });
    }
    line
}

/// What ties an invoice to its payment intent since basil. `whole` puts the invoice itself into its place.
pub(super) fn invoice_payment(session: &Session, it: &Invoice, old: bool, whole: bool) -> Value {
    json!({
        "id": it.payment,
        "object": "invoice_payment",
        "amount_paid": it.paid.then_some(it.amount),
        "amount_requested": it.amount,
        "created": it.created,
        "currency": session.currency,
        "invoice": if whole { invoice(session, it, old) } else { json!(it.id) },
        "is_default": true,
        "livemode": false,
        "payment": { "payment_intent": it.payment_intent, "type": "payment_intent" },
        "status": if it.paid { "paid" } else { "open" },
        "status_transitions": { "canceled_at": null, "paid_at": it.paid.then_some(it.created) },
    })
}

/// The metadata of the payment intent, which its charge copies. That of an invoice has none.
fn intent_metadata(session: &Session) -> Metadata {
    match session.mode {
        Mode::Payment => session.inner_metadata.clone(),
        Mode::Subscription => Metadata::new(),
    }
}
