//! Delete Bundle.

use api::{ApiError, BundlePath, Kind, NoContent, Params};
use auth::Admin;
use axum::extract::State;
use domain::{log::Action, text::BundleName};
use jobs::Job;

use super::contended;
use crate::{App, TRIES, packages::Force};

/// `DELETE /api/v1/bundles/{name}`: who has its packages through it has them no longer. One that customers have is deleted only
/// with `?force=true`. The grants that name it are cleared away afterwards; a second request asks for that again.
pub(crate) async fn remove(
    admin: Admin,
    State(app): State<App>,
    BundlePath(name): BundlePath,
    Params(Force(force)): Params<Force>,
) -> Result<NoContent, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.bundle(company, &name)).await?;
    for _ in 0..TRIES {
        let Some(bundle) = found else {
            let left = app.store.leftover_of_bundle(caller.company, &name).await?;
            left.ok_or_else(ApiError::not_found)?;
            return clear(&app, caller.company, name).await;
        };
        if !force && app.store.is_bundle_granted(caller.company, &name).await? {
            return Err(ApiError::new(Kind::Conflict, "Customers have the bundle; force=true deletes it all the same"));
        }
        let packages = app.store.packages_named(caller.company, &bundle.packages).await?;
        let entry =
            caller.record(Action::BundleDeleted, app.clock.now(), &app.random).with("bundle", Some(name.as_str()));
        if app.store.change_bundle(caller.company, (Some(&bundle), None), &packages, &entry).await? {
            return clear(&app, caller.company, name).await;
        }
        found = app.store.bundle(caller.company, &name).await?;
    }
    Err(contended())
}

async fn clear(app: &App, company: domain::CompanyId, bundle: BundleName) -> Result<NoContent, ApiError> {
    app.queue.send(&Job::ForgetBundle { company, bundle }).await?;
    Ok(NoContent)
}
