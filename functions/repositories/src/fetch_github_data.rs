//! Fetch GitHub Data.

use api::{ApiError, Id, Json, Kind, Time};
use auth::Admin;
use axum::extract::State;
use domain::{RepositoryId, log::Action};
use serde::Serialize;
use store::Change;

use crate::{App, change, github};

/// `POST /api/admin/repositories/{id}/fetch-github-data`: look at the repository on GitHub, and write down what is seen.
/// The listing's own description stays; one without takes GitHub's.
pub(crate) async fn fetch_github_data(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<RepositoryId>,
) -> Result<Json<GithubData>, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.repository(company, id)).await?;
    for _ in 0..change::TRIES {
        let before = found.ok_or_else(ApiError::not_found)?.repository;
        let (seen, description) = github::look(&app, &before.github, before.on_github).await?.ok_or_else(hidden)?;
        let after = before.seeing(&seen, app.clock.now());
        let done = after == before
            || change::write(&app, (&before, &after), Action::RepositoryUpdated, &caller).await? == Change::Made;
        if done {
            let github_last_updated = seen.last_updated.map(Time);
            return Ok(Json(GithubData { github_stars: seen.stars, github_last_updated, description }));
        }
        found = app.store.repository(caller.company, id).await?;
    }
    Err(change::contended())
}

fn hidden() -> ApiError {
    ApiError::new(Kind::Conflict, "The repository is not to be seen with the credentials any more")
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GithubData {
    github_stars: u64,
    github_last_updated: Option<Time>,
    description: Option<String>,
}
