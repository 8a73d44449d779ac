//! What several endpoints show.

use api::Time;
use domain::{
    Timestamp,
    package::{Bundle, Index, Package, Skipped},
};
use serde::Serialize;

/// A package with all that is known of it.
#[derive(Debug, Serialize)]
pub(crate) struct PackageDetail {
    name: String,
    description: Option<String>,
    repository_url: String,
    #[serde(rename = "type")]
    forge: &'static str,
    dev_branches: bool,
    /// The newest first.
    versions: Vec<String>,
    latest_version: Option<String>,
    synced_at: Option<Time>,
    sync: SyncDetail,
    bundles: Vec<String>,
    created_at: Time,
}

/// A row of List Packages.
#[derive(Debug, Serialize)]
pub(crate) struct PackageRow {
    name: String,
    description: Option<String>,
    repository_url: String,
    #[serde(rename = "type")]
    forge: &'static str,
    dev_branches: bool,
    version_count: u32,
    latest_version: Option<String>,
    synced_at: Option<Time>,
    sync: SyncView,
    bundles: Vec<String>,
    created_at: Time,
}

/// How syncing stands.
#[derive(Debug, Serialize)]
struct SyncView {
    status: &'static str,
    last_sync_at: Option<Time>,
    last_error: Option<String>,
    versions: u32,
}

#[derive(Debug, Serialize)]
struct SyncDetail {
    #[serde(flatten)]
    sync: SyncView,
    /// What is no version, and why.
    skipped: Vec<SkippedView>,
}

#[derive(Debug, Serialize)]
struct SkippedView {
    #[serde(rename = "ref")]
    name: String,
    reason: String,
}

/// A bundle.
#[derive(Debug, Serialize)]
pub(crate) struct BundleView {
    name: String,
    packages: Vec<String>,
    created_at: Time,
    updated_at: Time,
}

impl PackageDetail {
    pub(crate) fn of(package: &Package, index: &Index, now: Timestamp) -> Self {
        let row = PackageRow::of(package, now);
        Self {
            versions: index.versions.iter().map(|version| version.version.clone()).collect(),
            sync: SyncDetail { sync: row.sync, skipped: index.skipped.iter().map(SkippedView::from).collect() },
            name: row.name,
            description: row.description,
            repository_url: row.repository_url,
            forge: row.forge,
            dev_branches: row.dev_branches,
            latest_version: row.latest_version,
            synced_at: row.synced_at,
            bundles: row.bundles,
            created_at: row.created_at,
        }
    }
}

impl PackageRow {
    pub(crate) fn of(package: &Package, now: Timestamp) -> Self {
        let (sync, found) = (&package.sync, &package.found);
        Self {
            name: package.name.to_string(),
            description: package.description.as_ref().map(ToString::to_string),
            repository_url: package.source.repository_url.clone(),
            forge: package.source.forge.name(),
            dev_branches: package.dev_branches,
            version_count: found.versions,
            latest_version: found.latest.clone(),
            synced_at: sync.synced_at.map(Time),
            sync: SyncView {
                status: sync.status(now).name(),
                last_sync_at: sync.ended_at.map(Time),
                last_error: sync.error.clone(),
                versions: found.versions,
            },
            bundles: package.bundles.iter().map(ToString::to_string).collect(),
            created_at: Time(package.created_at),
        }
    }
}

impl From<&Skipped> for SkippedView {
    fn from(skipped: &Skipped) -> Self {
        Self { name: skipped.name.clone(), reason: skipped.reason.clone() }
    }
}

impl From<Bundle> for BundleView {
    fn from(bundle: Bundle) -> Self {
        Self {
            name: bundle.name.to_string(),
            packages: bundle.packages.iter().map(ToString::to_string).collect(),
            created_at: Time(bundle.created_at),
            updated_at: Time(bundle.updated_at),
        }
    }
}
