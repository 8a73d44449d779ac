//! Suspend Customer.

use api::{ApiError, Check, Id, Input, Json, ValidOrNone};
use auth::Admin;
use axum::extract::State;
use domain::{
    customer::{Customer, CustomerId},
    log::Action,
    text::Reason,
};

use crate::{App, change, views::CustomerView};

/// `POST /api/v1/customers/{id}/suspend`: the customer may install nothing for now, and reads the reason. A second time it
/// changes nothing, unless there is another reason.
pub(crate) async fn suspend(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    ValidOrNone(Suspension { reason }): ValidOrNone<Suspension>,
) -> Result<Json<CustomerView>, ApiError> {
    let decide = |before: &Customer, now| before.suspended(reason.clone(), now).map_err(change::expired);
    let told = reason.as_ref().map(ToString::to_string);
    let tell = |line: domain::log::LogEntry| line.with("reason", told.clone());
    let after = change::customer(&app, &admin, (id, Action::CustomerSuspended), decide, tell).await?;
    Ok(Json(CustomerView::of(after, app.clock.now())))
}

#[derive(Debug)]
pub(crate) struct Suspension {
    reason: Option<Reason>,
}

impl Input for Suspension {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { reason: c.text_or_none("reason", Reason::parse)? })
    }
}
