//! Customers who install packages, and what they were granted. Contract: `cargoman.md`, "Customers", "Tokens" and
//! "Package Access".
#![warn(missing_docs)]

mod bundles;
mod change;
mod create;
mod delete;
mod freeze;
mod get;
mod limits;
mod list;
mod packages;
mod reactivate;
mod suspend;
mod token;
mod update;
mod views;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use domain::{Clock, Random};
use store::{Indexes, Store};

/// The endpoints. Those of bundles are an extension: the contract has bundles, and no way to give one to a customer.
pub fn api() -> Api<App> {
    Api::new(Family::Cargoman)
        .post("/api/v1/customers", create::create)
        .get("/api/v1/customers", list::list)
        .get("/api/v1/customers/{id}", get::get)
        .get("/api/v1/customers/by-external/{external_id}", get::by_external_id)
        .patch("/api/v1/customers/{id}", update::update)
        .delete("/api/v1/customers/{id}", delete::delete)
        .post("/api/v1/customers/{id}/suspend", suspend::suspend)
        .post("/api/v1/customers/{id}/reactivate", reactivate::reactivate)
        .post("/api/v1/customers/{id}/freeze", freeze::freeze)
        .post("/api/v1/customers/{id}/token/regenerate", token::regenerate)
        .delete("/api/v1/customers/{id}/token", token::revoke)
        .get("/api/v1/customers/{id}/packages", packages::list::list)
        .post("/api/v1/customers/{id}/packages", packages::grant::grant)
        .put("/api/v1/customers/{id}/packages", packages::replace::replace)
        .delete("/api/v1/customers/{id}/packages/{package}", packages::revoke::revoke)
        .delete("/api/v1/customers/{id}/packages/{vendor}/{package}", packages::revoke::revoke)
        .get("/api/v1/customers/{id}/bundles", bundles::list::list)
        .post("/api/v1/customers/{id}/bundles", bundles::grant::grant)
        .delete("/api/v1/customers/{id}/bundles/{bundle}", bundles::revoke::revoke)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The packages' versions.
    pub indexes: Indexes,
    /// Confirms callers.
    pub authenticator: Authenticator,
    /// Counts requests.
    pub limiter: Limiter,
    /// The present time.
    pub clock: Clock,
    /// For tokens, and the ids of log lines.
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
