//! What Composer tells of what it installed: `notify-batch`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{ApiError, Kind, RawBody};
use auth::Customer;
use axum::{Extension, extract::State};
use domain::{
    grant,
    package::{Package, PackageName, VersionRecord},
};
use futures::{StreamExt, future::try_join, stream};
use http::StatusCode;
use serde::Deserialize;
use store::{CountedUse, Holder};

use crate::{App, admit::admit};

/// The most packages that one installation tells of.
const MOST: usize = 500;
/// Versions that are counted at once.
const AT_ONCE: usize = 16;

/// `POST /downloads`: counts versions as installed that the customer may install; what else is named is passed over. It is a
/// softer sign than a download: archives that Composer has kept are installed without one, and anybody may send this.
/// Composer does not look at the answer.
pub(crate) async fn downloads(
    customer: Customer,
    State(app): State<App>,
    Extension(RawBody(body)): Extension<RawBody>,
) -> Result<StatusCode, ApiError> {
    let (holder, _) = admit(&app, &customer, None).await?;
    let batch: Batch = serde_json::from_slice(&body)
        .map_err(|_| ApiError::new(Kind::Invalid, "The body must be {\"downloads\": [{\"name\", \"version\"}]}"))?;
    if batch.downloads.len() > MOST {
        return Err(ApiError::new(Kind::Invalid, "There are too many downloads at once"));
    }
    let installed = installed(&app, &customer, &holder, &batch.counts()).await?;
    let (company, id) = (customer.claimed_company(), customer.claimed_customer());
    let count = |Installed { package, version, times }: Installed| {
        let store = &app.store;
        async move {
            let version = (&package.package_id, &package.name, version.as_str());
            store.count_use(company, id, version, (CountedUse::Install, times)).await
        }
    };
    let counted: Vec<_> = stream::iter(installed).map(count).buffer_unordered(AT_ONCE).collect().await;
    // A figure that is a little too low is no reason to tell Composer of.
    if let Some(failure) = counted.iter().find_map(|done| done.as_ref().err()) {
        tracing::warn!(error = failure as &dyn std::error::Error, "an installation was not counted");
    }
    Ok(StatusCode::NO_CONTENT)
}

type Counts = BTreeMap<(PackageName, String), i64>;

#[derive(Debug, Deserialize)]
struct Batch {
    downloads: Vec<serde_json::Value>,
}

impl Batch {
    /// What it tells of, as far as it can be read.
    fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        for entry in &self.downloads {
            let name = entry["name"].as_str().and_then(|name| PackageName::parse(name).ok());
            let version = entry["version"].as_str().and_then(|version| grant::normalized(version).ok());
            if let Some(read) = name.zip(version) {
                *counts.entry(read).or_default() += 1;
            }
        }
        counts
    }
}

/// A version that was installed.
struct Installed {
    package: Arc<Package>,
    version: String,
    times: i64,
}

/// What of it the customer may install.
async fn installed(app: &App, customer: &Customer, holder: &Holder, told: &Counts) -> Result<Vec<Installed>, ApiError> {
    let company = customer.claimed_company();
    let names: BTreeSet<&PackageName> = told.keys().map(|(name, _)| name).collect();
    let (packages, versions) = try_join(
        app.store.packages_named(company, names),
        app.store.versions_named(company, told.keys().map(|(name, version)| (name, version.as_str()))),
    )
    .await?;
    let now = app.clock.now();
    let mut installed = Vec::new();
    for package in packages.into_iter().map(Arc::new) {
        let Some(access) = holder.grants.access(&package, now) else { continue };
        let of_package = |record: &&VersionRecord| record.package_id == package.package_id;
        for record in versions.iter().filter(of_package).filter(|record| access.archives(record).next().is_some()) {
            if let Some(times) = told.get(&(package.name.clone(), record.normalized.clone())) {
                let version = record.normalized.clone();
                installed.push(Installed { package: Arc::clone(&package), version, times: *times });
            }
        }
    }
    Ok(installed)
}
