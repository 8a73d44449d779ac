//! List Customers.

use api::{ApiError, Check, Cursors, Input, Json, Listing, PageQuery, Pagination, Params};
use auth::Viewer;
use axum::extract::State;
use domain::{
    customer::{Customer, CustomerStatus},
    text::ExternalId,
};

use crate::{App, views::CustomerView};

/// `GET /api/v1/customers`: the company's customers, newest first. With `external_id` it is the one that the vendor's own system
/// calls so, if there is one: whatever that is, nothing on the way to us reads it as a part of a path.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Json<Listing<CustomerView>>, ApiError> {
    let status = query.status.map(|status| status.name().to_owned());
    let cursors = Cursors::new(&viewer.key(), "package-customers", &[("status", status)]);
    let now = app.clock.now();
    if let Some(external_id) = &query.external_id {
        let found = viewer.reading(|company| app.store.customer_by_external_id(company, external_id)).await?;
        let found = found.filter(|found| query.status.is_none_or(|status| found.listed_status() == status));
        let place = |customer: &Customer| customer.id.to_string();
        let (rows, pagination) = query.page.of_all(found.into_iter().collect(), &cursors, place)?;
        return Ok(Json(Listing::of(rows.into_iter().map(|customer| CustomerView::of(customer, now)), pagination)));
    }
    let request = query.page.request(&cursors)?;
    let found = viewer.reading(|company| app.store.customers(company, query.status, &request)).await??;
    let pagination = Pagination::of(&request, found.total, found.next.as_ref(), &cursors);
    Ok(Json(Listing::of(found.rows.into_iter().map(|customer| CustomerView::of(customer, now)), pagination)))
}

#[derive(Debug)]
pub(crate) struct Query {
    page: PageQuery,
    status: Option<CustomerStatus>,
    external_id: Option<ExternalId>,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        let page = PageQuery::check_per_page(c);
        let status = c.text_or_none("status", CustomerStatus::parse);
        let external_id = c.text_or_none("external_id", ExternalId::parse);
        Some(Self { page: page?, status: status?, external_id: external_id? })
    }
}
