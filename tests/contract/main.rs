//! The contracts `repopass.md` and `cargoman.md`, heading by heading: their example requests give their example answers, and
//! whatever is wrong with a request is answered in its shape, never with a failure of ours.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod access_logs;
mod bad_fields;
mod bad_requests;
mod bitbucket_webhook;
mod books;
mod cargoman_access;
mod cargoman_bundles;
mod cargoman_bundles_of_customers;
mod cargoman_customers;
mod cargoman_errors;
mod cargoman_freeze;
mod cargoman_package_ends;
mod cargoman_packages;
mod cargoman_tokens;
mod checkout;
mod composer;
mod customers;
mod dashboard;
mod errors;
mod exports;
mod fuzz;
mod github_webhook;
mod gitlab_webhook;
mod letters;
mod limiter;
mod pagination;
mod products_and_checkout;
mod purchases_of_buyers;
mod rate_limits;
mod repositories;
mod sign_in;
mod sold_together;
mod stripe_webhook;
mod webhook_secrets;

use domain::{
    CompanyId, LogId, RepositoryId,
    log::{Action, Actor, LogEntry, LogStatus},
    pricing::{Pricing, PricingKind},
    repository::{GithubPath, NewRepository, PriceEntry, Repository, Terms},
    text::{DisplayName, GithubLogin, GithubRepositoryName},
};
use journeys::TestStack;

/// Takes a repository off the market.
async fn deactivate(t: &TestStack, repository: &str) {
    let answer = t.delete(&format!("/api/admin/repositories/{repository}")).await;
    assert_eq!(answer.status, 200, "{answer}");
}

/// A repository that is for sale although Stripe could not be reached: as it was while it still could.
async fn listed_without_stripe(t: &TestStack) -> String {
    let (now, company) = (t.now(), CompanyId(1));
    let (owner, name) = (GithubLogin::parse("ctrimm"), GithubRepositoryName::parse("premium-theme"));
    let new = NewRepository {
        github: GithubPath { owner: owner.unwrap(), name: name.unwrap() },
        display_name: DisplayName::parse("Premium Astro Theme").unwrap(),
        description: None,
        cover_image_url: None,
        pricing: Pricing { price_cents: 4900, kind: PricingKind::OneTime },
        features: Vec::new(),
        terms: Terms::default(),
    };
    let id = RepositoryId::generate(now, &t.random);
    let repository = Repository::list(company, id, "premium-astro-theme".to_owned(), "usd".to_owned(), new, now);
    let line = LogId::generate(now, &t.random);
    let entry = LogEntry::new(line, now, Actor::Tollgate, Action::RepositoryCreated, LogStatus::Success);
    let price = PriceEntry::of(&repository, Actor::Tollgate, now);
    t.stack.store.insert_repository(company, &repository, &price, &entry.about_repository(id)).await.unwrap();
    id.to_string()
}
