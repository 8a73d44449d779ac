//! Create a token.

use api::{ApiError, Check, Created, Input, Kind, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    Problem, Timestamp,
    company::Role,
    log::Action,
    text::TokenName,
    token::{self, OPERATOR},
};
use serde::Serialize;
use store::Operator;

use super::{TokenView, about};
use crate::App;

/// `POST /api/admin/tokens`: make a token, which is shown only now. Nobody makes one that may more than they may themselves.
pub(crate) async fn create(
    admin: Admin,
    State(app): State<App>,
    Valid(new): Valid<New>,
) -> Result<Created<NewToken>, ApiError> {
    let caller = admin.confirmed().await?;
    if new.role > caller.role {
        return Err(ApiError::new(Kind::Forbidden, "A token cannot have a role above your own"));
    }
    let now = app.clock.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(ApiError::field("expiresAt", Problem::Unusable { reason: "Must be in the future" }));
    }
    let token = token::issue(OPERATOR, caller.company, &app.random);
    let operator = Operator {
        created_by: Some(caller.actor.name().to_owned()),
        expires_at: new.expires_at,
        ..Operator::of(&token, new.name.as_str(), new.role, now)
    };
    let entry = about(caller.record(Action::TokenCreated, now, &app.random), &operator);
    app.store.insert_operator(caller.company, &token, &operator, &entry).await?;
    Ok(Created(NewToken { token: token.reveal().to_owned(), view: operator.into() }))
}

#[derive(Debug)]
pub(crate) struct New {
    name: TokenName,
    role: Role,
    expires_at: Option<Timestamp>,
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let name = c.text("name", TokenName::parse);
        let role = c.text("role", Role::parse);
        let expires_at = c.text_or_none("expiresAt", |text| {
            text.parse::<Timestamp>().map_err(|_| Problem::Malformed { what: "time" })
        });
        Some(Self { name: name?, role: role?, expires_at: expires_at? })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct NewToken {
    token: String,
    #[serde(flatten)]
    view: TokenView,
}
