//! Getting a bundle, an extension of the contract.

use api::{ApiError, BundlePath, Json};
use auth::Viewer;
use axum::extract::State;

use crate::{App, views::BundleView};

/// `GET /api/v1/bundles/{name}`: a bundle.
pub(crate) async fn get(
    viewer: Viewer,
    State(app): State<App>,
    BundlePath(name): BundlePath,
) -> Result<Json<BundleView>, ApiError> {
    let found = viewer.reading(|company| app.store.bundle(company, &name)).await?;
    found.map(|bundle| Json(bundle.into())).ok_or_else(ApiError::not_found)
}
