//! Packages: what is synced from forges, and what customers get and lose with it.

mod fetch;
mod forget;
mod lease;
mod pushed;
mod refs;
mod sync;

use domain::{CompanyId, PurchaseId};

pub(crate) use forget::{forget_bundle, forget_package};
pub(crate) use pushed::pushed;
pub(crate) use sync::sync;

use crate::{App, Error};

/// Gives a purchase's customer the packages that are sold with the repository, or takes them back.
#[expect(clippy::unused_async, reason = "its real work comes with the next change")]
pub(crate) async fn grant_purchase(_: &App, _: CompanyId, _: PurchaseId) -> Result<(), Error> {
    Ok(())
}
