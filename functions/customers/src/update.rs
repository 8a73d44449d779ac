//! Update Customer.

use api::{ApiError, Check, Id, Input, Json, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    customer::{CustomerId, CustomerPatch},
    log::Action,
    text::{CustomerName, Email, ExternalId},
};

use crate::{App, change, views::CustomerView};

/// `PATCH /api/v1/customers/{id}`: change what is known of a customer. Null clears the external id and the end.
pub(crate) async fn update(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    Valid(Changes(patch)): Valid<Changes>,
) -> Result<Json<CustomerView>, ApiError> {
    let decide = |before: &domain::customer::Customer, now| Ok(before.patched(&patch, now));
    let after = change::customer(&app, &admin, (id, Action::CustomerUpdated), decide, |line| line).await?;
    Ok(Json(CustomerView::of(after, app.clock.now())))
}

#[derive(Debug)]
pub(crate) struct Changes(CustomerPatch);

impl Input for Changes {
    fn check(c: &mut Check) -> Option<Self> {
        let name = c.text_if_given("name", CustomerName::parse);
        let email = c.text_if_given("email", Email::parse);
        let external_id = c.text_patch("external_id", ExternalId::parse);
        let expires_at = c.time_patch("expires_at");
        let (name, email) = (name?, email?);
        Some(Self(CustomerPatch { name, email, external_id: external_id?, expires_at: expires_at? }))
    }
}
