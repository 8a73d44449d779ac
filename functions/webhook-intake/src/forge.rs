//! What the forges' webhooks have in common: *a repository changed*, and whoever makes packages from it has to look.

use api::{ApiError, Json, Kind};
use domain::{
    forge::ForgeKind,
    forge_event::{self, ForgeEvent, Received},
};
use http::HeaderMap;
use jobs::Job;

use crate::{App, LONGEST_NUMBER, Receipt};

/// The headers that say what a webhook is, in small letters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// The event.
    pub(crate) event: &'static str,
    /// The number of the delivery, the first that is there.
    pub(crate) delivery: &'static [&'static str],
}

/// Takes a webhook whose sender was confirmed.
pub(crate) async fn receive(
    app: &App,
    forge: ForgeKind,
    names: Names,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Json<Receipt>, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let event = text(names.event);
    if event.is_empty() {
        return Err(ApiError::new(Kind::Invalid, format!("{} has to be there", names.event)));
    }
    // The number is for the log only, so it may be missing.
    let numbers = names.delivery.iter().map(|name| text(name));
    let delivery = numbers.into_iter().find(|it| (1..=LONGEST_NUMBER).contains(&it.len())).unwrap_or_default();
    let received = forge_event::read(forge, event, delivery, body);
    pass_on(app, received.map_err(|error| ApiError::new(Kind::Invalid, error.to_string()))?).await?;
    Ok(Json(Receipt { received: true }))
}

/// Puts it into the queue. Sent twice it is there twice, which does no harm: a second look finds nothing new.
pub(crate) async fn pass_on(app: &App, received: Received) -> Result<(), ApiError> {
    match received {
        Received::Relevant(event) => {
            let ForgeEvent { forge, delivery, repository_id, path, what, .. } = &*event;
            tracing::info!(%forge, delivery, ?repository_id, ?path, what, "event received");
            Ok(app.packages.send(&Job::ForgePush { event }).await?)
        }
        Received::Irrelevant { reason } => {
            tracing::info!(reason, "nothing about packages");
            Ok(())
        }
    }
}
