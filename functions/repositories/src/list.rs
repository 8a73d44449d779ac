//! List Repositories.

use api::{ApiError, Check, Cursors, Input, Json, PageQuery, Pagination, Params};
use auth::Viewer;
use axum::extract::State;
use domain::Problem;
use serde::Serialize;

use crate::{App, views::RepositoryRow};

/// `GET /api/admin/repositories`: the company's repositories, newest first.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Repositories>, ApiError> {
    let active = query.active.map(|active| active.to_string());
    let cursors = Cursors::new(&viewer.key(), "repositories", &[("active", active)]);
    let request = query.page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.repositories(company, query.active, &request)).await??;
    Ok(Json(Repositories {
        pagination: Pagination::of(&request, found.total, found.next.as_ref(), &cursors),
        repositories: found.rows.into_iter().map(RepositoryRow::from).collect(),
    }))
}

#[derive(Debug)]
pub(crate) struct Query {
    page: PageQuery,
    active: Option<bool>,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        let page = PageQuery::check(c, 20);
        let active =
            c.text_or_none("active", |text| text.parse().map_err(|_| Problem::NotOneOf { allowed: "true, false" }));
        Some(Self { page: page?, active: active? })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Repositories {
    repositories: Vec<RepositoryRow>,
    pagination: Pagination,
}
