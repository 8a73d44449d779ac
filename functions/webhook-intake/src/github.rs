//! GitHub's webhooks: collaborators that came or went, repositories that moved, an App that was taken away.

use std::borrow::Cow;

use api::{ApiError, Json, Kind};
use axum::extract::State;
use domain::github_event::{self, Received};
use http::{HeaderMap, header};
use jobs::Job;

use crate::{App, Receipt, signed::SignedByGithub};

/// The longest number of a delivery that is taken. GitHub's are UUIDs.
const LONGEST_NUMBER: usize = 64;

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
    match github_event::read(event, delivery, &json_of(&body, text(header::CONTENT_TYPE.as_str()))) {
        Ok(Received::Relevant(event)) => {
            tracing::info!(event.delivery, event.about = ?event.about, "event received");
            app.access.send(&Job::ApplyGithub { event }).await?;
        }
        Ok(Received::Irrelevant { reason }) => tracing::info!(delivery, event, reason, "event dropped"),
        Err(error) => return Err(ApiError::new(Kind::Invalid, error.to_string())),
    }
    Ok(Json(Receipt { received: true }))
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
