//! Magic link.

use api::{Accepted, ApiError, Check, Input, Kind, RateSlot, Valid};
use auth::Visitor;
use axum::extract::State;
use domain::{
    rate,
    text::{Email, NextPath},
};
use jobs::Job;
use serde::Serialize;

use crate::App;

/// `POST /api/auth/magic-link`: have a link mailed. The answer and its time are the same whoever has the address: whether
/// it is a member's is looked up by the worker. Nor does it tell that too many links were asked for.
pub(crate) async fn request(
    visitor: Visitor,
    State(app): State<App>,
    Valid(wanted): Valid<Wanted>,
) -> Result<Accepted<Message>, ApiError> {
    visitor.allowed(&rate::SIGN_IN).await?;
    // Counted apart, and without word in the headers.
    match app.limiter.allow(&rate::MAGIC_LINK, &wanted.email.to_lowercase(), &RateSlot::default()).await {
        Ok(()) => app.deliveries.send(&Job::SendSignInLink { email: wanted.email, next: wanted.next }).await?,
        Err(error) if error.kind == Kind::RateLimited => {
            tracing::info!(metric = "sign_in.link.limited", "an address has had its links for this hour");
        }
        Err(error) => return Err(error),
    }
    Ok(Accepted(Message { message: "If this address belongs to a member, a link is on its way" }))
}

#[derive(Debug)]
pub(crate) struct Wanted {
    email: Email,
    next: Option<NextPath>,
}

impl Input for Wanted {
    fn check(c: &mut Check) -> Option<Self> {
        let email = c.text("email", Email::parse);
        let next = c.text_or_none("next", NextPath::parse);
        Some(Self { email: email?, next: next? })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Message {
    message: &'static str,
}
