//! Sync Package.

use api::{Accepted, ApiError, PackagePath, Time};
use auth::Admin;
use axum::{extract::State, response::AppendHeaders};
use domain::{CompanyId, Failure, package::Package};
use http::header::{self, HeaderName};
use jobs::Job;
use serde::Serialize;

use crate::App;

/// `POST /api/v1/packages/{name}/sync`: look at the repository again, soon. What is asked for while a sync is under way is
/// done after it.
pub(crate) async fn sync(
    admin: Admin,
    State(app): State<App>,
    PackagePath(name): PackagePath,
) -> Result<(AppendHeaders<[(HeaderName, String); 1]>, Accepted<Asked>), ApiError> {
    let (caller, found) = admin.confirmed_reading(|company| app.store.package(company, &name)).await?;
    let package = found.ok_or_else(ApiError::not_found)?;
    let task = wanted(&app, caller.company, &package).await?.ok_or_else(ApiError::not_found)?.to_string();
    app.queue.send(&Job::SyncPackage { company: caller.company, package: name.clone() }).await?;
    let location = format!("/api/v1/packages/{name}/sync/{task}");
    let requested_at = Time(app.clock.now());
    let task = Task { id: task, status: "queued", package: name.to_string(), requested_at };
    Ok((AppendHeaders([(header::LOCATION, location)]), Accepted(Asked { task })))
}

/// The number of the request.
async fn wanted(app: &App, company: CompanyId, before: &Package) -> Result<Option<u64>, Failure> {
    let mut after = before.clone();
    after.sync.wanted += 1;
    after.sync.not_before = None;
    if app.store.change_package(company, before, &after, &[], &[]).await? {
        return Ok(Some(after.sync.wanted));
    }
    // Somebody was faster; a sync that is at its end for one.
    app.store.want_sync(company, &before.name).await
}

#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    task: Task,
}

#[derive(Debug, Serialize)]
struct Task {
    id: String,
    status: &'static str,
    package: String,
    requested_at: Time,
}
