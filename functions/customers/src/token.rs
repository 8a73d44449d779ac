//! Tokens: a customer has one, or none.

use api::{ApiError, Id, Json, NoContent, Time};
use auth::Admin;
use axum::extract::State;
use domain::{
    customer::{Customer, CustomerId},
    log::Action,
};
use serde::Serialize;
use store::CustomerChange;

use crate::{App, change};

/// `POST /api/v1/customers/{id}/token/regenerate`: gives the customer another token, which is shown only now. The one that
/// it had is worth nothing from then on.
pub(crate) async fn regenerate(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
) -> Result<Json<NewToken>, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.customer(company, id)).await?;
    for _ in 0..change::TRIES {
        let before = found.ok_or_else(ApiError::not_found)?;
        let line = caller.record(Action::CustomerTokenIssued, app.clock.now(), &app.random).about_customer(&before);
        let token = id.issue_token(caller.company, &app.random);
        let after = before.with_token(Some(&token), line.created_at);
        let line = line.changing("token", &ending(&before), &ending(&after));
        if app.store.change_customer(caller.company, &before, &after, &line).await? == CustomerChange::Made {
            return Ok(Json(NewToken { token: token.reveal().to_owned(), created_at: Time(line.created_at) }));
        }
        found = app.store.customer(caller.company, id).await?;
    }
    Err(change::contended())
}

/// `DELETE /api/v1/customers/{id}/token`: from the answer on no request with the token is accepted. A second time it
/// changes nothing.
pub(crate) async fn revoke(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
) -> Result<NoContent, ApiError> {
    let decide =
        |before: &Customer, now| Ok(if before.token.is_none() { before.clone() } else { before.with_token(None, now) });
    change::customer(&app, &admin, (id, Action::CustomerTokenRevoked), decide, |line| line).await?;
    Ok(NoContent)
}

fn ending(customer: &Customer) -> String {
    customer.token.as_ref().map_or_else(|| "none".to_owned(), |token| format!("…{}", token.last_four))
}

#[derive(Debug, Serialize)]
pub(crate) struct NewToken {
    token: String,
    created_at: Time,
}
