//! What a sandbox's API answers, and what a fault plan makes of it.

use std::{future::Future, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::faults::Fault;

/// How long a call that is never answered is held. Longer than any client waits, short enough to end by itself.
const HELD: Duration = Duration::from_secs(30);

/// One answer of an API: both what succeeds and what is refused, so that handlers can use `?`.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new() }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    /// The same answer with one header more.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => Response::new(Body::from(body.to_string())),
            None => Response::new(Body::empty()),
        };
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// How a service words its two kinds of outage.
pub(crate) struct Refusals {
    /// Something broke on its side.
    pub broken: Answer,
    /// One call too many.
    pub throttled: Answer,
}

/// Runs `effect` the way `fault` wants it.
pub(crate) async fn suffer(
    fault: Option<Fault>,
    refusals: Refusals,
    effect: impl Future<Output = Response>,
) -> Response {
    match fault {
        None => effect.await,
        Some(Fault::Before) => refusals.broken.into_response(),
        Some(Fault::Throttle) => refusals.throttled.into_response(),
        Some(Fault::After) => {
            effect.await;
            refusals.broken.into_response()
        }
        Some(Fault::Timeout) => {
            effect.await;
            tokio::time::sleep(HELD).await;
            refusals.broken.into_response()
        }
    }
}
