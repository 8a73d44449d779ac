//! How the business goes. Contract: `repopass.md`, "Admin API", "Dashboard".
#![warn(missing_docs)]

mod get;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use domain::Clock;
use store::Store;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass).get("/api/admin/dashboard", get::get)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// Confirms credentials.
    pub authenticator: Authenticator,
    /// Counts requests.
    pub limiter: Limiter,
    /// The present time.
    pub clock: Clock,
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
