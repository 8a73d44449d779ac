//! The end of signing in with GitHub: the same checks for browsers and for programs (ruling 1).

use api::{ApiError, Check, Input, Json, Kind, OnPage, Params, RequestId, Valid};
use auth::Visitor;
use axum::{
    extract::State,
    response::{AppendHeaders, Response},
};
use clients::OAuthError;
use domain::{
    Problem,
    member::{GithubAccount, Proof},
    rate,
    text::NextPath,
};
use http::{HeaderMap, HeaderName, HeaderValue, header::SET_COOKIE};

use super::{STATE_COOKIE, redirect_uri};
use crate::{
    App,
    admission::{Admitted, admit},
    views::{SignedIn, on_to},
};

/// `GET /api/auth/github/callback`: a browser comes back from GitHub, and goes on with a cookie.
pub(crate) async fn by_browser(
    visitor: Visitor,
    State(app): State<App>,
    headers: HeaderMap,
    answer: Result<Params<Answer>, ApiError>,
) -> Result<Response, OnPage> {
    visitor.allowed(&rate::ANONYMOUS).await?;
    let Params(answer) = answer?;
    let (admitted, next) = finish(&app, visitor.request(), &headers, &answer).await?;
    let cookies = [app.authenticator.sessions().cookie(&admitted.session), no_state(&app)];
    Ok(on_to(next.as_ref(), cookies))
}

/// `POST /api/auth/github/callback`: a program that brings the code and the state itself gets a token.
pub(crate) async fn by_program(
    visitor: Visitor,
    State(app): State<App>,
    headers: HeaderMap,
    Valid(answer): Valid<Answer>,
) -> Result<(AppendHeaders<[(HeaderName, HeaderValue); 1]>, Json<SignedIn>), ApiError> {
    visitor.allowed(&rate::ANONYMOUS).await?;
    let (admitted, _) = finish(&app, visitor.request(), &headers, &answer).await?;
    Ok((AppendHeaders([(SET_COOKIE, no_state(&app))]), Json(admitted.into())))
}

/// What GitHub sends back.
#[derive(Debug)]
pub(crate) struct Answer {
    code: Option<String>,
    state: String,
    /// Why there is no code: `access_denied`.
    error: Option<String>,
}

impl Input for Answer {
    fn check(c: &mut Check) -> Option<Self> {
        let state = c.text("state", short);
        let error = c.text_or_none("error", short);
        let refused = matches!(&error, Some(Some(_)));
        let code = if refused { Some(None) } else { c.text("code", short).map(Some) };
        Some(Self { code: code?, state: state?, error: error? })
    }
}

/// The state first: until it is known that this browser was sent to GitHub by us, nothing else is looked at. It is taken, so
/// it is good for one try.
async fn finish(
    app: &App,
    request: &RequestId,
    headers: &HeaderMap,
    answer: &Answer,
) -> Result<(Admitted, Option<NextPath>), ApiError> {
    let begin_again =
        || unusable("state", "This sign-in is not known here, was used or took too long. Please begin again.");
    let cookie = app.authenticator.sessions().cookie_called(STATE_COOKIE, headers)?;
    if cookie.as_ref() != Some(&answer.state) {
        return Err(begin_again());
    }
    let attempt = app.volatile.take_sign_in(&answer.state, app.clock.now()).await?.ok_or_else(begin_again)?;
    let (Some(code), None) = (&answer.code, &answer.error) else {
        return Err(ApiError::new(Kind::Forbidden, "GitHub was not allowed to say who you are."));
    };
    let token = app.github_oauth.exchange(code, &attempt.code_verifier, &redirect_uri(app)).await.map_err(refusal)?;
    let (user, email) = futures::join!(app.github_oauth.user(&token), app.github_oauth.verified_email(&token));
    let (user, email) = (user.map_err(refusal)?, email.map_err(refusal)?);
    let github = GithubAccount { id: user.id, login: user.login, avatar_url: user.avatar_url };
    let admitted = admit(app, request, Proof { github: Some(github), email }).await?;
    Ok((admitted, attempt.next))
}

fn refusal(error: OAuthError) -> ApiError {
    match error {
        OAuthError::Refused { .. } => {
            unusable("code", "GitHub does not accept this sign-in, or not any more. Please begin again.")
        }
        OAuthError::Misconfigured { .. } => ApiError::internal(error),
        OAuthError::Unavailable(_) => ApiError::unavailable(error),
    }
}

fn no_state(app: &App) -> HeaderValue {
    app.authenticator.sessions().set_cookie(STATE_COOKIE, "", 0)
}

fn unusable(field: &'static str, reason: &'static str) -> ApiError {
    ApiError::field(field, Problem::Unusable { reason })
}

fn short(text: &str) -> Result<String, Problem> {
    const MAX: usize = 500;
    match text {
        "" => Err(Problem::Required),
        text if text.len() > MAX => Err(Problem::TooLong { max: MAX }),
        text => Ok(text.to_owned()),
    }
}
