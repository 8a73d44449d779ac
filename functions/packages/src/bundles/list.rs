//! List Bundles.

use api::{ApiError, Cursors, Json, Listing, Pagination, Params};
use auth::Viewer;
use axum::extract::State;

use crate::{App, packages::list::Query, views::BundleView};

/// `GET /api/v1/bundles`: the company's bundles, by name.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(Query(page)): Params<Query>,
) -> Result<Json<Listing<BundleView>>, ApiError> {
    let cursors = Cursors::new(&viewer.key(), "bundles", &[]);
    let request = page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.bundles_page(company, &request)).await??;
    let pagination = Pagination::of(&request, found.total, found.next.as_ref(), &cursors);
    Ok(Json(Listing::of(found.rows, pagination)))
}
