//! What Stripe is asked for.

use clients::stripe::{
    CheckoutMode, CheckoutSession, Customer, Every, Item, NewCheckoutSession, NewPrice, Product, StripeError,
};
use domain::{
    purchase::{Purchase, Session},
    repository::Repository,
    stripe_event::metadata,
};

use crate::App;

/// Opens the session of a purchase's attempt. The same attempt asks for the same with the same key, so it is answered the
/// same session.
pub(super) async fn open(
    app: &App,
    repository: &Repository,
    (purchase, session): (&Purchase, &Session),
    page: &str,
) -> Result<CheckoutSession, StripeError> {
    let cancel_url = format!("{}/api/products/{}?checkout=canceled", app.public_url, repository.slug);
    let request = NewCheckoutSession {
        mode: Every::of(purchase.pricing)
            .map_or(CheckoutMode::Payment, |_| CheckoutMode::Subscription { trial_days: None }),
        item: item(purchase, session),
        customer: Customer::Email(purchase.email.to_string()),
        allow_promotion_codes: false,
        success_url: format!("{page}&checkout=success&session_id={{CHECKOUT_SESSION_ID}}"),
        cancel_url,
        expires_at: session.expires_at.as_second(),
        client_reference_id: purchase.id.to_string(),
        metadata: vec![
            (metadata::COMPANY.to_owned(), purchase.company.to_string()),
            (metadata::REPOSITORY.to_owned(), purchase.repository.to_string()),
            (metadata::PURCHASE.to_owned(), purchase.id.to_string()),
        ],
    };
    app.stripe.create_checkout_session(&request, &session.idempotency_key(purchase)).await
}

/// The price that Stripe knows, else one for this session alone.
fn item(purchase: &Purchase, session: &Session) -> Item {
    match &session.price {
        Some(price) => Item::Price(price.clone()),
        None => Item::New(NewPrice {
            product: Product::Named(purchase.repository_name.to_string()),
            amount_cents: purchase.amount_cents,
            currency: purchase.currency.clone(),
            recurring: Every::of(purchase.pricing),
        }),
    }
}
