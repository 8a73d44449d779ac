//! Signing out. When it is answered, no request with the session is accepted any more.

use api::{ApiError, Json, Kind};
use auth::SignedIn;
use axum::{extract::State, response::AppendHeaders};
use domain::{log::Action, member::Member};
use http::{HeaderName, HeaderValue, header::SET_COOKIE};
use serde::Serialize;
use store::MemberChange;

use crate::{App, TRIES, members::about};

type Answer = (AppendHeaders<[(HeaderName, HeaderValue); 1]>, Json<Message>);

/// `POST /api/auth/sign-out`: this session ends.
pub(crate) async fn here(caller: SignedIn, State(app): State<App>) -> Result<Answer, ApiError> {
    let now = app.clock.now();
    end(&caller, &app, |member, claims| member.signing_out(claims, now)).await
}

/// `POST /api/auth/sign-out-everywhere`: all of the member's sessions end.
pub(crate) async fn everywhere(caller: SignedIn, State(app): State<App>) -> Result<Answer, ApiError> {
    end(&caller, &app, |member, _| member.signing_out_everywhere()).await
}

#[derive(Debug, Serialize)]
pub(crate) struct Message {
    message: &'static str,
}

/// The member is read again if somebody else changed it meanwhile; a session that is not good any more has ended. That one
/// session ended is in no log, that all of them did is.
async fn end(
    caller: &SignedIn,
    app: &App,
    ending: impl Fn(&Member, &domain::session::Claims) -> Member,
) -> Result<Answer, ApiError> {
    let confirmed = caller.confirmed().await?;
    let (mut member, claims) = confirmed.session.clone().ok_or_else(ApiError::unauthenticated)?;
    for _ in 0..TRIES {
        let after = ending(&member, &claims);
        let all = after.session_generation != member.session_generation;
        let entry = all.then(|| about(confirmed.record(Action::SessionsEnded, app.clock.now(), &app.random), &member));
        let change = app.store.replace_member(confirmed.company, &member, &after, entry.as_ref()).await?;
        let newer = match change {
            MemberChange::Made => None,
            _ => app.store.member(confirmed.company, claims.user).await?.filter(|newer| newer.accepts(&claims)),
        };
        let Some(newer) = newer else {
            let cookie = app.authenticator.sessions().no_cookie();
            return Ok((AppendHeaders([(SET_COOKIE, cookie)]), Json(Message { message: "Signed out" })));
        };
        member = newer;
    }
    Err(ApiError::new(Kind::Conflict, "Others changed this member at the same time; please try again"))
}
