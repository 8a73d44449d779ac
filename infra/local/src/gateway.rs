//! API Gateway's part: finds the function for a request by the routes of `template.yaml`, and gives the request an id.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result};
use api::RequestId;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use domain::Timestamp;
use http::StatusCode;
use testkit::sam::Template;
use tower::ServiceExt;

/// Routes by method, and where everything else goes.
struct Routes {
    by_method: HashMap<String, matchit::Router<Router>>,
    default: Option<Router>,
    /// When this process began, and how many requests it has had: together, the next one's id.
    since: Timestamp,
    requests: AtomicU64,
}

/// A router that sends each request to its function.
pub(crate) fn router(template: &Template, functions: &HashMap<String, Router>, now: Timestamp) -> Result<Router> {
    let mut routes = Routes { by_method: HashMap::new(), default: None, since: now, requests: AtomicU64::default() };
    for function in &template.functions {
        let Some(answers) = functions.get(&function.logical_id) else { continue };
        if function.default_route {
            routes.default = Some(answers.clone());
        }
        // Here no path is decoded before its route is looked for, so one that takes decoded slashes has nothing to take.
        for route in function.routes.iter().filter(|route| !route.path.contains("+}")) {
            let of_method = routes.by_method.entry(route.method.clone()).or_default();
            of_method
                .insert(route.path.clone(), answers.clone())
                .with_context(|| format!("route {} {}", route.method, route.path))?;
        }
    }
    Ok(Router::new().fallback(dispatch).with_state(Arc::new(routes)))
}

impl Routes {
    fn next_id(&self) -> Option<RequestId> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        RequestId::new(&format!("local-{:x}-{number}", self.since.as_second()))
    }
}

async fn dispatch(State(routes): State<Arc<Routes>>, mut request: Request<Body>) -> Response {
    if let Some(id) = routes.next_id() {
        request.extensions_mut().get_or_insert(id);
    }
    let found = routes.by_method.get(request.method().as_str()).and_then(|paths| paths.at(request.uri().path()).ok());
    match found.map(|found| found.value).or(routes.default.as_ref()) {
        Some(function) => function.clone().oneshot(request).await.into_response(),
        // What API Gateway itself says when there is no `$default` route.
        None => (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({"message": "Not Found"}))).into_response(),
    }
}
