//! What every API call passes: the log, the fault plan, the key.

use axum::{
    extract::{Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    API_VERSION, Sandbox,
    form::{Form, refuse},
    state::{Reply, State, new_id},
};
use crate::sandbox::{Answer, Refusals, suffer};

/// How long an idempotency key is remembered, in seconds. Stripe promises a day at least.
const REMEMBERED: i64 = 24 * 60 * 60;
/// The longest idempotency key.
const LONGEST_KEY: usize = 255;

/// The layer around the API.
pub(super) async fn gate(Shared(sandbox): Shared<Sandbox>, mut request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    let fault = sandbox.faults.next(&format!("stripe {line}"));
    sandbox.note(line);
    let id = new_id(&sandbox.shared.random, "req");
    let version = request.headers().get("stripe-version").cloned();
    let key = request.headers().get("idempotency-key").cloned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let effect = async {
        if let Err(refused) = admit(request.headers()) {
            return refused.into_response();
        }
        sandbox.expire_overdue();
        next.run(request).await
    };
    let refusals = Refusals {
        broken: refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "api_error",
            None,
            "An unknown error occurred (the sandbox was told to fail).",
        ),
        throttled: refuse(
            StatusCode::TOO_MANY_REQUESTS,
            "invalid_request_error",
            Some("rate_limit"),
            "Request rate limit exceeded (the sandbox was told to say so).",
        ),
    };
    let mut response = suffer(fault, refusals, effect).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(HeaderName::from_static("request-id"), id);
    }
    let version = version.unwrap_or(HeaderValue::from_static(API_VERSION));
    headers.insert(HeaderName::from_static("stripe-version"), version);
    if let Some(key) = key {
        headers.insert(HeaderName::from_static("idempotency-key"), key);
    }
    response
}

/// The number of the request under way.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub String);

/// Test keys only: whoever has put a live one in should hear of it at once.
fn admit(headers: &HeaderMap) -> Result<(), Answer> {
    let unauthorized = |message: &str| Err(refuse(StatusCode::UNAUTHORIZED, "invalid_request_error", None, message));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|given| given.strip_prefix("Bearer ")).unwrap_or_default();
    if key.is_empty() {
        return unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        );
    }
    let test = key.strip_prefix("sk_test_").or_else(|| key.strip_prefix("rk_test_"));
    if test.is_none_or(str::is_empty) {
        return unauthorized("Invalid API Key provided. This sandbox takes test keys only: sk_test_… and rk_test_….");
    }
    let version = headers.get("stripe-version").map(HeaderValue::as_bytes);
    if version.is_some_and(|version| !is_version(version)) {
        let message = "Invalid Stripe API version.";
        return Err(refuse(StatusCode::BAD_REQUEST, "invalid_request_error", None, message));
    }
    Ok(())
}

/// `2026-09-30.endive`, or a date alone as it was before versions had names.
fn is_version(text: &[u8]) -> bool {
    let shape = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let (date, name) = text.split_at(text.len().min(10));
    date.len() == 10
        && date.iter().enumerate().all(shape)
        && (name.is_empty() || (name[0] == b'.' && name[1..].iter().all(u8::is_ascii_lowercase)))
}

/// Runs `effect` once per idempotency key: the same request again is answered what the first one was. What was refused
/// is not remembered.
pub(super) fn once(
    state: &mut State,
    headers: &HeaderMap,
    path: &str,
    form: &Form,
    now: i64,
    effect: impl FnOnce(&mut State) -> Result<Value, Answer>,
) -> Result<Answer, Answer> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key else {
        return effect(state).map(|body| Answer::json(StatusCode::OK, body));
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        let message = format!("Idempotency keys have 1 to {LONGEST_KEY} characters.");
        return Err(refuse(StatusCode::BAD_REQUEST, "idempotency_error", None, &message));
    }
    let parameters = form.sorted();
    state.replies.retain(|_, reply| now - reply.at < REMEMBERED);
    if let Some(reply) = state.replies.get(key) {
        if reply.path == path && reply.parameters == parameters {
            let replay = Answer::json(StatusCode::OK, reply.body.clone());
            return Ok(replay.header("idempotent-replayed", "true"));
        }
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."
        );
        return Err(refuse(StatusCode::BAD_REQUEST, "idempotency_error", None, &message));
    }
    let body = effect(state)?;
    let reply = Reply { path: path.to_owned(), parameters, body: body.clone(), at: now };
    state.replies.insert(key.to_owned(), reply);
    Ok(Answer::json(StatusCode::OK, body))
}
