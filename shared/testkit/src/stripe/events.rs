//! Events: their envelope, and what has become of each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{API_VERSION, OLD_API_VERSION};

/// Something that happened, as the endpoint is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// Stripe's `type`: `charge.succeeded`.
    pub kind: String,
    /// Unix seconds.
    pub created: i64,
    /// The whole event object, envelope and all.
    pub payload: Value,
}

/// An event and its delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sent {
    pub event: Event,
    /// The session it came from.
    pub session: String,
    pub delivered: bool,
    /// Nobody will be told of it.
    #[serde(default)]
    pub dropped: bool,
    pub attempts: u32,
    /// What the endpoint answered last.
    pub answer: Option<String>,
}

impl Sent {
    pub(super) fn new(event: Event, session: &str, dropped: bool) -> Self {
        Self { event, session: session.to_owned(), delivered: false, dropped, attempts: 0, answer: None }
    }

    /// Whether it is still to be delivered.
    pub(super) fn waits(&self) -> bool {
        !self.delivered && !self.dropped
    }
}

/// What an event is about, before it has its envelope.
pub(super) struct Happening {
    pub kind: &'static str,
    pub object: Value,
    /// The former values of what changed, for `*.updated` and the like.
    pub previous: Option<Value>,
}

/// Which API request caused an event; those from a page have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Cause {
    pub request: Option<String>,
    pub idempotency_key: Option<String>,
}

/// Wraps what happened in its envelope.
pub(super) fn envelope(id: String, happening: Happening, created: i64, old_shapes: bool, cause: &Cause) -> Event {
    let mut data = json!({ "object": happening.object });
    if let Some(previous) = happening.previous {
        data["previous_attributes"] = previous;
    }
    let payload = json!({
        "id": id,
        "object": "event",
        "api_version": if old_shapes { OLD_API_VERSION } else { API_VERSION },
        "created": created,
        "data": data,
        "livemode": false,
        "pending_webhooks": 1,
        "request": { "id": cause.request, "idempotency_key": cause.idempotency_key },
        "type": happening.kind,
    });
    Event { id, kind: happening.kind.to_owned(), created, payload }
}
