//! Revoke a bundle.

use api::{ApiError, BundlePath, Id, NoContent};
use auth::Admin;
use axum::extract::State;
use domain::{customer::CustomerId, log::Action};
use store::Holder;

use crate::{App, change, limits::in_words};

/// `DELETE /api/v1/customers/{id}/bundles/{bundle}`: takes the grant of a bundle back, and the frozen versions that nothing
/// else was granted for.
pub(crate) async fn revoke(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    BundlePath(bundle): BundlePath,
) -> Result<NoContent, ApiError> {
    let read = |company| {
        let store = app.store.clone();
        async move { Ok((store.holder(company, id).await?, ())) }
    };
    change::grants(&app, &admin, Action::AccessChanged, read, |before, (), line| {
        let grants = before.grants.without_bundle(&bundle).ok_or_else(ApiError::not_found)?;
        let old = before.grants.bundles.get(&bundle);
        let line = line.with("bundle", Some(bundle.as_str())).changing("grant", &in_words(old), "none");
        Ok((Holder { grants, ..before.clone() }, line))
    })
    .await?;
    Ok(NoContent)
}
