//! Repositories that are for sale. Contract: `repopass.md`, "Admin API", "Repositories".
#![warn(missing_docs)]

mod create;
mod get;
mod list;
mod views;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use domain::{Clock, Random};
use store::Store;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass)
        .post("/api/admin/repositories", create::create)
        .get("/api/admin/repositories", list::list)
        .get("/api/admin/repositories/{id}", get::get)
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
