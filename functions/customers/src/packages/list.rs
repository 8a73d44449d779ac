//! List Customer Packages.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{ApiError, Check, Cursors, Id, Input, Json, Listing, PageQuery, Params};
use auth::Viewer;
use axum::extract::State;
use domain::{
    CompanyId, Failure, PurchaseId, Timestamp,
    customer::CustomerId,
    grant::{Access, Grant, is_stable, open},
    package::{Bundle, Index, Package, PackageName},
    text::BundleName,
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use store::{Downloads, Holder};

use crate::{App, limits::LimitsView};

/// How many indexes are read at the same time.
const AT_ONCE: usize = 8;

/// `GET /api/v1/customers/{id}/packages`: what the customer was granted, by package, with the versions that it may install.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    Params(query): Params<Query>,
) -> Result<Json<Listing<Row>>, ApiError> {
    let cursors = Cursors::new(&viewer.key(), "packages-of-customer", &[("customer", Some(id.to_string()))]);
    let store = &app.store;
    let read = |company| async move { futures::try_join!(store.holder(company, id), store.downloads(company, id)) };
    let (caller, (holder, downloads)) = viewer.confirmed_reading(read).await?;
    let holder = holder.ok_or_else(ApiError::not_found)?;
    let bundles = app.store.bundles_named(caller.company, holder.grants.bundles.keys()).await?;
    let (rows, pagination) = query.0.of_all(granted(&holder, &bundles), &cursors, Right::place)?;
    let packages = read_packages(&app, caller.company, &rows).await?;
    let shown = Shown { holder: &holder, packages: &packages, downloads: &downloads, now: app.clock.now() };
    Ok(Json(Listing::of(rows.iter().map(|right| shown.row(right)), pagination)))
}

/// A right to a package.
struct Right<'a> {
    package: &'a PackageName,
    via: Via<'a>,
    grant: &'a Grant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Via<'a> {
    Direct,
    Bundle(&'a BundleName),
    Purchase(PurchaseId),
}

impl Right<'_> {
    /// Its place in the list.
    fn place(&self) -> String {
        match self.via {
            Via::Direct => self.package.to_string(),
            Via::Bundle(bundle) => format!("{} {bundle}", self.package),
            Via::Purchase(purchase) => format!("{} {purchase}", self.package),
        }
    }
}

/// All rights, by package.
fn granted<'a>(holder: &'a Holder, bundles: &'a [Bundle]) -> Vec<Right<'a>> {
    let grants = &holder.grants;
    let direct = grants.direct.iter().map(|(package, grant)| Right { package, via: Via::Direct, grant });
    let bundles = bundles.iter().filter_map(|bundle| Some((bundle, grants.bundles.get(&bundle.name)?)));
    let bundles = bundles.flat_map(|(bundle, grant)| {
        bundle.packages.iter().map(move |package| Right { package, via: Via::Bundle(&bundle.name), grant })
    });
    let purchases = grants.purchases.iter().flat_map(|(purchase, packages)| {
        packages.iter().map(move |(package, grant)| Right { package, via: Via::Purchase(*purchase), grant })
    });
    let mut rights: Vec<_> = direct.chain(bundles).chain(purchases).collect();
    rights.sort_by(|a, b| (a.package, a.via).cmp(&(b.package, b.via)));
    rights
}

/// The packages of a page, with their versions.
async fn read_packages(
    app: &App,
    company: CompanyId,
    rows: &[Right<'_>],
) -> Result<BTreeMap<PackageName, (Package, Arc<Index>)>, Failure> {
    let names: BTreeSet<&PackageName> = rows.iter().map(|right| right.package).collect();
    let packages = app.store.packages_named(company, names).await?;
    let read = stream::iter(packages).map(|package| async move {
        let index = app.indexes.load(company, &package).await?;
        Ok((package.name.clone(), (package, index)))
    });
    read.buffered(AT_ONCE).try_collect().await
}

/// What rows are made from.
struct Shown<'a> {
    holder: &'a Holder,
    packages: &'a BTreeMap<PackageName, (Package, Arc<Index>)>,
    downloads: &'a [Downloads],
    now: Timestamp,
}

impl Shown<'_> {
    fn row(&self, right: &Right<'_>) -> Row {
        let (versions, latest_version) = self.versions(right.package);
        let downloads = self.downloads.iter().filter(|it| it.package == *right.package).map(|it| it.downloads);
        let (via, bundle, purchase) = match right.via {
            Via::Direct => ("direct", None, None),
            Via::Bundle(bundle) => ("bundle", Some(bundle.to_string()), None),
            Via::Purchase(purchase) => ("purchase", None, Some(purchase)),
        };
        Row {
            package: right.package.to_string(),
            via,
            bundle,
            purchase,
            limits: right.grant.into(),
            versions,
            latest_version,
            downloads: downloads.sum(),
        }
    }

    /// What the customer may install of a package, by all its rights together: newest first; and the newest, a stable one
    /// if there is any.
    fn versions(&self, package: &PackageName) -> (Vec<String>, Option<String>) {
        let found = self.packages.get(package).filter(|_| open(&self.holder.customer, self.now).is_ok());
        let Some((package, index)) = found else { return Default::default() };
        let access: Option<Access<'_>> = self.holder.grants.access(package, self.now);
        let allowed = |version: &&domain::package::IndexedVersion| {
            access.as_ref().is_some_and(|access| access.allows(version.release()))
        };
        let versions: Vec<_> = index.versions.iter().filter(allowed).collect();
        let latest = versions.iter().find(|version| is_stable(&version.normalized)).or(versions.first());
        let latest = latest.map(|version| version.version.clone());
        (versions.iter().map(|version| version.version.clone()).collect(), latest)
    }
}

#[derive(Debug)]
pub(crate) struct Query(PageQuery);

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        PageQuery::check_per_page(c).map(Self)
    }
}

/// A right to a package. All but the package and the constraint are extensions.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    package: String,
    via: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase: Option<PurchaseId>,
    #[serde(flatten)]
    limits: LimitsView,
    versions: Vec<String>,
    latest_version: Option<String>,
    downloads: u64,
}
