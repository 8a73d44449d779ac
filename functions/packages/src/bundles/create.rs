//! Create Bundle.

use std::collections::BTreeSet;

use api::{ApiError, Check, Created, Input, Kind, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    CompanyId,
    log::Action,
    package::{Bundle, PackageName},
    text::BundleName,
};

use super::{all_there, check_packages, contended};
use crate::{App, TRIES, views::BundleView};

/// `POST /api/v1/bundles`: packages that are to be sold together.
pub(crate) async fn create(
    admin: Admin,
    State(app): State<App>,
    Valid(New { name, packages }): Valid<New>,
) -> Result<Created<BundleView>, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.packages_named(company, &packages)).await?;
    let now = app.clock.now();
    let bundle = Bundle { name, packages, created_at: now, updated_at: now, rev: 1 };
    let names: Vec<&str> = bundle.packages.iter().map(PackageName::as_str).collect();
    let entry = caller
        .record(Action::BundleCreated, now, &app.random)
        .with("bundle", Some(bundle.name.as_str()))
        .with("packages", Some(names.join(", ")));
    for _ in 0..TRIES {
        all_there(&bundle.name, &bundle.packages, &found)?;
        if app.store.change_bundle(caller.company, (None, Some(&bundle)), &found, &entry).await? {
            return Ok(Created(bundle.into()));
        }
        free(&app, caller.company, &bundle.name).await?;
        found = app.store.packages_named(caller.company, &bundle.packages).await?;
    }
    Err(contended())
}

async fn free(app: &App, company: CompanyId, name: &BundleName) -> Result<(), ApiError> {
    if app.store.bundle(company, name).await?.is_some() {
        return Err(ApiError::new(Kind::Conflict, "There is a bundle of this name already"));
    }
    if app.store.leftover_of_bundle(company, name).await?.is_some() {
        let message = "What a deleted bundle of this name left behind is still being cleared away; try again later";
        return Err(ApiError::new(Kind::Conflict, message));
    }
    Ok(())
}

#[derive(Debug)]
pub(crate) struct New {
    name: BundleName,
    packages: BTreeSet<PackageName>,
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let name = c.text("name", BundleName::parse);
        let packages = check_packages(c);
        Some(Self { name: name?, packages: packages? })
    }
}
