//! Customers, which are purchases with their access. Contract: `repopass.md`, "Admin API", "Customers".
#![warn(missing_docs)]

mod get;
mod list;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use store::Store;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass).get("/api/admin/customers", list::list).get("/api/admin/customers/{id}", get::get)
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
