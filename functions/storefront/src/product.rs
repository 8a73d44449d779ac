//! Get Product Details.

use api::{ApiError, Id, Json, SoldPackages};
use auth::Visitor;
use axum::extract::State;
use domain::{
    RepositoryId,
    pricing::Cadence,
    rate,
    repository::{Repository, Slug},
};
use serde::Serialize;

use crate::App;

/// `GET /api/products/{slug}`: what a buyer sees. One that is not for sale any more is not there (ruling 22).
pub(crate) async fn get(
    visitor: Visitor,
    State(app): State<App>,
    Id(slug): Id<Slug>,
) -> Result<Json<Product>, ApiError> {
    let repository = visitor.reading(&rate::ANONYMOUS, app.store.product_by_slug(&slug)).await?;
    let repository = repository.filter(|repository| repository.active);
    repository.map(|repository| Json(repository.into())).ok_or_else(ApiError::not_found)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Product {
    id: RepositoryId,
    slug: String,
    display_name: String,
    description: Option<String>,
    cover_image_url: Option<String>,
    pricing_type: &'static str,
    price_cents: i64,
    subscription_cadence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_cadence_days: Option<u32>,
    github_owner: String,
    github_repo_name: String,
    github_stars: Option<u64>,
    features: Vec<String>,
    #[serde(skip_serializing_if = "SoldPackages::is_empty")]
    packages: SoldPackages,
}

impl From<Repository> for Product {
    fn from(repository: Repository) -> Self {
        let cadence = repository.pricing.kind.cadence();
        Self {
            id: repository.id,
            slug: repository.slug,
            display_name: repository.display_name.to_string(),
            description: repository.description.map(|text| text.to_string()),
            cover_image_url: repository.cover_image_url.map(|url| url.to_string()),
            pricing_type: repository.pricing.kind.name(),
            price_cents: repository.pricing.price_cents,
            subscription_cadence: cadence.map(Cadence::name),
            custom_cadence_days: cadence.and_then(Cadence::custom_days),
            github_owner: repository.github.owner.to_string(),
            github_repo_name: repository.github.name.to_string(),
            github_stars: repository.github_stars,
            features: repository.features.iter().map(ToString::to_string).collect(),
            packages: SoldPackages(repository.packages),
        }
    }
}
