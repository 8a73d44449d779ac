//! What a request may say about a price, be it kept or a session's own.

use super::{
    form::{Form, full, invalid},
    state::{Recurring, State},
};
use crate::sandbox::Answer;

/// What is sold, for how much and how often.
pub(super) struct Asked {
    pub product_name: String,
    /// The kept product.
    pub product_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub recurring: Option<Recurring>,
}

/// A kept price, named by the parameter `param`.
///
/// # Errors
/// When there is none.
pub(super) fn kept(state: &State, id: &str, param: &str) -> Result<Asked, Answer> {
    let price = state.prices.iter().find(|it| it.id == id);
    let price = price.ok_or_else(|| {
        let message = format!("No such price: '{id}'");
        invalid(param, Some("resource_missing"), &message)
    })?;
    let product = state.products.iter().find(|it| it.id == price.product);
    Ok(Asked {
        product_name: product.map_or_else(String::new, |it| it.name.clone()),
        product_id: Some(price.product.clone()),
        amount: price.amount,
        currency: price.currency.clone(),
        recurring: price.recurring.clone(),
    })
}

/// The price that the parameters below `at` describe.
///
/// # Errors
/// The refusal of the first thing that is wrong.
pub(super) fn read(form: &Form, at: &str, state: &State) -> Result<Asked, Answer> {
    let known =
        ["currency", "product", "product_data", "recurring", "tax_behavior", "unit_amount", "unit_amount_decimal"];
    // A kept price has metadata of its own as well.
    let known = if at.is_empty() { [&known[..], &["metadata", "nickname"]].concat() } else { known.to_vec() };
    form.only(at, &known)?;
    let currency = form.require(&full(at, "currency"))?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let message = format!("Invalid currency: {currency}");
        return Err(invalid(&full(at, "currency"), None, &message));
    }
    let unit = full(at, "unit_amount");
    form.require(&unit)?;
    let amount = form.integer(&unit)?.unwrap_or_default();
    if amount < 0 {
        let message = "This value must be greater than or equal to 0.";
        return Err(invalid(&unit, Some("parameter_invalid_integer"), message));
    }
    let (product_name, product_id) = product(form, at, state)?;
    Ok(Asked {
        product_name,
        product_id,
        amount,
        currency: currency.to_ascii_lowercase(),
        recurring: recurring(form, &full(at, "recurring"))?,
    })
}

/// The name of what is sold, and its id if it is kept.
fn product(form: &Form, at: &str, state: &State) -> Result<(String, Option<String>), Answer> {
    let (product, data) = (full(at, "product"), full(at, "product_data"));
    let Some(id) = form.get(&product) else {
        return Ok((form.require(&full(&data, "name"))?.to_owned(), None));
    };
    if form.has(&data) {
        let message = "You may only specify one of these parameters: product, product_data.";
        return Err(invalid(&product, None, message));
    }
    let found = state.products.iter().find(|it| it.id == id);
    let found = found.ok_or_else(|| {
        let message = format!("No such product: '{id}'");
        invalid(&product, Some("resource_missing"), &message)
    })?;
    Ok((found.name.clone(), Some(found.id.clone())))
}

/// How often it is paid: at most every three years.
fn recurring(form: &Form, at: &str) -> Result<Option<Recurring>, Answer> {
    if !form.has(at) {
        return Ok(None);
    }
    form.only(at, &["interval", "interval_count"])?;
    let interval = form.require(&full(at, "interval"))?;
    let most = match interval {
        "day" => 1095,
        "week" => 156,
        "month" => 36,
        "year" => 3,
        _ => {
            let message = "Invalid interval: must be one of month, year, week, or day";
            return Err(invalid(&full(at, "interval"), None, message));
        }
    };
    let count = form.integer(&full(at, "interval_count"))?.unwrap_or(1);
    if !(1..=most).contains(&count) {
        let message = "The maximum interval is three years.";
        return Err(invalid(&full(at, "interval_count"), None, message));
    }
    Ok(Some(Recurring { interval: interval.to_owned(), count }))
}
