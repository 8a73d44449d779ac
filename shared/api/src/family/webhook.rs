//! Contract `repopass.md`, "Stripe Webhook": `{"error": "…"}`. A sender whose signature fails learns nothing but that.
//! GitHub's webhook answers in the same way.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{ApiError, Kind};

pub(super) fn render(error: &ApiError) -> (StatusCode, Value) {
    match error.kind {
        Kind::Unauthenticated => (StatusCode::BAD_REQUEST, json!({"error": "Invalid signature"})),
        kind if kind.is_ours() => (super::status(kind), json!({"error": "Service temporarily unavailable"})),
        kind => (super::status(kind), json!({"error": error.message})),
    }
}
