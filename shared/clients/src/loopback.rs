//! For tests: a server on the loopback that answers as it is told and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, Response},
};
use serde_json::Value;

use crate::Http;

/// A running server. It ends with the test's runtime.
pub(crate) struct Loopback {
    base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Still encoded; empty if there was none.
    pub(crate) query: String,
    pub(crate) body: String,
    headers: HeaderMap,
}

/// What to answer.
pub(crate) enum Reply {
    Answer(Response<Body>),
    Never,
}

/// A client that a busy machine does not make give up.
pub(crate) fn http() -> Http {
    with_limit(Duration::from_secs(30))
}

/// A client that gives up soon, for servers that never answer.
pub(crate) fn impatient_http() -> Http {
    with_limit(Duration::from_millis(100))
}

fn with_limit(limit: Duration) -> Http {
    Http::new(limit, limit)
}

impl Loopback {
    pub(crate) async fn start(reply: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| async move {
            let request = Seen::read(request).await;
            log.lock().expect("no test panics here").push(request.clone());
            match reply(&request) {
                Reply::Answer(response) => response,
                Reply::Never => std::future::pending().await,
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panics here").clone()
    }

    /// The requests as `METHOD path`, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}

impl Seen {
    async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a whole body");
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: String::from_utf8(body.to_vec()).expect("text"),
            headers: parts.headers,
        }
    }

    /// The header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

impl Reply {
    pub(crate) fn text(status: u16, body: &str) -> Self {
        let response = Response::builder().status(status).body(Body::from(body.to_owned()));
        Self::Answer(response.expect("a response"))
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::text(status, "")
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub(crate) fn never() -> Self {
        Self::Never
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer(response) = &mut self {
            response.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        self
    }
}
