//! List members.

use api::{ApiError, Cursors, Json, Pagination, Params};
use auth::Owner;
use axum::extract::State;
use serde::Serialize;

use crate::{
    App,
    views::{MemberView, Paged},
};

/// `GET /api/admin/members`: who may sign in to the company, oldest first.
pub(crate) async fn list(
    owner: Owner,
    State(app): State<App>,
    Params(Paged(page)): Params<Paged>,
) -> Result<Json<Members>, ApiError> {
    let found = owner.reading(|company| app.store.members(company)).await?;
    let cursors = Cursors::new(&owner.key(), "members", &[]);
    let (found, pagination) = page.of_all(found, &cursors, |member| member.id.to_string())?;
    Ok(Json(Members { members: found.into_iter().map(MemberView::from).collect(), pagination }))
}

#[derive(Debug, Serialize)]
pub(crate) struct Members {
    members: Vec<MemberView>,
    pagination: Pagination,
}
