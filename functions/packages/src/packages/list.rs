//! List Packages.

use api::{ApiError, Check, Cursors, Input, Json, Listing, PageQuery, Pagination, Params};
use auth::Viewer;
use axum::extract::State;

use crate::{App, views::PackageRow};

/// `GET /api/v1/packages`: the company's packages, by name.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(Query(page)): Params<Query>,
) -> Result<Json<Listing<PackageRow>>, ApiError> {
    let cursors = Cursors::new(&viewer.key(), "packages", &[]);
    let request = page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.packages_page(company, &request)).await??;
    let pagination = Pagination::of(&request, found.total, found.next.as_ref(), &cursors);
    let now = app.clock.now();
    Ok(Json(Listing::of(found.rows.into_iter().map(|package| PackageRow::of(&package, now)), pagination)))
}

/// Which page.
#[derive(Debug)]
pub(crate) struct Query(pub(crate) PageQuery);

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        PageQuery::check_per_page(c).map(Self)
    }
}
