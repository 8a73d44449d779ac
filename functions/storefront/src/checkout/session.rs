//! What Stripe is asked for.

use clients::stripe::{
    CheckoutMode, CheckoutSession, Customer, Every, Interval, Item, NewCheckoutSession, NewPrice, Product, StripeError,
};
use domain::{
    pricing::{Cadence, PricingKind},
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
        mode: every(purchase.pricing)
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
            recurring: every(purchase.pricing),
        }),
    }
}

/// How often the price is paid; `None` for once.
fn every(pricing: PricingKind) -> Option<Every> {
    let every = |interval, count| Some(Every { interval, count });
    match pricing {
        PricingKind::OneTime => None,
        PricingKind::Subscription(Cadence::Monthly) => every(Interval::Month, 1),
        PricingKind::Subscription(Cadence::Yearly) => every(Interval::Year, 1),
        PricingKind::Subscription(Cadence::Custom { days }) => every(Interval::Day, days),
    }
}
