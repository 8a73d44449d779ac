//! Get Repository.

use api::{ApiError, Id, Json};
use auth::Viewer;
use axum::extract::State;
use domain::RepositoryId;

use crate::{App, views::RepositoryDetail};

/// `GET /api/admin/repositories/{id}`: one repository with what it has brought.
pub(crate) async fn get(
    viewer: Viewer,
    State(app): State<App>,
    Id(id): Id<RepositoryId>,
) -> Result<Json<RepositoryDetail>, ApiError> {
    let found = viewer.reading(|company| app.store.repository(company, id)).await?;
    found.map(|found| Json(found.into())).ok_or_else(ApiError::not_found)
}
