//! Packages: what is synced from forges, and what customers get and lose with it.

pub(crate) mod purchase;

use domain::{
    CompanyId,
    forge_event::ForgeEvent,
    package::{PackageId, PackageName},
    text::BundleName,
};

use crate::{App, Error};

/// Looks at a package's repository and takes over what is there.
pub(crate) async fn sync(_app: &App, _company: CompanyId, _name: &PackageName) -> Result<(), Error> {
    Ok(())
}

/// Clears away what a deleted package left behind.
pub(crate) async fn forget_package(_: &App, _: CompanyId, _: &PackageName, _: &PackageId) -> Result<(), Error> {
    Ok(())
}

/// Clears away the grants that name a deleted bundle.
pub(crate) async fn forget_bundle(_: &App, _: CompanyId, _: &BundleName) -> Result<(), Error> {
    Ok(())
}

/// Has the packages synced that are made from a repository which changed. Most repositories make none: hooks of whole
/// organisations tell of all of theirs.
pub(crate) async fn pushed(_: &App, event: &ForgeEvent) -> Result<(), Error> {
    let ForgeEvent { forge, delivery, repository_id, path, what, .. } = event;
    tracing::info!(%forge, delivery, ?repository_id, ?path, what, "a repository changed");
    Ok(())
}
