//! List members.

use api::{ApiError, Check, Input, Json, PageQuery, Pagination, Params};
use auth::Owner;
use axum::extract::State;
use serde::Serialize;

use crate::{App, views::MemberView};

/// `GET /api/admin/members`: who may sign in to the company, oldest first.
pub(crate) async fn list(
    owner: Owner,
    State(app): State<App>,
    Params(Query(page)): Params<Query>,
) -> Result<Json<Members>, ApiError> {
    let found = owner.reading(|company| app.store.members(company)).await?;
    Ok(Json(Members {
        pagination: page.of(found.len() as u64),
        members: found.into_iter().skip(page.skip()).take(page.limit as usize).map(MemberView::from).collect(),
    }))
}

#[derive(Debug)]
pub(crate) struct Query(PageQuery);

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        PageQuery::check(c, 20).map(Self)
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Members {
    members: Vec<MemberView>,
    pagination: Pagination,
}
