//! Create Repository.

use api::{ApiError, Check, Created, Input, Kind, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    LogId, RepositoryId,
    log::{Action, Actor, LogEntry, LogStatus},
    pricing::{CadenceName, Pricing, PricingKind, PricingType, parse_cadence_days, parse_price_cents},
    repository::{GithubPath, NewRepository, Repository, Terms, slug},
    text::{Description, DisplayName, Feature, GithubLogin, GithubRepositoryName, WebUrl},
};
use store::ListingRefused;

use crate::{App, views::CreatedRepository};

/// How many repositories may share a display name before the vendor is asked for another one.
const MOST_NAMESAKES: usize = 50;

/// `POST /api/admin/repositories`: list a repository for sale.
pub(crate) async fn create(
    admin: Admin,
    State(app): State<App>,
    Valid(New(new)): Valid<New>,
) -> Result<Created<CreatedRepository>, ApiError> {
    let company = admin.reading(|company| app.store.company(company)).await?.ok_or_else(ApiError::unauthenticated)?;
    let now = app.clock.now();
    let id = RepositoryId::generate(now, &app.random);
    for taken in 0..MOST_NAMESAKES {
        let slug = slug(&new.display_name, taken);
        let repository = Repository::list(company.id, id, slug, company.currency.clone(), new.clone(), now);
        let entry = LogEntry::new(
            LogId::generate(now, &app.random),
            now,
            Actor::Tollgate,
            Action::RepositoryCreated,
            LogStatus::Success,
        )
        .about_repository(id)
        .with("repositoryFullName", Some(repository.github.to_string()));
        match app.store.insert_repository(company.id, &repository, &entry).await {
            Ok(()) => return Ok(Created(repository.into())),
            Err(ListingRefused::SlugTaken) => {}
            Err(ListingRefused::GithubPathTaken) => {
                return Err(ApiError::new(Kind::Conflict, "This repository is listed already"));
            }
            Err(ListingRefused::Failure(failure)) => return Err(failure.into()),
        }
    }
    Err(ApiError::new(Kind::Conflict, "Too many repositories have this display name"))
}

#[derive(Debug)]
pub(crate) struct New(NewRepository);

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let owner = c.text("githubOwner", GithubLogin::parse);
        let name = c.text("githubRepoName", GithubRepositoryName::parse);
        let display_name = c.text("displayName", DisplayName::parse);
        let description = c.text_or_none("description", Description::parse);
        let cover_image_url = c.text_or_none("coverImageUrl", WebUrl::parse);
        let features = c.texts("features", 20, Feature::parse);
        let pricing = pricing(c);
        Some(Self(NewRepository {
            github: GithubPath { owner: owner?, name: name? },
            display_name: display_name?,
            description: description?,
            cover_image_url: cover_image_url?,
            pricing: pricing?,
            features: features?,
            terms: Terms::default(),
        }))
    }
}

/// Each field by itself first, so that all wrong ones are named, then whether they go together.
fn pricing(c: &mut Check) -> Option<Pricing> {
    let pricing_type = c.text("pricingType", PricingType::parse);
    let price_cents = c.integer("priceCents", parse_price_cents);
    let cadence = c.text_or_none("subscriptionCadence", CadenceName::parse);
    let days = c.integer_or_none("customCadenceDays", parse_cadence_days);
    let kind = match PricingKind::combine(pricing_type?, cadence?, days?) {
        Ok(kind) => Some(kind),
        Err((field, problem)) => c.problem(field, problem),
    };
    Some(Pricing { price_cents: price_cents?, kind: kind? })
}
