//! Update Bundle.

use std::collections::BTreeSet;

use api::{ApiError, BundlePath, Check, Input, Json, Valid};
use auth::{Admin, Confirmed};
use axum::extract::State;
use domain::{
    Problem,
    log::Action,
    package::{Bundle, Package, PackageName},
    text::BundleName,
};
use store::MOST_IN_BUNDLE;

use super::{contended, packages};
use crate::{App, TRIES, views::BundleView};

/// `PATCH /api/v1/bundles/{name}`: other packages instead of those that are in it. Who has the bundle gains and loses them at
/// once. Its name stays: grants know it by that.
pub(crate) async fn change(
    admin: Admin,
    State(app): State<App>,
    BundlePath(name): BundlePath,
    Valid(patch): Valid<Patch>,
) -> Result<Json<BundleView>, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.bundle(company, &name)).await?;
    if patch.name.is_some_and(|new| new != name) {
        return Err(ApiError::field("name", Problem::Unusable { reason: "A bundle cannot be renamed" }));
    }
    // A change of all packages takes two steps, and then each step as many tries.
    for _ in 0..2 * TRIES {
        let before = found.ok_or_else(ApiError::not_found)?;
        let Some(wanted) = patch.packages.as_ref().filter(|wanted| **wanted != before.packages) else {
            return Ok(Json(before.into()));
        };
        let known = packages(&app, caller.company, &name, &(wanted | &before.packages)).await;
        let (step, moved) = step(&before.packages, wanted, known?);
        let after = Bundle { packages: step, updated_at: app.clock.now(), ..before.clone() };
        if write(&app, &caller, (&before, &after), &moved).await? && after.packages == *wanted {
            return Ok(Json(after.into()));
        }
        found = app.store.bundle(caller.company, &name).await?;
    }
    Err(contended())
}

/// What is in the bundle after the next step, and the packages that come or go with it: as many as fit into one transaction,
/// those that go first.
fn step(
    before: &BTreeSet<PackageName>,
    wanted: &BTreeSet<PackageName>,
    known: Vec<Package>,
) -> (BTreeSet<PackageName>, Vec<Package>) {
    let mut moving: Vec<&PackageName> = before.difference(wanted).chain(wanted.difference(before)).collect();
    moving.truncate(MOST_IN_BUNDLE);
    let mut after = before.clone();
    for name in &moving {
        if !after.remove(*name) {
            after.insert((*name).clone());
        }
    }
    let moved = known.into_iter().filter(|package| moving.contains(&&package.name)).collect();
    (after, moved)
}

async fn write(
    app: &App,
    caller: &Confirmed,
    (before, after): (&Bundle, &Bundle),
    moved: &[Package],
) -> Result<bool, ApiError> {
    let listed = |names: &BTreeSet<PackageName>| names.iter().map(PackageName::as_str).collect::<Vec<_>>().join(", ");
    let entry = caller
        .record(Action::BundleUpdated, after.updated_at, &app.random)
        .with("bundle", Some(after.name.as_str()))
        .changing("packages", &listed(&before.packages), &listed(&after.packages));
    Ok(app.store.change_bundle(caller.company, (Some(before), Some(after)), moved, &entry).await?)
}

#[derive(Debug)]
pub(crate) struct Patch {
    name: Option<BundleName>,
    packages: Option<BTreeSet<PackageName>>,
}

impl Input for Patch {
    fn check(c: &mut Check) -> Option<Self> {
        let name = c.text_if_given("name", BundleName::parse);
        // An empty list takes all that the customers have of it away, so it has to be written as one.
        let packages = c.if_given("packages", super::check_packages);
        Some(Self { name: name?, packages: packages? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(range: std::ops::Range<usize>) -> BTreeSet<PackageName> {
        range.map(|number| PackageName::parse(&format!("acme/p{number}")).unwrap()).collect()
    }

    #[test]
    fn a_change_of_everything_takes_two_steps_and_first_what_goes_goes() {
        let (before, wanted) = (names(0..MOST_IN_BUNDLE), names(100..100 + MOST_IN_BUNDLE));
        let (first, _) = step(&before, &wanted, Vec::new());
        assert!(first.is_empty());
        assert_eq!(step(&first, &wanted, Vec::new()).0, wanted);
        assert_eq!(step(&names(0..3), &names(1..5), Vec::new()).0, names(1..5));
    }
}
