//! What strangers may do: look at a product and buy it. Contract: `repopass.md`, "Public API".
#![warn(missing_docs)]

mod account;
mod checkout;
mod product;
mod purchase;

use api::{Api, Family};
use auth::{Limiter, PurchaseLinks};
use axum::extract::FromRef;
use clients::{Github, Stripe};
use domain::{Clock, Random};
use jobs::Queue;
use store::Store;

/// The endpoints. The gateway sends this function what no route matches, too, so that it is refused in the family's envelope.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass)
        .get("/api/products/{slug}", product::get)
        .post("/api/checkout", checkout::create)
        .get("/api/purchases/{id}", purchase::get::get)
        .post("/api/purchases/{id}/invitation", purchase::invitation::resend)
        .post("/api/purchases/{id}/account", purchase::account::change)
        .post("/api/purchases/{id}/billing-portal", purchase::stripe::portal)
        .post("/api/purchases/{id}/composer-token", purchase::composer::issue)
        .get("/purchases/{id}", purchase::page::show)
        .post("/purchases/{id}/invitation", purchase::page::resend)
        .post("/purchases/{id}/account", purchase::page::change_account)
        .post("/purchases/{id}/composer-token", purchase::composer::issue_on_page)
        .get("/purchases/{id}/billing-portal", purchase::stripe::go_to_portal)
        .get("/purchases/{id}/receipt", purchase::stripe::go_to_receipt)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// Counts requests.
    pub limiter: Limiter,
    /// To ask whether the buyer's account exists.
    pub github: Github,
    /// To have the buyer pay.
    pub stripe: Stripe,
    /// Links to purchases.
    pub links: PurchaseLinks,
    /// Where entitlements go that GitHub has to be made to match.
    pub access: Queue,
    /// Where purchases go whose letters may be due.
    pub deliveries: Queue,
    /// The present time.
    pub clock: Clock,
    /// For ids.
    pub random: Random,
    /// Where buyers reach us, without a slash at the end.
    pub public_url: String,
}

impl FromRef<App> for PurchaseLinks {
    fn from_ref(app: &App) -> Self {
        app.links.clone()
    }
}

impl FromRef<App> for Limiter {
    fn from_ref(app: &App) -> Self {
        app.limiter.clone()
    }
}
