//! What there is of a package: `metadata-url`.

use std::sync::Arc;

use api::{ApiError, Kind, Time};
use auth::Customer;
use axum::extract::State;
use domain::{
    CompanyId,
    package::{IndexedVersion, Package, PackageName},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    App,
    admit::admit,
    answer::{Conditions, Document, Rendered},
    minify::minified,
    path::{Segments, escaped},
};

/// What of a `composer.json` is not passed on, as it is ours to say or nobody's: above all no `source`, which would lead
/// to the vendor's own repository.
const WITHHELD: [&str; 6] =
    ["source", "notification-url", "installation-source", "transport-options", "default-branch", "uid"];

/// `GET /p2/{vendor}/{file}`: the versions that the customer may install, newest first. Tags are in `package.json`, branches
/// in `package~dev.json`. To everybody else there is no such package: anything but 404 would end Composer's whole run.
pub(crate) async fn metadata(
    customer: Customer,
    State(app): State<App>,
    segments: Segments,
    conditions: Conditions,
) -> Result<Document, ApiError> {
    let wanted = Wanted::read(&segments);
    let (holder, package) = admit(&app, &customer, wanted.as_ref().map(|wanted| &wanted.name)).await?;
    let (wanted, package) = wanted.zip(package).ok_or_else(ApiError::not_found)?;
    let access = holder.grants.access(&package, app.clock.now()).ok_or_else(ApiError::not_found)?;
    if access.has_ended() {
        return Err(ApiError::new(Kind::NotFound, access.explanation()));
    }
    if wanted.branches && !package.dev_branches {
        return Err(ApiError::not_found());
    }
    let index = app.indexes.load(customer.claimed_company(), &package).await?;
    let is_visible = |it: &IndexedVersion| it.branch == wanted.branches && access.allows(it.release());
    let visible: Vec<bool> = index.versions.iter().map(is_visible).collect();
    if wanted.branches && !visible.contains(&true) {
        return Err(ApiError::not_found());
    }
    let key = key(customer.claimed_company(), &package, &visible);
    if let Some(rendered) = app.documents.0.get(&key) {
        return Document::of(rendered, conditions);
    }
    let shown = index.versions.iter().zip(&visible).filter(|(_, visible)| **visible);
    let versions = minified(shown.map(|(version, _)| described(&app, &wanted.name, version)));
    let rendered = Arc::new(Rendered::new(&Metadata::of(&wanted.name, &versions))?);
    app.documents.0.keep(&key, &rendered, key.len() + rendered.size());
    Document::of(rendered, conditions)
}

/// What a document follows from: the package, all of its versions, and which of them the customer may see. That is decided with
/// every request; only how it reads is kept.
fn key(company: CompanyId, package: &Package, visible: &[bool]) -> String {
    let visible: String = visible.iter().map(|visible| if *visible { '1' } else { '0' }).collect();
    let index = package.found.index.as_deref().unwrap_or_default();
    format!("{company} {} {index} {visible}", package.name)
}

struct Wanted {
    name: PackageName,
    branches: bool,
}

impl Wanted {
    fn read(segments: &Segments) -> Option<Self> {
        let file = segments.get("file")?.strip_suffix(".json")?;
        let (name, branches) = file.strip_suffix("~dev").map_or((file, false), |name| (name, true));
        Some(Self { name: segments.package(name)?, branches })
    }
}

#[derive(Debug, Serialize)]
struct Metadata {
    minified: &'static str,
    packages: Value,
}

impl Metadata {
    fn of(name: &PackageName, versions: &[Map<String, Value>]) -> Self {
        Self { minified: "composer/2.0", packages: json!({name.as_str(): versions}) }
    }
}

/// A version as Composer reads it: what its `composer.json` says, and what we know better.
fn described(app: &App, name: &PackageName, version: &IndexedVersion) -> Map<String, Value> {
    let mut fields = version.composer.clone();
    fields.retain(|field, _| !WITHHELD.contains(&field.as_str()));
    let archive = &version.archive;
    let ours = [
        ("name", json!(name)),
        ("version", json!(version.version)),
        ("version_normalized", json!(version.normalized)),
        ("time", json!(Time(version.archive.time))),
        (
            "dist",
            json!({
                "type": "zip",
                "url": dist_url(app, name, version),
                "reference": archive.commit,
                // Composer's is SHA-1, whatever else it could be.
                "shasum": archive.sha1,
            }),
        ),
    ];
    fields.extend(ours.map(|(field, value)| (field.to_owned(), value)));
    if version.default_branch {
        fields.insert("default-branch".to_owned(), true.into());
    }
    fields
}

/// Where its archive is. The address gets into lock files, so it names the commit: another one under the same version, after a
/// tag was moved, has another address.
fn dist_url(app: &App, name: &PackageName, version: &IndexedVersion) -> String {
    let same = domain::grant::normalized(&version.version).is_ok_and(|normalized| normalized == version.normalized);
    let text = escaped(if same { &version.version } else { &version.normalized });
    format!("{}/dist/{name}/{text}/{}.zip", app.public_url, version.archive.commit)
}
