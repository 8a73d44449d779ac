//! Get Customer.

use api::{ApiError, Id, Json};
use auth::Viewer;
use axum::extract::{Path, State};
use domain::{customer::CustomerId, text::ExternalId};

use crate::{App, views::CustomerView};

/// `GET /api/v1/customers/{id}`: one customer, by its id or its number.
pub(crate) async fn get(
    viewer: Viewer,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
) -> Result<Json<CustomerView>, ApiError> {
    let found = viewer.reading(|company| app.store.customer(company, id)).await?;
    found.map(|found| Json(CustomerView::of(found, app.clock.now()))).ok_or_else(ApiError::not_found)
}

/// `GET /api/v1/customers/by-external/{external_id}`: the customer whom the vendor's own system calls so.
pub(crate) async fn by_external_id(
    viewer: Viewer,
    State(app): State<App>,
    external_id: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<CustomerView>, ApiError> {
    let Path(external_id) = external_id.map_err(|_| ApiError::not_found())?;
    let external_id = ExternalId::parse(&external_id).map_err(|_| ApiError::not_found())?;
    let found = viewer.reading(|company| app.store.customer_by_external_id(company, &external_id)).await?;
    found.map(|found| Json(CustomerView::of(found, app.clock.now()))).ok_or_else(ApiError::not_found)
}
