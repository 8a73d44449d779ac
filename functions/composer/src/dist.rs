//! Archives.

use std::time::Duration;

use api::{ApiError, Kind};
use auth::Customer;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    CompanyId, Timestamp,
    package::{Archive, PackageName, VersionRecord},
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
/// reading, and that is taken back if it is refused.
pub(crate) async fn dist(customer: Customer, State(app): State<App>, segments: Segments) -> Result<Redirect, ApiError> {
    let Some(wanted) = Wanted::read(&segments) else {
        admit(&app, &customer, None).await?;
        return Err(ApiError::not_found());
    };
    let (company, id) = (customer.claimed_company(), customer.claimed_customer());
    let Wanted { name, normalized, .. } = &wanted;
    let (read, counted) = futures::join!(
        app.store.admission_to_version(company, id, name, normalized),
        app.store.count_download(company, id, (name, normalized), (CountedUse::Download, 1)),
    );
    if let Err(failure) = &counted {
        tracing::warn!(error = failure as &dyn std::error::Error, "a download was not counted");
    }
    let archive = match read {
        Ok((admission, record)) => decide(&customer, &wanted, admission, record, app.clock.now()),
        Err(failure) => Err(failure.into()),
    };
    let link = match archive {
        Ok(found) => link(&app, company, &wanted, &found).await,
        Err(error) => Err(error),
    };
    if link.is_err()
        && counted.is_ok()
        && let Err(failure) = app.store.take_back_download(company, id, (name, normalized)).await
    {
        tracing::warn!(error = &failure as &dyn std::error::Error, "a download that was refused stays counted");
    }
    link.map(Redirect)
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
