//! Archives.

use std::time::Duration;

use api::{ApiError, Kind};
use auth::Customer;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    CompanyId, Failure, Timestamp,
    customer::CustomerId,
    package::{Archive, PackageId, PackageName, VersionRecord},
};
use http::{StatusCode, header::LOCATION};
use store::{Admission, CountedUse, Holder, keys};

use crate::{
    App,
    admit::admit,
    path::{Segments, unescaped},
};

/// How long a link to an archive is good. Composer follows it at once.
const VALID: Duration = Duration::from_mins(5);

/// `GET /dist/{vendor}/{package}/{version}.zip`, and `…/{version}/{commit}.zip`: the way to an archive. The commit may be any
/// that the version ever was: lock files name it after its tag was moved or deleted.
///
/// This is the only place where somebody can really be refused, so all is decided anew. The download is counted beside the
/// reading, if it is not the first one, and that is taken back if it is refused. The first one is counted when it is allowed:
/// whoever is refused leaves nothing behind.
pub(crate) async fn dist(customer: Customer, State(app): State<App>, segments: Segments) -> Result<Redirect, ApiError> {
    let Some(wanted) = Wanted::read(&segments) else {
        admit(&app, &customer, None).await?;
        return Err(ApiError::not_found());
    };
    let (company, id) = (customer.claimed_company(), customer.claimed_customer());
    let Wanted { name, normalized, .. } = &wanted;
    let (read, counted) = futures::join!(
        app.store.admission_to_version(company, id, name, normalized),
        app.store.count_in_advance(company, id, (name, normalized)),
    );
    let found = match read {
        Ok((admission, record)) => decide(&customer, &wanted, admission, record, app.clock.now()),
        Err(failure) => Err(failure.into()),
    };
    let link = match &found {
        Ok(found) => link(&app, company, &wanted, found).await,
        Err(error) => Err(error.clone()),
    };
    let allowed = found.as_ref().ok().filter(|_| link.is_ok());
    if let Err(failure) = settle(&app, (company, id), &wanted, counted, allowed).await {
        tracing::warn!(error = &failure as &dyn std::error::Error, "a download was not counted right");
    }
    link.map(Redirect)
}

/// Makes the count agree with the decision.
async fn settle(
    app: &App,
    (company, id): (CompanyId, CustomerId),
    Wanted { name, normalized, .. }: &Wanted,
    counted: Result<Option<PackageId>, Failure>,
    allowed: Option<&Found>,
) -> Result<(), Failure> {
    match (counted?, allowed) {
        (None, None) => Ok(()),
        (Some(package), Some(found)) if package == found.record.package_id => Ok(()),
        (_, Some(found)) => {
            let version = (&found.record.package_id, name, normalized.as_str());
            app.store.count_use(company, id, version, (CountedUse::Download, 1)).await
        }
        (Some(package), None) => app.store.take_back_download(company, id, (&package, name, normalized)).await,
    }
}

/// 302, and nothing else.
#[derive(Debug)]
pub(crate) struct Redirect(String);

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        (StatusCode::FOUND, [(LOCATION, self.0)]).into_response()
    }
}

struct Wanted {
    name: PackageName,
    normalized: String,
    commit: Option<String>,
}

impl Wanted {
    fn read(segments: &Segments) -> Option<Self> {
        let file = segments.get("file")?.strip_suffix(".zip")?;
        let (version, commit) = segments.get("version").map_or((file, None), |version| (version, Some(file)));
        Some(Self {
            name: segments.package(segments.get("package")?)?,
            normalized: domain::grant::normalized(&unescaped(version)?).ok()?,
            commit: commit.map(str::to_owned),
        })
    }
}

/// What is given out.
struct Found {
    record: VersionRecord,
    archive: Archive,
}

fn decide(
    customer: &Customer,
    wanted: &Wanted,
    admission: Admission,
    record: Option<VersionRecord>,
    now: Timestamp,
) -> Result<Found, ApiError> {
    let Holder { grants, .. } = customer.confirm(admission.holder, now)?;
    let package = admission.package.ok_or_else(ApiError::not_found)?;
    let access = grants.access(&package, now).ok_or_else(ApiError::not_found)?;
    // A record can be that of a package which had the name before.
    let record = record.filter(|it| it.package_id == package.package_id).ok_or_else(ApiError::not_found)?;
    let is_wanted = |it: &&Archive| wanted.commit.as_ref().is_none_or(|commit| it.commit == *commit);
    record.archives.iter().find(is_wanted).ok_or_else(ApiError::not_found)?;
    let archive = access.archives(&record).find(is_wanted).cloned();
    let archive = archive.ok_or_else(|| ApiError::new(Kind::Forbidden, access.explanation()))?;
    Ok(Found { record, archive })
}

async fn link(app: &App, company: CompanyId, wanted: &Wanted, found: &Found) -> Result<String, ApiError> {
    let key = keys::blob_archive(company, found.record.package_id.as_str(), &found.archive.commit);
    let (vendor, package) = wanted.name.parts();
    let file = format!("{vendor}-{package}-{}.zip", found.record.version);
    Ok(app.blobs.presigned_get(&key, VALID, &file).await?)
}
