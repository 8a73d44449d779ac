//! Add Package.

use api::{ApiError, Check, Created, Input, Kind, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    forge::ForgeKind,
    log::Action,
    package::{Index, Package, PackageId, PackageName},
};

use super::source::{self, Address};
use crate::{App, views::PackageDetail};

/// `POST /api/v1/packages`: take a package over from its repository. The first sync is asked for at once; only it tells
/// whether the repository is there.
pub(crate) async fn add(
    admin: Admin,
    State(app): State<App>,
    Valid(new): Valid<New>,
) -> Result<Created<PackageDetail>, ApiError> {
    let (source, repository) = source::at(&app.hosts, new.forge, &new.address)?;
    let caller = admin.confirmed().await?;
    let now = app.clock.now();
    let package = Package::new(PackageId::generate(&app.random), new.name, source, new.dev_branches, now);
    let entry = caller
        .record(Action::PackageAdded, now, &app.random)
        .with("package", Some(package.name.as_str()))
        .with("repositoryUrl", Some(package.source.repository_url.as_str()));
    if !app.store.insert_package(caller.company, &package, &[repository.key()], &entry).await? {
        let taken = app.store.package(caller.company, &package.name).await?.is_some();
        return Err(ApiError::new(Kind::Conflict, if taken { TAKEN } else { NOT_CLEARED }));
    }
    super::ask(&app, caller.company, &package.name).await;
    Ok(Created(PackageDetail::of(&package, &Index::default(), now)))
}

const TAKEN: &str = "There is a package of this name already";
const NOT_CLEARED: &str =
    "What a deleted package of this name left behind is still being cleared away; try again later";

#[derive(Debug)]
pub(crate) struct New {
    name: PackageName,
    forge: Option<ForgeKind>,
    address: Address,
    dev_branches: bool,
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let name = c.text("name", PackageName::parse);
        let address = c.text("repository_url", Address::parse);
        let forge = c.text_or_none("type", source::parse_kind);
        let dev_branches = c.flag_if_given("dev_branches");
        Some(Self { name: name?, forge: forge?, address: address?, dev_branches: dev_branches?.unwrap_or(false) })
    }
}
