//! A purchase, for its buyer: whoever has its link. The same as JSON for programs and as a page for people.

pub(crate) mod account;
pub(crate) mod composer;
pub(crate) mod get;
pub(crate) mod invitation;
pub(crate) mod page;
pub(crate) mod stripe;

use api::ApiError;
use auth::Buyer;
use domain::{
    PurchaseId,
    log::{Action, Actor, LogEntry},
    purchase::Purchase,
};

use crate::App;

/// How often a change is decided anew because somebody else changed the purchase meanwhile.
const TRIES: usize = 4;

/// The purchase that the caller's link opens, as it is now.
async fn read(app: &App, buyer: &Buyer, id: PurchaseId) -> Result<Purchase, ApiError> {
    let (_, purchase) = buyer.reading(id, |company| app.store.purchase(company, id)).await?;
    purchase.ok_or_else(ApiError::not_found)
}

/// A line of the log about what a buyer did.
fn line(app: &App, buyer: &Buyer, before: &Purchase, after: &Purchase, action: Action) -> LogEntry {
    let entry = buyer.request().record(Actor::Buyer, action, app.clock.now(), &app.random);
    entry.of_change(before, after)
}
