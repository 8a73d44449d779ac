//! What a request for a Checkout Session may say.

use super::{
    form::{Form, full, invalid},
    prices,
    state::{Metadata, Mode, Order, Recurring, State},
};
use crate::sandbox::Answer;

/// Half an hour, in seconds: the shortest life of a session.
const SHORTEST: i64 = 30 * 60;
/// A day, in seconds: the longest, and what it is when nobody says.
const LONGEST: i64 = 24 * 60 * 60;
/// The least that Stripe charges, in minor units (of the dollar and the euro).
const LEAST: i64 = 50;
/// The most, in minor units.
const MOST: i64 = 99_999_999;

/// All that a session may be created with.
const KNOWN: &[&str] = &[
    "adaptive_pricing",
    "after_expiration",
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "currency",
    "custom_fields",
    "custom_text",
    "customer",
    "customer_creation",
    "customer_email",
    "customer_update",
    "discounts",
    "expand",
    "expires_at",
    "invoice_creation",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "name_collection",
    "origin_context",
    "payment_intent_data",
    "payment_method_collection",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "phone_number_collection",
    "saved_payment_method_options",
    "shipping_address_collection",
    "shipping_options",
    "submit_type",
    "subscription_data",
    "success_url",
    "tax_id_collection",
    "ui_mode",
    "wallet_options",
];

/// What only a one-time payment takes.
const PAYMENT_ONLY: &[&str] = &["payment_intent_data", "invoice_creation", "customer_creation", "submit_type"];
/// What only a subscription takes.
const SUBSCRIPTION_ONLY: &[&str] = &["subscription_data", "payment_method_collection"];

/// Reads a request, made at `now` of the sandbox with this `state`, the way Stripe judges it.
///
/// # Errors
/// The refusal of the first thing that is wrong.
pub(super) fn order(form: &Form, now: i64, state: &State) -> Result<Order, Answer> {
    form.only("", KNOWN)?;
    let mode = match form.require("mode")? {
        "payment" => Mode::Payment,
        "subscription" => Mode::Subscription,
        other => {
            let message = format!(
                "Invalid mode: must be one of payment, setup, or subscription, not {other} (and this sandbox has no setup)"
            );
            return Err(invalid("mode", None, &message));
        }
    };
    fits_mode(form, mode)?;
    one_of(form, "customer", "customer_email")?;
    one_of(form, "customer", "customer_creation")?;
    one_of(form, "allow_promotion_codes", "discounts")?;
    if let Some(ui_mode) = form.get("ui_mode")
        && !["hosted", "hosted_page"].contains(&ui_mode)
    {
        let message = "This sandbox has the hosted page only.";
        return Err(invalid("ui_mode", None, message));
    }
    let lines = lines(form, mode, state)?;
    let inner = match mode {
        Mode::Payment => "payment_intent_data",
        Mode::Subscription => "subscription_data",
    };
    let trial_days = form.integer("subscription_data[trial_period_days]")?;
    if trial_days.is_some_and(|days| !(1..=730).contains(&days)) {
        let message = "The minimum number of trial period days is 1, the maximum 730.";
        let param = "subscription_data[trial_period_days]";
        return Err(invalid(param, None, message));
    }
    Ok(Order {
        mode,
        product: lines.product,
        price: lines.price,
        product_id: lines.product_id,
        amount: lines.amount,
        currency: lines.currency,
        recurring: lines.recurring,
        trial_days,
        metadata: form.metadata("metadata")?,
        inner_metadata: inner_metadata(form, inner)?,
        client_reference_id: reference(form)?,
        customer: form.get("customer").map(str::to_owned),
        customer_email: email(form)?,
        customer_creation: customer_creation(form)?,
        invoice_creation: form.boolean("invoice_creation[enabled]")?,
        allow_promotion_codes: form.boolean("allow_promotion_codes")?,
        success_url: success_url(form)?,
        cancel_url: form.url("cancel_url")?,
        expires_at: expires_at(form, now)?,
    })
}

/// Refuses what belongs to the other mode.
fn fits_mode(form: &Form, mode: Mode) -> Result<(), Answer> {
    let (name, wrong) = match mode {
        Mode::Payment => ("payment", SUBSCRIPTION_ONLY),
        Mode::Subscription => ("subscription", PAYMENT_ONLY),
    };
    match wrong.iter().find(|parameter| form.has(parameter)) {
        None => Ok(()),
        Some(parameter) => {
            let message = format!("You can not pass `{parameter}` in `{name}` mode.");
            Err(invalid(parameter, None, &message))
        }
    }
}

fn one_of(form: &Form, one: &str, other: &str) -> Result<(), Answer> {
    if form.has(one) && form.has(other) {
        let message = format!("You may only specify one of these parameters: {one}, {other}.");
        return Err(invalid(one, None, &message));
    }
    Ok(())
}

struct Lines {
    product: String,
    product_id: Option<String>,
    price: Option<String>,
    amount: i64,
    currency: String,
    recurring: Option<Recurring>,
}

