//! Create Repository.

use api::{ApiError, Check, Created, Input, Kind, Valid};
use auth::{Admin, Confirmed};
use axum::extract::State;
use domain::{
    RepositoryId,
    log::Action,
    pricing::{CadenceName, Pricing, PricingKind, PricingType, parse_cadence_days, parse_price_cents},
    repository::{
        GithubPath, NewRepository, Packages, PriceEntry, RefundPolicy, Repository, Terms, parse_grace_days, slug,
    },
    text::{Description, DisplayName, Feature, GithubLogin, GithubRepositoryName, WebUrl},
};
use store::ListingRefused;

use crate::{App, github, packages, price, views::CreatedRepository};

/// How many repositories may share a display name before the vendor is asked for another one.
const MOST_NAMESAKES: usize = 50;

/// `POST /api/admin/repositories`: list a repository for sale. GitHub has to know it, and Stripe gets its price.
pub(crate) async fn create(
    admin: Admin,
    State(app): State<App>,
    Valid(New { new, packages }): Valid<New>,
) -> Result<Created<CreatedRepository>, ApiError> {
    let known = |company| {
        let (store, path, packages) = (app.store.clone(), new.github.clone(), packages.clone());
        async move {
            futures::try_join!(
                store.company(company),
                store.is_listed(company, &path),
                packages::missing(&store, company, &packages)
            )
        }
    };
    let (caller, (company, listed, missing)) = admin.confirmed_reading(known).await?;
    let company = company.ok_or_else(ApiError::unauthenticated)?;
    if listed {
        return Err(listed_already());
    }
    packages::all_there(&missing)?;
    let (path, seen) = github::find(&app, &new.github).await?;
    let (id, now) = (RepositoryId::generate(app.clock.now(), &app.random), app.clock.now());
    let new = NewRepository { github: path, ..new };
    let slug = slug(&new.display_name, 0);
    let mut repository = Repository::list(company.id, id, slug, company.currency, new, now).seeing(&seen, now);
    repository.packages = packages;
    repository.stripe = Some(price::make(&app, &repository, repository.display_name.as_str()).await?);
    insert(&app, repository, &caller).await.map(|repository| Created(repository.into()))
}

/// Writes it, under the first slug of its name that is free.
async fn insert(app: &App, mut repository: Repository, caller: &Confirmed) -> Result<Repository, ApiError> {
    let now = repository.created_at;
    let price = PriceEntry::of(&repository, caller.actor.clone(), now);
    let entry = caller
        .record(Action::RepositoryCreated, now, &app.random)
        .about_repository(repository.id)
        .with("repositoryFullName", Some(repository.github.to_string()));
    for taken in 0..MOST_NAMESAKES {
        repository.slug = slug(&repository.display_name, taken);
        match app.store.insert_repository(repository.company, &repository, &price, &entry).await {
            Ok(()) => return Ok(repository),
            Err(ListingRefused::SlugTaken) => {}
            Err(ListingRefused::GithubPathTaken) => return Err(listed_already()),
            Err(ListingRefused::Failure(failure)) => return Err(failure.into()),
        }
    }
    Err(ApiError::new(Kind::Conflict, "Too many repositories have this display name"))
}

fn listed_already() -> ApiError {
    ApiError::new(Kind::Conflict, "This repository is listed already")
}

#[derive(Debug)]
pub(crate) struct New {
    new: NewRepository,
    packages: Packages,
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let owner = c.text("githubOwner", GithubLogin::parse);
        let name = c.text("githubRepoName", GithubRepositoryName::parse);
        let display_name = c.text("displayName", DisplayName::parse);
        let description = c.text_or_none("description", Description::parse);
        let cover_image_url = c.text_or_none("coverImageUrl", WebUrl::parse);
        let features = c.texts("features", 20, Feature::parse);
        let pricing = pricing(c);
        let refund_policy = c.text_or_none("refundPolicy", RefundPolicy::parse);
        let grace_days = c.integer_or_none("graceDays", parse_grace_days);
        let packages = packages::check(c);
        let new = NewRepository {
            github: GithubPath { owner: owner?, name: name? },
            display_name: display_name?,
            description: description?,
            cover_image_url: cover_image_url?,
            pricing: pricing?,
            features: features?,
            terms: Terms { refund_policy: refund_policy?.unwrap_or_default(), grace_days: grace_days? },
        };
        Some(Self { new, packages: packages? })
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
