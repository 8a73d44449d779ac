//! The beginning of signing in with GitHub.

use api::{ApiError, Check, Input, Params};
use auth::{Visitor, pkce};
use axum::{extract::State, response::Response};
use domain::{
    rate,
    text::{self, NextPath},
};
use store::SignInAttempt;

use super::{STATE_COOKIE, redirect_uri};
use crate::{App, views::redirect};

/// How long the browser remembers the state: as long as it is kept.
const STATE_SECONDS: i64 = 10 * 60;

/// `GET /api/auth/github`: off to GitHub.
pub(crate) async fn begin(
    visitor: Visitor,
    State(app): State<App>,
    Params(query): Params<Query>,
) -> Result<Response, ApiError> {
    visitor.allowed(&rate::SIGN_IN).await?;
    let state = text::hex(&app.random.bytes::<32>());
    let attempt = SignInAttempt { code_verifier: pkce::verifier(&app.random), next: query.next };
    let (challenge, back) = (pkce::challenge(&attempt.code_verifier), redirect_uri(&app));
    let (kept, url) = futures::join!(
        app.volatile.begin_sign_in(&state, &attempt, app.clock.now()),
        app.github_oauth.authorize_url(&state, &challenge, &back)
    );
    kept?;
    let cookie = app.authenticator.sessions().set_cookie(STATE_COOKIE, &state, STATE_SECONDS);
    Ok(redirect(&url.map_err(ApiError::unavailable)?, [cookie]))
}

#[derive(Debug)]
pub(crate) struct Query {
    next: Option<NextPath>,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { next: c.text_or_none("next", NextPath::parse)? })
    }
}
