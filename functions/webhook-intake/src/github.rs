//! GitHub's webhooks: collaborators that came or went, repositories that moved, an App that was taken away; and what was
//! pushed, for packages.

use std::{borrow::Cow, error::Error};

use api::{ApiError, Json, Kind};
use axum::extract::State;
use domain::{
    forge::ForgeKind,
    forge_event,
    github_event::{self, Received},
};
use http::{HeaderMap, header};
use jobs::Job;

use crate::{App, LONGEST_NUMBER, Receipt, forge, signed::SignedByGithub};

/// `POST /api/webhooks/github`: take a webhook. Answered 200 only when the queue has it, or when there is nothing to do:
/// GitHub does not send again by itself, but it lists what was not answered so.
pub(crate) async fn receive(
    SignedByGithub(body): SignedByGithub,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Receipt>, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (event, delivery) = (text("x-github-event"), text("x-github-delivery"));
    if event.is_empty() || !(1..=LONGEST_NUMBER).contains(&delivery.len()) {
        return Err(ApiError::new(Kind::Invalid, "X-GitHub-Event and X-GitHub-Delivery have to be there"));
    }
    let body = json_of(&body, text(header::CONTENT_TYPE.as_str()));
    let not_an_event = |error: &dyn Error| ApiError::new(Kind::Invalid, error.to_string());
    let of_access = github_event::read(event, delivery, &body).map_err(|error| not_an_event(&error))?;
    let of_packages = forge_event::read(ForgeKind::Github, event, delivery, &body);
    let of_packages = of_packages.map_err(|error| not_an_event(&error))?;
    // One may be about both: a repository that was renamed. If either cannot be sent, both come again.
    tokio::try_join!(pass_on(&app, of_access), forge::pass_on(&app, of_packages))?;
    Ok(Json(Receipt { received: true }))
}

/// Puts what it tells of who has access into the queue.
async fn pass_on(app: &App, received: Received) -> Result<(), ApiError> {
    match received {
        Received::Relevant(event) => {
            tracing::info!(event.delivery, event.about = ?event.about, "event received");
            Ok(app.access.send(&Job::ApplyGithub { event }).await?)
        }
        Received::Irrelevant { reason } => {
            tracing::info!(reason, "nothing about access");
            Ok(())
        }
    }
}

/// The event itself. A webhook that was registered for forms, GitHub's default, has it in the field `payload`.
fn json_of<'a>(body: &'a [u8], content_type: &str) -> Cow<'a, [u8]> {
    if !content_type.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Cow::Borrowed(body);
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let payload = fields.into_iter().find(|(name, _)| name == "payload");
    Cow::Owned(payload.map(|(_, value)| value.into_bytes()).unwrap_or_default())
}
