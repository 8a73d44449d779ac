//! Who is calling.

use api::{ApiError, Json};
use auth::{Confirmed, Viewer};
use domain::{CompanyId, company::Role, log::Actor};
use serde::Serialize;

use crate::views::UserView;

/// `GET /api/auth/me`: who is calling, by session or by token.
pub(crate) async fn me(viewer: Viewer) -> Result<Json<Me>, ApiError> {
    let Confirmed { company, role, actor, session, .. } = viewer.confirmed().await?;
    let user = session.map(|(member, _)| UserView::new(company, member));
    let token = match actor {
        Actor::Token { id, name } => Some(Token { id, name }),
        _ => None,
    };
    Ok(Json(Me { company, role, user, token }))
}

#[derive(Debug, Serialize)]
pub(crate) struct Me {
    company: CompanyId,
    role: Role,
    user: Option<UserView>,
    token: Option<Token>,
}

#[derive(Debug, Serialize)]
struct Token {
    id: String,
    name: String,
}
