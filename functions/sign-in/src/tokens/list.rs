//! List tokens.

use api::{ApiError, Cursors, Json, Pagination, Params};
use auth::Admin;
use axum::extract::State;
use serde::Serialize;

use super::TokenView;
use crate::{App, views::Paged};

/// `GET /api/admin/tokens`: the company's tokens, newest first, those that were revoked too.
pub(crate) async fn list(
    admin: Admin,
    State(app): State<App>,
    Params(Paged(page)): Params<Paged>,
) -> Result<Json<Tokens>, ApiError> {
    let found = admin.reading(|company| app.store.operators(company)).await?;
    let cursors = Cursors::new(&admin.key(), "tokens", &[]);
    let (found, pagination) = page.of_all(found, &cursors, |token| token.id.to_string())?;
    Ok(Json(Tokens { tokens: found.into_iter().map(TokenView::from).collect(), pagination }))
}

#[derive(Debug, Serialize)]
pub(crate) struct Tokens {
    tokens: Vec<TokenView>,
    pagination: Pagination,
}
