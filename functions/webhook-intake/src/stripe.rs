//! Stripe Webhook.

use api::{ApiError, Json, Kind};
use axum::extract::State;
use domain::stripe_event::{self, Received};
use jobs::Job;

use crate::{App, Receipt, signed::SignedByStripe};

/// `POST /api/webhooks/stripe`: take an event. Answered 200 only when the queue has it, or when there is nothing to do.
pub(crate) async fn receive(
    SignedByStripe(body): SignedByStripe,
    State(app): State<App>,
) -> Result<Json<Receipt>, ApiError> {
    match stripe_event::read(&body) {
        Ok(Received::Relevant(event)) => {
            tracing::info!(event.id, event.kind, "event received");
            app.payments.send(&Job::ApplyPayment { event }).await?;
        }
        Ok(Received::Irrelevant { reason }) => tracing::info!(reason, "event dropped"),
        Err(error) => return Err(ApiError::new(Kind::Invalid, error.to_string())),
    }
    Ok(Json(Receipt { received: true }))
}
