//! Contracts `repopass.md`, "Error Responses", and `cargoman.md`, "Error Codes", which are the same. Two codes are extensions: the contract's table has none for a wrong method
//! or a body that is too large.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{ApiError, Kind};

pub(super) fn render(error: &ApiError) -> (StatusCode, Value) {
    let message = if error.kind.is_ours() { fixed_text(error.kind) } else { &error.message };
    let mut body = json!({"code": code(error.kind), "message": message});
    if !error.fields.is_empty() {
        let details =
            error.fields.iter().map(|field| json!({"field": field.field, "message": field.problem.to_string()}));
        body["details"] = details.collect();
    }
    (super::status(error.kind), json!({"error": body}))
}

fn code(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => "VALIDATION_ERROR",
        Kind::Unauthenticated => "UNAUTHORIZED",
        Kind::Forbidden => "FORBIDDEN",
        Kind::NotFound => "NOT_FOUND",
        Kind::MethodNotAllowed => "METHOD_NOT_ALLOWED",
        Kind::Conflict => "CONFLICT",
        Kind::TooLarge => "PAYLOAD_TOO_LARGE",
        Kind::RateLimited => "RATE_LIMITED",
        Kind::Unavailable => "SERVICE_UNAVAILABLE",
        Kind::Internal => "INTERNAL_ERROR",
    }
}

fn fixed_text(kind: Kind) -> &'static str {
    if kind == Kind::Unavailable { "Service temporarily unavailable" } else { "Server error" }
}
