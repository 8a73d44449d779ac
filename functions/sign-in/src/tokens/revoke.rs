//! Revoke a token.

use api::{ApiError, Id, Json, Kind, Time};
use auth::Admin;
use axum::extract::State;
use domain::{log::Action, token::TokenId};
use serde::Serialize;

use super::about;
use crate::App;

/// `DELETE /api/admin/tokens/{id}`: from the answer on, no request with the token is accepted. A second time changes nothing.
pub(crate) async fn revoke(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<TokenId>,
) -> Result<Json<Revocation>, ApiError> {
    let (caller, operator) = admin.confirmed_reading(|company| app.store.operator_by_id(company, &id)).await?;
    let operator = operator.ok_or_else(ApiError::not_found)?;
    if operator.role > caller.role {
        return Err(ApiError::new(Kind::Forbidden, "This token has a role above your own"));
    }
    let mut revoked_at = operator.revoked_at;
    if revoked_at.is_none() {
        let entry = about(caller.record(Action::TokenRevoked, app.clock.now(), &app.random), &operator);
        revoked_at = if app.store.revoke_operator(caller.company, &id, &entry).await? {
            Some(entry.created_at)
        } else {
            // Somebody else was quicker.
            app.store.operator_by_id(caller.company, &id).await?.and_then(|operator| operator.revoked_at)
        };
    }
    let revoked_at = Time(revoked_at.ok_or_else(ApiError::not_found)?);
    Ok(Json(Revocation { message: "Token revoked successfully", id, revoked_at }))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revocation {
    message: &'static str,
    id: TokenId,
    revoked_at: Time,
}
