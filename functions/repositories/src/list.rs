//! List Repositories.

use api::{ApiError, Check, Input, Json, PageQuery, Pagination, Params};
use auth::Viewer;
use axum::extract::State;
use domain::Problem;
use serde::Serialize;
use store::PageRequest;

use crate::{App, views::RepositoryRow};

/// `GET /api/admin/repositories`: the company's repositories, newest first.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Repositories>, ApiError> {
    let page = PageRequest { skip: query.page.skip(), limit: query.page.limit as usize };
    let found = viewer.reading(|company| app.store.repositories(company, query.active, page)).await?;
    Ok(Json(Repositories {
        pagination: query.page.of(found.total),
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
