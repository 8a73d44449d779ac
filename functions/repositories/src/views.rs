//! What the endpoints answer. A subscription's cadence is an extension, shown only where there is one.

use api::Time;
use domain::{
    RepositoryId,
    pricing::{Cadence, PricingKind},
    repository::Repository,
    tally::Tally,
};
use serde::Serialize;
use store::Listed;

/// A repository as Create Repository answers it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedRepository {
    id: RepositoryId,
    slug: String,
    display_name: String,
    github_owner: String,
    github_repo_name: String,
    description: Option<String>,
    cover_image_url: Option<String>,
    #[serde(flatten)]
    pricing: PricingView,
    active: bool,
    created_at: Time,
}

/// A row of List Repositories.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryRow {
    id: RepositoryId,
    slug: String,
    display_name: String,
    #[serde(flatten)]
    pricing: PricingView,
    active: bool,
    purchase_count: i64,
    total_revenue_cents: i64,
    created_at: Time,
}

/// The answer of Get Repository.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryDetail {
    #[serde(flatten)]
    repository: CreatedRepository,
    github_stars: Option<u64>,
    github_last_updated: Option<Time>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    features: Vec<String>,
    stats: Stats,
    updated_at: Time,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PricingView {
    pricing_type: &'static str,
    price_cents: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_cadence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_cadence_days: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    total_purchases: i64,
    active_purchases: i64,
    total_revenue_cents: i64,
}

impl PricingView {
    fn of(kind: PricingKind, price_cents: i64) -> Self {
        let cadence = kind.cadence();
        Self {
            pricing_type: kind.name(),
            price_cents,
            subscription_cadence: cadence.map(Cadence::name),
            custom_cadence_days: cadence.and_then(Cadence::custom_days),
        }
    }
}

impl From<Repository> for CreatedRepository {
    fn from(repository: Repository) -> Self {
        Self {
            id: repository.id,
            slug: repository.slug,
            display_name: repository.display_name.to_string(),
            github_owner: repository.github.owner.to_string(),
            github_repo_name: repository.github.name.to_string(),
            description: repository.description.map(|text| text.to_string()),
            cover_image_url: repository.cover_image_url.map(|url| url.to_string()),
            pricing: PricingView::of(repository.pricing.kind, repository.pricing.price_cents),
            active: repository.active,
            created_at: Time(repository.created_at),
        }
    }
}

impl From<Listed> for RepositoryRow {
    fn from(Listed { repository, tally }: Listed) -> Self {
        Self {
            id: repository.id,
            slug: repository.slug,
            display_name: repository.display_name.to_string(),
            pricing: PricingView::of(repository.pricing.kind, repository.pricing.price_cents),
            active: repository.active,
            purchase_count: tally.completed,
            total_revenue_cents: tally.revenue_cents,
            created_at: Time(repository.created_at),
        }
    }
}

impl From<Listed> for RepositoryDetail {
    fn from(Listed { repository, tally }: Listed) -> Self {
        Self {
            github_stars: repository.github_stars,
            github_last_updated: repository.github_last_updated.map(Time),
            features: repository.features.iter().map(ToString::to_string).collect(),
            stats: tally.into(),
            updated_at: Time(repository.updated_at),
            repository: repository.into(),
        }
    }
}

impl From<Tally> for Stats {
    fn from(tally: Tally) -> Self {
        Self {
            total_purchases: tally.completed,
            active_purchases: tally.active,
            total_revenue_cents: tally.revenue_cents,
        }
    }
}
