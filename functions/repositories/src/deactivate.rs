//! Deactivate Repository.

use api::{ApiError, Id, Json};
use auth::Admin;
use axum::extract::State;
use domain::{RepositoryId, log::Action};
use serde::Serialize;
use store::Change;

use crate::{App, change};

/// `DELETE /api/admin/repositories/{id}`: ends the sale. Who bought keeps access (ruling 22); once more changes nothing.
pub(crate) async fn deactivate(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<RepositoryId>,
) -> Result<Json<Deactivated>, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.repository(company, id)).await?;
    for _ in 0..change::TRIES {
        let before = found.ok_or_else(ApiError::not_found)?.repository;
        let after = before.deactivated(app.clock.now());
        let done = after == before
            || change::write(&app, (&before, &after), Action::RepositoryDeactivated, &caller).await? == Change::Made;
        if done {
            return Ok(Json(Deactivated { message: "Repository deactivated successfully", id }));
        }
        found = app.store.repository(caller.company, id).await?;
    }
    Err(change::contended())
}

#[derive(Debug, Serialize)]
pub(crate) struct Deactivated {
    message: &'static str,
    id: RepositoryId,
}
