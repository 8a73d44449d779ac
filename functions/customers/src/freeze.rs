//! Freeze Customer.

use std::collections::{BTreeMap, BTreeSet};

use api::{ApiError, Check, FieldProblem, Id, Input, Json, ValidOrNone};
use auth::Admin;
use axum::extract::State;
use domain::{
    CompanyId, Failure, Problem, Timestamp,
    customer::CustomerId,
    grant::{Freeze, Grants, MOST_PINNED, Pinned, normalized},
    log::Action,
    package::{Bundle, Package, PackageName, VersionRecord},
};
use store::{Holder, Store};

use crate::{App, change, views::CustomerView};

/// `POST /api/v1/customers/{id}/freeze`: the customer keeps these versions and gets nothing newer; without a list, all that
/// it may install now. A second time it changes nothing, unless there is another list.
pub(crate) async fn freeze(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    ValidOrNone(Freezing { versions }): ValidOrNone<Freezing>,
) -> Result<Json<CustomerView>, ApiError> {
    let named = versions.as_deref().unwrap_or_default();
    let read = |company| {
        let store = app.store.clone();
        async move {
            let (holder, known) = futures::try_join!(store.holder(company, id), Known::read(&store, company, named))?;
            let granted = holder.iter().flat_map(|holder| holder.grants.bundles.keys());
            let bundles = store.bundles_named(company, granted).await?;
            Ok((holder, Known { bundles, ..known }))
        }
    };
    let (_, after) = change::grants(&app, &admin, Action::CustomerFrozen, read, |before, known, line| {
        let now = line.created_at;
        let customer = before.customer.frozen(now).map_err(change::expired)?;
        let picture = |versions| Freeze::new(now, versions, &before.grants, &known.bundles);
        let frozen = match &versions {
            None => before.grants.frozen.clone().unwrap_or_else(|| picture(None)),
            Some(versions) => {
                known.cover(&before.grants.thawed(), versions, now)?;
                let versions = Some(BTreeSet::from_iter(versions.clone()));
                let same = before.grants.frozen.clone().filter(|frozen| frozen.versions == versions);
                same.unwrap_or_else(|| picture(versions))
            }
        };
        let pinned = frozen.versions.as_ref().map(|versions| versions.len().to_string());
        let grants = Grants { frozen: Some(frozen), ..before.grants.clone() };
        Ok((Holder { customer, grants }, line.with("versions", pinned)))
    })
    .await?;
    Ok(Json(CustomerView::of(after.customer, app.clock.now())))
}

/// What is known of the versions that are named.
struct Known {
    /// The bundles that the customer was granted.
    bundles: Vec<Bundle>,
    packages: BTreeMap<PackageName, Package>,
    versions: Vec<VersionRecord>,
}

impl Known {
    async fn read(store: &Store, company: CompanyId, named: &[Pinned]) -> Result<Self, Failure> {
        let named: BTreeSet<&Pinned> = named.iter().collect();
        let packages: BTreeSet<&PackageName> = named.iter().map(|it| &it.package).collect();
        let versions: Vec<_> = named.iter().map(|it| (&it.package, it.version.as_str())).collect();
        let (packages, versions) =
            futures::try_join!(store.packages_named(company, packages), store.versions_named(company, versions))?;
        let packages = packages.into_iter().map(|it| (it.name.clone(), it)).collect();
        Ok(Self { bundles: Vec::new(), packages, versions })
    }

    /// That each version is one, or was one, and is covered by these grants. A customer that is frozen already is given
    /// another list by what it was granted, not by the list that it has.
    fn cover(&self, grants: &Grants, versions: &[Pinned], now: Timestamp) -> Result<(), ApiError> {
        let problem = |(place, pinned): (usize, &Pinned)| {
            let (field, reason) = self.refusal(grants, pinned, now)?;
            Some(FieldProblem {
                field: format!("versions[{place}].{field}").into(),
                problem: Problem::Unusable { reason },
            })
        };
        let problems: Vec<_> = versions.iter().enumerate().filter_map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(ApiError::fields(problems)) }
    }

    fn refusal(&self, grants: &Grants, pinned: &Pinned, now: Timestamp) -> Option<(&'static str, &'static str)> {
        let Some(package) = self.packages.get(&pinned.package) else {
            return Some(("package", "There is no such package"));
        };
        let is_it = |it: &&VersionRecord| it.normalized == pinned.version && it.package_id == package.package_id;
        let Some(version) = self.versions.iter().find(is_it) else {
            return Some(("version", "The package never had such a version"));
        };
        let covered = grants.access(package, now).is_some_and(|access| access.archives(version).next().is_some());
        (!covered).then_some(("version", "Not covered by what the customer was granted"))
    }
}

#[derive(Debug)]
pub(crate) struct Freezing {
    versions: Option<Vec<Pinned>>,
}

impl Input for Freezing {
    fn check(c: &mut Check) -> Option<Self> {
        let versions = c.objects_or_none("versions", MOST_PINNED, |c| {
            let package = c.text("package", PackageName::parse);
            let version = c.text("version", normalized);
            Some(Pinned { package: package?, version: version? })
        })?;
        if versions.as_ref().is_some_and(Vec::is_empty) {
            let reason = "Name a version, or leave the list out; to take everything away, suspend the customer";
            return c.problem("versions", Problem::Unusable { reason });
        }
        Some(Self { versions })
    }
}
