//! List Customer Packages.

use std::collections::{BTreeMap, BTreeSet};

use api::{ApiError, Check, Cursors, Id, Input, Json, Listing, PageQuery, Params};
use auth::Viewer;
use axum::extract::State;
use domain::{
    CompanyId, Failure, PurchaseId,
    customer::CustomerId,
    grant::{Grant, is_stable, open},
    package::{Bundle, IndexedVersion, PackageId, PackageName},
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
    let packages = visible(&app, caller.company, &holder, &rows).await?;
    let shown = Shown { packages: &packages, downloads: &downloads };
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

/// What a customer may install of a package, by all its rights together.
struct Visible {
    package_id: PackageId,
    /// Newest first.
    versions: Vec<String>,
    /// The newest, a stable one if there is any.
    latest: Option<String>,
}

/// The packages of a page, with what the customer may install of them. An index is large: it is let go as soon as it is read.
async fn visible(
    app: &App,
    company: CompanyId,
    holder: &Holder,
    rows: &[Right<'_>],
) -> Result<BTreeMap<PackageName, Visible>, Failure> {
    let names: BTreeSet<&PackageName> = rows.iter().map(|right| right.package).collect();
    let packages = app.store.packages_named(company, names).await?;
    let now = app.clock.now();
    let read = stream::iter(packages).map(|package| async move {
        let mut visible = Visible { package_id: package.package_id.clone(), versions: Vec::new(), latest: None };
        if open(&holder.customer, now).is_ok()
            && let Some(access) = holder.grants.access(&package, now)
        {
            let index = app.indexes.load(company, &package).await?;
            let allowed = |version: &&IndexedVersion| access.allows(version.release());
            let versions: Vec<&IndexedVersion> = index.versions.iter().filter(allowed).collect();
            let latest = versions.iter().find(|version| is_stable(&version.normalized)).or(versions.first());
            visible.latest = latest.map(|version| version.version.clone());
            visible.versions = versions.iter().map(|version| version.version.clone()).collect();
        }
        Ok((package.name, visible))
    });
    read.buffered(AT_ONCE).try_collect().await
}

/// What rows are made from.
struct Shown<'a> {
    packages: &'a BTreeMap<PackageName, Visible>,
    downloads: &'a [Downloads],
}

impl Shown<'_> {
    fn row(&self, right: &Right<'_>) -> Row {
        let found = self.packages.get(right.package);
        let is_its = |it: &&Downloads| {
            it.package == *right.package && found.is_some_and(|found| found.package_id == it.package_id)
        };
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
            versions: found.map(|found| found.versions.clone()).unwrap_or_default(),
            latest_version: found.and_then(|found| found.latest.clone()),
            downloads: self.downloads.iter().filter(is_its).map(|it| it.downloads).sum(),
        }
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
