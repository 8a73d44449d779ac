//! Packages and bundles. Contract: `cargoman.md`, "Packages" and "Bundles".
#![warn(missing_docs)]

mod bundles;
mod packages;
mod views;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use domain::{Clock, Random, forge::ForgeHosts};
use jobs::Queue;
use store::{Indexes, Store};

/// How often a change is made anew because somebody else changed the same meanwhile.
const TRIES: usize = 5;

/// The endpoints. A package's name has two forms in a path ([`api::PackagePath`]), so each of its endpoints is here twice.
/// Not in the contract: changing a package, asking how a sync stands, who has a package, and getting a bundle.
pub fn api() -> Api<App> {
    Api::new(Family::Cargoman)
        .get("/api/v1/packages", packages::list::list)
        .post("/api/v1/packages", packages::add::add)
        .get("/api/v1/packages/{name}", packages::get::get)
        .get("/api/v1/packages/{vendor}/{package}", packages::get::get)
        .patch("/api/v1/packages/{name}", packages::change::change)
        .patch("/api/v1/packages/{vendor}/{package}", packages::change::change)
        .delete("/api/v1/packages/{name}", packages::remove::remove)
        .delete("/api/v1/packages/{vendor}/{package}", packages::remove::remove)
        .post("/api/v1/packages/{name}/sync", packages::sync::sync)
        .post("/api/v1/packages/{vendor}/{package}/sync", packages::sync::sync)
        .get("/api/v1/packages/{name}/sync/{task}", packages::task::task)
        .get("/api/v1/packages/{vendor}/{package}/sync/{task}", packages::task::task)
        .get("/api/v1/packages/{name}/customers", packages::customers::customers)
        .get("/api/v1/packages/{vendor}/{package}/customers", packages::customers::customers)
        .get("/api/v1/bundles", bundles::list::list)
        .post("/api/v1/bundles", bundles::create::create)
        .get("/api/v1/bundles/{name}", bundles::get::get)
        .patch("/api/v1/bundles/{name}", bundles::change::change)
        .delete("/api/v1/bundles/{name}", bundles::remove::remove)
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
    /// Where packages go that are to be synced or cleared away.
    pub queue: Queue,
    /// Which repositories an address may name.
    pub hosts: ForgeHosts,
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