/// What is sold: the sum of the line items, named after the first.
fn lines(form: &Form, mode: Mode, state: &State) -> Result<Lines, Answer> {
    let missing = || {
        let message = "Missing required param: line_items.";
        invalid("line_items", Some("parameter_missing"), message)
    };
    let mut lines: Option<Lines> = None;
    for index in form.names("line_items") {
        let line = line(form, &full("line_items", index), state)?;
        lines = Some(match lines {
            None => line,
            Some(sum) if sum.currency == line.currency => Lines {
                amount: sum.amount.saturating_add(line.amount),
                recurring: sum.recurring.or(line.recurring),
                ..sum
            },
            Some(_) => {
                let message = "All prices on a Checkout Session must have the same currency.";
                return Err(invalid("line_items", None, message));
            }
        });
    }
    let lines = lines.ok_or_else(missing)?;
    let at = "line_items[0][price_data][unit_amount]";
    match (mode, &lines.recurring) {
        (Mode::Payment, Some(_)) => {
            let message = "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.";
            return Err(invalid("line_items", None, message));
        }
        (Mode::Subscription, None) => {
            let message = "You must provide at least one recurring price in `subscription` mode when using prices.";
            return Err(invalid("line_items", None, message));
        }
        _ => {}
    }
    // A price of nothing is an order without payment.
    if lines.amount != 0 && lines.amount < LEAST {
        let message =
            format!("The Checkout Session's total amount due must add up to at least 0.50 {}", lines.currency);
        return Err(invalid(at, Some("amount_too_small"), &message));
    }
    if lines.amount > MOST {
        let message = format!("The total must be no more than {MOST}.");
        return Err(invalid(at, Some("amount_too_large"), &message));
    }
    Ok(lines)
}

fn line(form: &Form, at: &str, state: &State) -> Result<Lines, Answer> {
    let known =
        ["adjustable_quantity", "dynamic_tax_rates", "metadata", "price", "price_data", "quantity", "tax_rates"];
    form.only(at, &known)?;
    let (data, kept) = (full(at, "price_data"), full(at, "price"));
    let (id, price) = match form.get(&kept) {
        Some(_) if form.has(&data) => {
            let message = "You may only specify one of these parameters: price, price_data.";
            return Err(invalid(&kept, None, message));
        }
        Some(id) => (Some(id.to_owned()), prices::kept(state, id, &kept)?),
        None => (None, prices::read(form, &data, state)?),
    };
    let quantity = full(at, "quantity");
    form.require(&quantity)?;
    let pieces = form.integer(&quantity)?.unwrap_or_default();
    if pieces < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(invalid(&quantity, Some("parameter_invalid_integer"), message));
    }
    Ok(Lines {
        product: price.product_name,
        product_id: price.product_id,
        price: id,
        amount: price.amount.saturating_mul(pieces),
        currency: price.currency,
        recurring: price.recurring,
    })
}

fn inner_metadata(form: &Form, at: &str) -> Result<Metadata, Answer> {
    let known: &[&str] = if at == "payment_intent_data" {
        &[
            "description",
            "metadata",
            "receipt_email",
            "setup_future_usage",
            "statement_descriptor",
            "statement_descriptor_suffix",
            "transfer_group",
        ]
    } else {
        &[
            "billing_mode",
            "default_tax_rates",
            "description",
            "invoice_settings",
            "metadata",
            "trial_period_days",
            "trial_settings",
        ]
    };
    form.only(at, known)?;
    form.metadata(&full(at, "metadata"))
}

fn reference(form: &Form) -> Result<Option<String>, Answer> {
    let reference = form.get("client_reference_id");
    if reference.is_some_and(|it| it.chars().count() > 200) {
        let message = "Invalid string: must be at most 200 characters";
        return Err(invalid("client_reference_id", None, message));
    }
    Ok(reference.map(str::to_owned))
}

fn email(form: &Form) -> Result<Option<String>, Answer> {
    let Some(email) = form.get("customer_email") else {
        return Ok(None);
    };
    let plausible = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let clean = !email.chars().any(|it| it.is_control() || it.is_whitespace());
    if !plausible || !clean || email.len() > 800 {
        let message = format!("Invalid email address: {email}");
        return Err(invalid("customer_email", Some("email_invalid"), &message));
    }
    Ok(Some(email.to_owned()))
}

fn customer_creation(form: &Form) -> Result<bool, Answer> {
    match form.get("customer_creation") {
        None | Some("if_required") => Ok(false),
        Some("always") => Ok(true),
        Some(_) => {
            let message = "Invalid customer_creation: must be one of always or if_required";
            Err(invalid("customer_creation", None, message))
        }
    }
}

fn success_url(form: &Form) -> Result<String, Answer> {
    form.require("success_url")?;
    Ok(form.url("success_url")?.unwrap_or_default())
}

fn expires_at(form: &Form, now: i64) -> Result<i64, Answer> {
    let expires_at = form.integer("expires_at")?.unwrap_or(now + LONGEST);
    let message = if expires_at < now + SHORTEST {
        "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
    } else if expires_at > now + LONGEST {
        "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
    } else {
        return Ok(expires_at);
    };
    Err(invalid("expires_at", None, message))
}
