//! How a sync stands that was asked for, an extension of the contract.

use api::{ApiError, Json, PackagePath, Time};
use auth::Viewer;
use axum::extract::{Path, State, rejection::PathRejection};
use domain::package::{Package, TaskState};
use serde::{Deserialize, Serialize};

use crate::App;

/// `GET /api/v1/packages/{name}/sync/{task}`: how the sync stands that was asked for with this task.
pub(crate) async fn task(
    viewer: Viewer,
    State(app): State<App>,
    PackagePath(name): PackagePath,
    task: Result<Path<Parameters>, PathRejection>,
) -> Result<Json<Task>, ApiError> {
    let found = viewer.reading(|company| app.store.package(company, &name)).await?;
    let package = found.ok_or_else(ApiError::not_found)?;
    let Path(Parameters { task }) = task.map_err(|_| ApiError::not_found())?;
    let number = task.parse().ok().filter(|number: &u64| number.to_string() == task).ok_or_else(ApiError::not_found)?;
    let state = package.sync.task(number, app.clock.now()).ok_or_else(ApiError::not_found)?;
    Ok(Json(Task::of(task, state, &package)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    task: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Task {
    id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Time>,
}

impl Task {
    fn of(id: String, state: TaskState, package: &Package) -> Self {
        let sync = &package.sync;
        let ended = matches!(state, TaskState::Succeeded | TaskState::Failed);
        Self {
            id,
            status: state.name(),
            error: sync.error.clone().filter(|_| state == TaskState::Failed),
            finished_at: sync.ended_at.filter(|_| ended).map(Time),
        }
    }
}
