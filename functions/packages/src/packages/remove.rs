//! Delete Package.

use std::time::Duration;

use api::{ApiError, Kind, NoContent, PackagePath, Params};
use auth::{Admin, Confirmed};
use axum::extract::State;
use domain::{CompanyId, log::Action, package::Package};
use jobs::Job;
use store::Leftover;

use super::{Force, contended};
use crate::{App, TRIES};

/// `DELETE /api/v1/packages/{name}`: from now on nobody can install it. One that customers have, or that is in a bundle, is
/// deleted only with `?force=true`. Its versions and archives, and the grants that name it, are cleared away afterwards; a
/// second request asks for that again.
pub(crate) async fn remove(
    admin: Admin,
    State(app): State<App>,
    PackagePath(name): PackagePath,
    Params(Force(force)): Params<Force>,
) -> Result<NoContent, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.package(company, &name)).await?;
    for _ in 0..TRIES {
        let Some(package) = found else {
            let leftover = app.store.leftover_of_package(caller.company, &name).await?;
            return clear(&app, caller.company, leftover.ok_or_else(ApiError::not_found)?).await;
        };
        if !force {
            unused(&app, caller.company, &package).await?;
        }
        if write(&app, &caller, &package).await? {
            again(&app, caller.company, &package).await;
            return clear(&app, caller.company, Leftover::of(&package)).await;
        }
        found = app.store.package(caller.company, &name).await?;
    }
    Err(contended())
}

async fn unused(app: &App, company: CompanyId, package: &Package) -> Result<(), ApiError> {
    if !package.bundles.is_empty() {
        let bundles: Vec<_> = package.bundles.iter().map(ToString::to_string).collect();
        let message =
            format!("The package is in these bundles: {}; force=true deletes it all the same", bundles.join(", "));
        return Err(ApiError::new(Kind::Conflict, message));
    }
    if app.store.is_granted(company, &package.name).await? {
        return Err(ApiError::new(Kind::Conflict, "Customers have the package; force=true deletes it all the same"));
    }
    Ok(())
}

async fn write(app: &App, caller: &Confirmed, package: &Package) -> Result<bool, ApiError> {
    let bundles = app.store.bundles_named(caller.company, &package.bundles).await?;
    let entry = caller
        .record(Action::PackageDeleted, app.clock.now(), &app.random)
        .with("package", Some(package.name.as_str()))
        .with("repositoryUrl", Some(package.source.repository_url.as_str()));
    Ok(app.store.remove_package(caller.company, package, &bundles, &entry).await?)
}

/// A sync that is under way may store an archive after what it had stored is cleared away.
async fn again(app: &App, company: CompanyId, package: &Package) {
    let now = app.clock.now();
    let Some(lease) = package.sync.lease.as_ref().filter(|lease| lease.until > now) else { return };
    let left = u64::try_from(lease.until.as_second() - now.as_second()).unwrap_or(0);
    let job = Job::ForgetPackage { company, package: package.name.clone(), id: package.package_id.clone() };
    if let Err(failure) = app.queue.send_after(&job, Duration::from_secs(left + 1)).await {
        // What is left is an archive that nobody can reach.
        tracing::warn!(error = &failure as &(dyn std::error::Error + 'static), "archives may be left behind");
    }
}

async fn clear(app: &App, company: CompanyId, leftover: Leftover) -> Result<NoContent, ApiError> {
    if let Leftover::Package { package, package_id } = leftover {
        app.queue.send(&Job::ForgetPackage { company, package, id: package_id }).await?;
    }
    Ok(NoContent)
}
