//! Reactivate Customer.

use api::{ApiError, Id, Json};
use auth::Admin;
use axum::extract::State;
use domain::{customer::CustomerId, log::Action};
use store::Holder;

use crate::{App, change, views::CustomerView};

/// `POST /api/v1/customers/{id}/reactivate`: the customer may install all that it was granted. Frozen versions are
/// forgotten. A second time it changes nothing.
pub(crate) async fn reactivate(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
) -> Result<Json<CustomerView>, ApiError> {
    let read = |company| {
        let store = app.store.clone();
        async move { Ok((store.holder(company, id).await?, ())) }
    };
    let (_, after) = change::grants(&app, &admin, Action::CustomerReactivated, read, |before, (), line| {
        let customer = before.customer.reactivated(line.created_at).map_err(change::expired)?;
        Ok((Holder { customer, grants: before.grants.thawed() }, line))
    })
    .await?;
    Ok(Json(CustomerView::of(after.customer, app.clock.now())))
}
