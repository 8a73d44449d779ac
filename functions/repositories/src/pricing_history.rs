//! What a repository cost and costs, an extension of the contract, which only names the table.

use api::{ApiError, Id, Json, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{RepositoryId, Timestamp, repository::PriceEntry};
use serde::Serialize;

use crate::{App, views::PricingView};

/// `GET /api/admin/repositories/{id}/pricing-history`: its prices, newest first.
pub(crate) async fn pricing_history(
    viewer: Viewer,
    State(app): State<App>,
    Id(id): Id<RepositoryId>,
) -> Result<Json<PricingHistory>, ApiError> {
    let prices = viewer.reading(|company| app.store.prices(company, id)).await?;
    // Each repository has had a price since it was listed.
    if prices.is_empty() { Err(ApiError::not_found()) } else { Ok(Json(prices.into())) }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PricingHistory {
    pricing_history: Vec<Price>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Price {
    #[serde(flatten)]
    pricing: PricingView,
    stripe_product_id: Option<String>,
    stripe_price_id: Option<String>,
    changed_by: String,
    effective_from: Time,
    effective_until: Option<Time>,
}

impl From<Vec<PriceEntry>> for PricingHistory {
    /// A price ends when the next one begins.
    fn from(newest_first: Vec<PriceEntry>) -> Self {
        let mut until: Option<Timestamp> = None;
        let shown = |price: PriceEntry| {
            let (product, at_stripe) = price.stripe.map(|stripe| (stripe.product, stripe.price)).unzip();
            let effective_until = until.replace(price.effective_from).map(Time);
            Price {
                pricing: PricingView::of(price.pricing.kind, price.pricing.price_cents),
                stripe_product_id: product,
                stripe_price_id: at_stripe,
                changed_by: price.changed_by.name().to_owned(),
                effective_from: Time(price.effective_from),
                effective_until,
            }
        };
        Self { pricing_history: newest_first.into_iter().map(shown).collect() }
    }
}
