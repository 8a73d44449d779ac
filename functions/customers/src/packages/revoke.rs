//! Revoke Package Access.

use api::{ApiError, Id, NoContent, PackagePath};
use auth::Admin;
use axum::extract::State;
use domain::{customer::CustomerId, log::Action};
use store::Holder;

use crate::{App, change, limits::in_words};

/// `DELETE /api/v1/customers/{id}/packages/{package}`, or `…/{vendor}/{package}`: takes the grant of a package back, and its
/// frozen versions. What comes with bundles and purchases stays.
pub(crate) async fn revoke(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    PackagePath(package): PackagePath,
) -> Result<NoContent, ApiError> {
    let read = |company| {
        let store = app.store.clone();
        async move { Ok((store.holder(company, id).await?, ())) }
    };
    change::grants(&app, &admin, Action::AccessChanged, read, |before, (), line| {
        let grants = before.grants.without(&package).ok_or_else(ApiError::not_found)?;
        let old = before.grants.direct.get(&package);
        let line = line.with("package", Some(package.as_str())).changing("grant", &in_words(old), "none");
        Ok((Holder { grants, ..before.clone() }, line))
    })
    .await?;
    Ok(NoContent)
}
