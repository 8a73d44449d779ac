//! Repositories that are for sale. Contract: `repopass.md`, "Admin API", "Repositories".
#![warn(missing_docs)]

mod change;
mod create;
mod deactivate;
mod fetch_github_data;
mod get;
mod github;
mod list;
mod packages;
mod price;
mod pricing_history;
mod update;
mod views;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use clients::{Github, Stripe};
use domain::{Clock, Random};
use store::Store;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass)
        .post("/api/admin/repositories", create::create)
        .get("/api/admin/repositories", list::list)
        .get("/api/admin/repositories/{id}", get::get)
        .patch("/api/admin/repositories/{id}", update::update)
        .delete("/api/admin/repositories/{id}", deactivate::deactivate)
        .post("/api/admin/repositories/{id}/fetch-github-data", fetch_github_data::fetch_github_data)
        .get("/api/admin/repositories/{id}/pricing-history", pricing_history::pricing_history)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// Confirms callers.
    pub authenticator: Authenticator,
    /// Counts requests.
    pub limiter: Limiter,
    /// To ask what is sold.
    pub github: Github,
    /// Where prices are kept.
    pub stripe: Stripe,
    /// Whether repositories that a person owns are refused.
    pub refuse_personal: bool,
    /// The present time.
    pub clock: Clock,
    /// For ids.
    pub random: Random,
}

impl FromRef<App> for Authenticator {
    fn from_ref(app: &App) -> Self {
        app.authenticator.clone()
    }
}

impl FromRef<App> for Limiter {
    fn from_ref(app: &App) -> Self {
        app.limiter.clone()
    }
}
