//! What Stripe answers when it is asked, in the shape of the event that should have told it.

use domain::stripe_event::{self, PaymentEvent, Received};
use serde_json::{Value, json};

/// The event of type `kind` about `object`, or nothing if it is about no purchase of ours. `cause` is the same whenever the
/// same is found, so that it is applied once; `second` is when it was so, in Unix seconds.
pub(crate) fn event(cause: &str, kind: &str, object: &Value, second: i64) -> Option<Box<PaymentEvent>> {
    let body = json!({
        "id": format!("reconcile:{cause}"),
        "object": "event",
        "type": kind,
        "created": second,
        "livemode": object["livemode"].as_bool().unwrap_or(false),
        "data": {"object": object},
    });
    read(&body)
}

/// An event as Stripe lists it.
pub(crate) fn read(body: &Value) -> Option<Box<PaymentEvent>> {
    match stripe_event::read(body.to_string().as_bytes()) {
        Ok(Received::Relevant(event)) => Some(event),
        Ok(Received::Irrelevant { .. }) => None,
        Err(error) => {
            tracing::warn!(
                id = body["id"].as_str(),
                error = &error as &dyn std::error::Error,
                "an event cannot be read"
            );
            None
        }
    }
}
