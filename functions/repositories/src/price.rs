//! A repository's price at Stripe. Stripe's prices never change: a new one is made, and whoever subscribed keeps the old.

use api::ApiError;
use clients::stripe::{Every, NewPrice, Product, StripeError};
use domain::repository::{Repository, StripePrice};

use crate::App;

/// Makes the price of `repository`, of the product that it has or else a new one called `name`.
///
/// The key names all that the request is made of, and the state that it was made from: a repeated request makes no second
/// price, and another one is never refused.
pub(crate) async fn make(app: &App, repository: &Repository, name: &str) -> Result<StripePrice, ApiError> {
    let pricing = repository.pricing;
    let product = repository.stripe.as_ref().map(|stripe| Product::Existing(stripe.product.clone()));
    let price = NewPrice {
        product: product.unwrap_or_else(|| Product::Named(name.to_owned())),
        amount_cents: pricing.price_cents,
        currency: repository.currency.clone(),
        recurring: Every::of(pricing.kind),
    };
    let kind = match pricing.kind.cadence() {
        None => pricing.kind.name().to_owned(),
        Some(cadence) => format!("{}{}", cadence.name(), cadence.custom_days().unwrap_or_default()),
    };
    let key = format!("price:{}:{}:{}:{kind}", repository.id, repository.rev, pricing.price_cents);
    let made = app.stripe.create_price(&price, &key).await.map_err(refusal)?;
    Ok(StripePrice { product: made.product, price: made.id })
}

/// Gives the product at Stripe, which buyers see when they pay, the repository's name.
pub(crate) async fn rename(app: &App, repository: &Repository) -> Result<(), ApiError> {
    let Some(stripe) = &repository.stripe else { return Ok(()) };
    app.stripe.rename_product(&stripe.product, repository.display_name.as_str()).await.map_err(refusal)
}

/// Everything that was asked for is ours to have checked.
fn refusal(error: StripeError) -> ApiError {
    match error {
        StripeError::Invalid { .. } => ApiError::internal(error),
        _ => ApiError::unavailable(error),
    }
}
