//! Delete Customer.

use api::{ApiError, Id, NoContent};
use auth::Admin;
use axum::extract::State;
use domain::{customer::CustomerId, log::Action};
use store::CustomerChange;

use crate::{App, change};

/// `DELETE /api/v1/customers/{id}`: removes a customer with all that it was granted. From the answer on its token is worth
/// nothing.
pub(crate) async fn delete(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
) -> Result<NoContent, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.holder(company, id)).await?;
    for _ in 0..change::TRIES {
        let holder = found.ok_or_else(ApiError::not_found)?;
        let line = caller.record(Action::CustomerDeleted, app.clock.now(), &app.random);
        let line = line.about_customer(&holder.customer);
        if app.store.remove_customer(caller.company, &holder, &line).await? == CustomerChange::Made {
            return Ok(NoContent);
        }
        found = app.store.holder(caller.company, id).await?;
    }
    Err(change::contended())
}
