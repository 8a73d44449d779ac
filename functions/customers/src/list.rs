//! List Customers.

use api::{ApiError, Check, Cursors, Input, Json, Listing, PageQuery, Pagination, Params};
use auth::Viewer;
use axum::extract::State;
use domain::customer::CustomerStatus;

use crate::{App, views::CustomerView};

/// `GET /api/v1/customers`: the company's customers, newest first.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Listing<CustomerView>>, ApiError> {
    let status = query.status.map(|status| status.name().to_owned());
    let cursors = Cursors::new(&viewer.key(), "package-customers", &[("status", status)]);
    let request = query.page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.customers(company, query.status, &request)).await??;
    let pagination = Pagination::of(&request, found.total, found.next.as_ref(), &cursors);
    let now = app.clock.now();
    Ok(Json(Listing::of(found.rows.into_iter().map(|customer| CustomerView::of(customer, now)), pagination)))
}

#[derive(Debug)]
pub(crate) struct Query {
    page: PageQuery,
    status: Option<CustomerStatus>,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        let page = PageQuery::check_per_page(c);
        let status = c.text_or_none("status", CustomerStatus::parse);
        Some(Self { page: page?, status: status? })
    }
}
