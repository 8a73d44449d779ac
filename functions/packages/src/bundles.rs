//! Bundles: packages that are sold together.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod remove;

use std::collections::BTreeSet;

use api::{ApiError, Check, Kind};
use domain::{
    CompanyId, Problem,
    package::{Package, PackageName},
    text::BundleName,
};
use store::MOST_IN_BUNDLE;

use crate::App;

/// In how many bundles a package may be: it leaves all of them in one transaction when it is deleted.
const MOST_BUNDLES: usize = 90;

/// The packages of these names, each of which has to be there and to fit into one more bundle.
async fn packages(
    app: &App,
    company: CompanyId,
    bundle: &BundleName,
    names: &BTreeSet<PackageName>,
) -> Result<Vec<Package>, ApiError> {
    let packages = app.store.packages_named(company, names).await?;
    all_there(bundle, names, &packages)?;
    Ok(packages)
}

fn all_there(bundle: &BundleName, names: &BTreeSet<PackageName>, packages: &[Package]) -> Result<(), ApiError> {
    let there: BTreeSet<&PackageName> = packages.iter().map(|package| &package.name).collect();
    let missing: Vec<&str> = names.iter().filter(|name| !there.contains(name)).map(PackageName::as_str).collect();
    if !missing.is_empty() {
        let message = format!("There is no package called {}", missing.join(", "));
        return Err(ApiError::field("packages", Problem::Explained { message }));
    }
    let full = |package: &&Package| package.bundles.len() >= MOST_BUNDLES && !package.bundles.contains(bundle);
    if let Some(full) = packages.iter().find(full) {
        let message = format!("{} is in {MOST_BUNDLES} bundles already, which is the most", full.name);
        return Err(ApiError::field("packages", Problem::Explained { message }));
    }
    Ok(())
}

/// The list `packages` of a body.
fn check_packages(c: &mut Check) -> Option<BTreeSet<PackageName>> {
    let named = c.texts("packages", MOST_IN_BUNDLE, PackageName::parse)?;
    let mut packages = BTreeSet::new();
    for name in named {
        if packages.contains(&name) {
            return c.problem("packages", Problem::Explained { message: format!("{name} is in the list twice") });
        }
        packages.insert(name);
    }
    Some(packages)
}

/// It was decided again and again, and somebody else was always faster.
fn contended() -> ApiError {
    ApiError::new(Kind::Conflict, "The bundle, or a package in it, keeps changing; try again")
}
