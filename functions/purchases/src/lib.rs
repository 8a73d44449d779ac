//! Customers, which are purchases with their access. Contract: `repopass.md`, "Admin API", "Customers" and
//! "Access Logs".
#![warn(missing_docs)]

mod decide;
mod export;
mod flag;
mod get;
mod list;
mod logs;
mod revoke;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use domain::{Clock, Random};
use jobs::Queue;
use store::Store;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass)
        .get("/api/admin/customers", list::list)
        .get("/api/admin/customers/{id}", get::get)
        .patch("/api/admin/customers/{id}/revoke", revoke::revoke)
        .post("/api/admin/customers/{id}/revoke", revoke::revoke)
        .post("/api/admin/customers/{id}/flag", flag::flag)
        .get("/api/admin/access-logs", logs::logs)
        .get("/api/admin/customers.csv", export::customers)
        .get("/api/admin/access-logs.csv", export::access_logs)
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
    /// Where entitlements go that GitHub has to be made to match, and subscriptions and checkouts that have to
    /// end.
    pub access: Queue,
    /// Where purchases go whose letters may be due.
    pub deliveries: Queue,
    /// The present time.
    pub clock: Clock,
    /// For the ids of log lines.
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
