//! Revoke a token.

use api::{ApiError, Id, Json, Kind, Time};
use auth::Admin;
use axum::extract::State;
use domain::token::TokenId;
use serde::Serialize;

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
    let now = app.clock.now();
    if !app.store.revoke_operator(caller.company, &id, now).await? {
        return Err(ApiError::not_found());
    }
    let revoked_at = Time(operator.revoked_at.unwrap_or(now));
    Ok(Json(Revocation { message: "Token revoked successfully", id, revoked_at }))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revocation {
    message: &'static str,
    id: TokenId,
    revoked_at: Time,
}
