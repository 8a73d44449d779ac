//! List a customer's bundles.

use api::{ApiError, Check, Cursors, Id, Input, Json, Listing, PageQuery, Params};
use auth::Viewer;
use axum::extract::State;
use domain::customer::CustomerId;

use super::Granted;
use crate::App;

/// `GET /api/v1/customers/{id}/bundles`: the bundles that the customer was granted, by name.
pub(crate) async fn list(
    viewer: Viewer,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    Params(query): Params<Query>,
) -> Result<Json<Listing<Granted>>, ApiError> {
    let cursors = Cursors::new(&viewer.key(), "bundles-of-customer", &[("customer", Some(id.to_string()))]);
    let holder = viewer.reading(|company| app.store.holder(company, id)).await?.ok_or_else(ApiError::not_found)?;
    let bundles = holder.grants.bundles.iter().collect();
    let (rows, pagination) = query.0.of_all(bundles, &cursors, |(name, _)| name.to_string())?;
    Ok(Json(Listing::of(rows.into_iter().map(|(name, grant)| Granted::of(name, grant)), pagination)))
}

#[derive(Debug)]
pub(crate) struct Query(PageQuery);

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        PageQuery::check_per_page(c).map(Self)
    }
}
