//! What the endpoints answer. A subscription's cadence, terms other than the usual and warnings are extensions, shown only
//! where there are some.

use api::{SoldPackages, Time};
use domain::{
    RepositoryId,
    pricing::{Cadence, PricingKind},
    repository::{RefundPolicy, Repository, Terms, Warning},
    tally::Tally,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
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
    #[serde(flatten)]
    terms: TermsView,
    #[serde(skip_serializing_if = "SoldPackages::is_empty")]
    packages: SoldPackages,
    active: bool,
    created_at: Time,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
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

/// The answer of Update Repository: the fields of the contract's example, and those of the others that changed. A description
/// is not repeated, as in the example.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdatedRepository {
    id: RepositoryId,
    display_name: String,
    price_cents: i64,
    #[serde(flatten)]
    changed: Map<String, Value>,
    updated_at: Time,
}

#[derive(Debug, Serialize)]
struct WarningView {
    code: &'static str,
    message: &'static str,
}

/// What is agreed with buyers, as far as it is not the usual.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TermsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_days: Option<u32>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PricingView {
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
    pub(crate) fn of(kind: PricingKind, price_cents: i64) -> Self {
        let cadence = kind.cadence();
        Self {
            pricing_type: kind.name(),
            price_cents,
            subscription_cadence: cadence.map(Cadence::name),
            custom_cadence_days: cadence.and_then(Cadence::custom_days),
        }
    }
}

impl From<Terms> for TermsView {
    fn from(Terms { refund_policy, grace_days }: Terms) -> Self {
        let unusual = refund_policy != RefundPolicy::default();
        Self { refund_policy: unusual.then(|| refund_policy.name()), grace_days }
    }
}

impl From<Warning> for WarningView {
    fn from(warning: Warning) -> Self {
        Self { code: warning.code(), message: warning.message() }
    }
}

impl UpdatedRepository {
    /// What a change answers.
    pub(crate) fn of(before: &Repository, after: &Repository) -> Self {
        let (old, new) = (changeable(before), changeable(after));
        let changed = new.into_iter().filter(|(name, value)| old.get(name) != Some(value));
        Self {
            id: after.id,
            display_name: after.display_name.to_string(),
            price_cents: after.pricing.price_cents,
            changed: changed.collect(),
            updated_at: Time(after.updated_at),
        }
    }
}

/// The fields that a change shows only when it concerns them.
fn changeable(repository: &Repository) -> Map<String, Value> {
    let cadence = repository.pricing.kind.cadence();
    let fields = [
        ("coverImageUrl", json!(repository.cover_image_url)),
        ("features", json!(repository.features)),
        ("pricingType", json!(repository.pricing.kind.name())),
        ("subscriptionCadence", json!(cadence.map(Cadence::name))),
        ("customCadenceDays", json!(cadence.and_then(Cadence::custom_days))),
        ("refundPolicy", json!(repository.terms.refund_policy.name())),
        ("graceDays", json!(repository.terms.grace_days)),
        ("packages", json!(SoldPackages(repository.packages.clone()))),
        ("active", json!(repository.active)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl From<Repository> for CreatedRepository {
    fn from(repository: Repository) -> Self {
        Self {
            warnings: repository.warnings().into_iter().map(WarningView::from).collect(),
            terms: repository.terms.into(),
            packages: SoldPackages(repository.packages),
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
