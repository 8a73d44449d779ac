//! What every call to an API passes: the log, the fault plan, troubles, the credential.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::forge::ForgeKind;
use serde_json::json;

use super::{
    Sandbox,
    state::{Repository, State},
};
use crate::sandbox::{Answer, Refusals, suffer};

/// Whether the call came with a credential that is good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known(pub(super) bool);

pub(super) type Answered = Result<Answer, Answer>;

/// The layer around a forge. `root` is what its paths begin with.
pub(super) async fn gate(
    sandbox: Sandbox,
    kind: ForgeKind,
    root: &'static str,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let line = format!("{kind} {} {}", request.method(), path.strip_prefix(root).unwrap_or(path));
    let fault = sandbox.faults.next(&line);
    sandbox.note(line);
    let answer = async {
        let trouble = sandbox.troubled(kind).and_then(|trouble| trouble.of_calls(sandbox.now().as_second()));
        if let Some(answer) = trouble {
            return answer.into_response();
        }
        let known = Known(has_credential(kind, request.headers()));
        request.extensions_mut().insert(known);
        next.run(request).await
    };
    let refused = |status| Answer::json(status, json!({ "message": "an answer of the fault plan" }));
    let broken = refused(StatusCode::BAD_GATEWAY);
    let throttled = refused(StatusCode::TOO_MANY_REQUESTS).header("retry-after", "60");
    suffer(fault, Refusals { broken, throttled }, answer).await
}

fn has_credential(kind: ForgeKind, headers: &HeaderMap) -> bool {
    let bearer = |name: HeaderName, scheme: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.strip_prefix(scheme).is_some_and(|token| !token.trim().is_empty())
    };
    let authorised = bearer(header::AUTHORIZATION, "Bearer ");
    authorised || kind == ForgeKind::Gitlab && bearer(HeaderName::from_static("private-token"), "")
}

/// The repository, if the caller can see it.
pub(super) fn seen<'a>(
    state: &'a State,
    kind: ForgeKind,
    known: Known,
    path: &str,
) -> Result<(u64, &'a Repository), Answer> {
    let id = state.find(kind, path).ok_or_else(missing)?;
    let repository = &state.repositories[&id];
    if repository.private && !known.0 { Err(missing()) } else { Ok((id, repository)) }
}

pub(super) async fn not_found() -> Answer {
    missing()
}

pub(super) fn missing() -> Answer {
    Answer::json(StatusCode::NOT_FOUND, json!({ "message": "404 Not Found" }))
}
