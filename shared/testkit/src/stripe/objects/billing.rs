//! Prices, subscriptions, invoices and the portal.

use serde_json::{Value, json};

use super::{
    super::state::{Invoice, Portal, Price, Product, Recurring, Session, Subscription},
    View,
};

/// A session's subscription; null if it has none.
pub(in super::super) fn subscription(session: &Session, view: &View) -> Value {
    let Some(it) = &session.subscription else {
        return Value::Null;
    };
    let reason = it.ended_because.as_deref().or(it.cancel_requested.map(|_| "cancellation_requested"));
    let mut object = json!({
        "id": it.id,
        "object": "subscription",
        "application": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": it.created,
        "cancel_at": it.cancel_requested.map(|_| it.period_end),
        "cancel_at_period_end": it.cancel_requested.is_some(),
        "canceled_at": it.cancel_requested.or(it.ended_at),
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
            "data": [item(session, it, view)],
            "has_more": false,
            "total_count": 1,
            "url": format!("/v1/subscription_items?subscription={}", it.id),
        },
        "latest_invoice": session.invoices.last().map(|it| &it.id),
        "livemode": false,
        "metadata": session.inner_metadata,
        "pause_collection": it.collection_paused.then(|| json!({ "behavior": "void", "resumes_at": null })),
        "pending_setup_intent": null,
        "schedule": null,
        "start_date": it.created,
        "status": it.status,
        "trial_end": it.trial_end,
        "trial_start": it.trial_end.map(|_| it.created),
    });
    if view.old {
        object["current_period_start"] = json!(it.period_start);
        object["current_period_end"] = json!(it.period_end);
    }
    object
}

fn item(session: &Session, subscription: &Subscription, view: &View) -> Value {
    let mut item = json!({
        "id": subscription.item,
        "object": "subscription_item",
        "created": subscription.created,
        "discounts": [],
        "metadata": {},
        "price": {
            "id": session.price.clone().unwrap_or_else(|| format!("price_{}", &subscription.item[3..])),
            "object": "price",
            "active": session.price.is_some(),
            "billing_scheme": "per_unit",
            "currency": session.currency,
            "livemode": false,
            "metadata": {},
            "product": session.product_id,
            "recurring": session.recurring.as_ref().map(recurring),
            "type": "recurring",
            "unit_amount": session.amount,
        },
        "quantity": 1,
        "subscription": subscription.id,
        "tax_rates": [],
    });
    if !view.old {
        item["current_period_start"] = json!(subscription.period_start);
        item["current_period_end"] = json!(subscription.period_end);
    }
    item
}

/// An invoice of a session's subscription, with the snapshot of the subscription's metadata.
pub(in super::super) fn invoice(session: &Session, invoice: &Invoice, view: &View) -> Value {
    /// How often Stripe tries again, and after how many seconds.
    const TRIES: u32 = 4;
    const PAUSE: i64 = 3 * 86_400;
    let subscription = session.subscription.as_ref().map(|it| &it.id);
    let again = invoice.is_open() && !invoice.given_up && (1..TRIES).contains(&invoice.attempts);
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
        "auto_advance": invoice.is_open() && !invoice.given_up,
        "billing_reason": invoice.billing_reason,
        "collection_method": "charge_automatically",
        "created": invoice.created,
        "currency": session.currency,
        "customer": session.customer,
        "customer_email": session.customer_email,
        "discounts": [],
        "due_date": null,
        "hosted_invoice_url": format!("{}/invoice/{}", view.url, invoice.id),
        "invoice_pdf": format!("{}/invoice/{}", view.url, invoice.id),
        "lines": { "object": "list", "data": [line(session, invoice, view)], "has_more": false, "total_count": 1, "url": format!("/v1/invoices/{}/lines", invoice.id) },
        "livemode": false,
        "metadata": {},
        "next_payment_attempt": again.then(|| invoice.created + i64::from(invoice.attempts) * PAUSE),
        "number": format!("SANDBOX-{}", &invoice.id[3..11]),
        "period_end": invoice.created,
        "period_start": invoice.created,
        "status": invoice.status(),
        "subtotal": invoice.amount,
        "total": invoice.amount,
    });
    if view.old {
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

fn line(session: &Session, invoice: &Invoice, view: &View) -> Value {
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
    if view.old {
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
pub(in super::super) fn invoice_payment(session: &Session, it: &Invoice, view: &View, whole: bool) -> Value {
    json!({
        "id": it.payment,
        "object": "invoice_payment",
        "amount_paid": it.paid.then_some(it.amount),
        "amount_requested": it.amount,
        "created": it.created,
        "currency": session.currency,
        "invoice": if whole { invoice(session, it, view) } else { json!(it.id) },
        "is_default": true,
        "livemode": false,
        "payment": { "payment_intent": it.payment_intent, "type": "payment_intent" },
        "status": if it.paid { "paid" } else { "open" },
        "status_transitions": { "canceled_at": null, "paid_at": it.paid.then_some(it.created) },
    })
}

/// A price that is kept.
pub(in super::super) fn price(it: &Price) -> Value {
    json!({
        "id": it.id,
        "object": "price",
        "active": true,
        "billing_scheme": "per_unit",
        "created": it.created,
        "currency": it.currency,
        "livemode": false,
        "lookup_key": null,
        "metadata": it.metadata,
        "nickname": null,
        "product": it.product,
        "recurring": it.recurring.as_ref().map(recurring),
        "tax_behavior": "unspecified",
        "tiers_mode": null,
        "transform_quantity": null,
        "type": if it.recurring.is_some() { "recurring" } else { "one_time" },
        "unit_amount": it.amount,
        "unit_amount_decimal": it.amount.to_string(),
    })
}

/// What a price is for.
pub(in super::super) fn product(it: &Product) -> Value {
    json!({
        "id": it.id,
        "object": "product",
        "active": true,
        "created": it.created,
        "default_price": null,
        "description": null,
        "images": [],
        "livemode": false,
        "metadata": {},
        "name": it.name,
        "updated": it.created,
        "url": null,
    })
}

/// A way into the portal.
pub(in super::super) fn portal(it: &Portal, view: &View) -> Value {
    json!({
        "id": it.id,
        "object": "billing_portal.session",
        "configuration": "bpc_sandbox",
        "created": it.created,
        "customer": it.customer,
        "flow": null,
        "livemode": false,
        "locale": null,
        "on_behalf_of": null,
        "return_url": it.return_url,
        "url": format!("{}/portal/{}", view.url, it.id),
    })
}

fn recurring(it: &Recurring) -> Value {
    json!({ "interval": it.interval, "interval_count": it.count, "meter": null, "usage_type": "licensed" })
}
