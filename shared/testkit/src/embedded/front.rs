//! One address for all services: each request goes to the service that its `X-Amz-Target` names, or to
//! S3 if it is signed for that.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Request, StatusCode, Uri, header::CONTENT_TYPE};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
    service::TowerToHyperService,
};

use super::{
    s3,
    serving::{Serving, listen},
};

/// Where the services behind the front are.
#[derive(Debug, Clone)]
pub(super) struct Backends {
    pub(super) dynamodb: String,
    pub(super) sqs: String,
    pub(super) secrets: String,
    pub(super) blobs: String,
}

struct Front {
    backends: Backends,
    client: Client<HttpConnector, Body>,
}

/// Whether this is a call of an AWS service, for a server that takes others on the same port.
pub fn is_aws_call<B>(request: &Request<B>) -> bool {
    target(request.headers()).is_some() || s3::is_call(request.uri(), request.headers())
}

fn target(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()
}

/// Sends each request on to its service, at any path.
pub(super) fn router(backends: Backends) -> Router {
    let client = Client::builder(TokioExecutor::new()).build_http();
    Router::new().fallback(forward).with_state(Arc::new(Front { backends, client }))
}

/// Serves the front at an address of its own.
pub(super) async fn start(router: Router) -> anyhow::Result<Serving> {
    let (listener, port) = listen().await?;
    Ok(Serving::http(listener, port, TowerToHyperService::new(router)))
}

async fn forward(State(front): State<Arc<Front>>, mut request: Request<Body>) -> Response {
    let service = target(request.headers()).and_then(|target| target.split_once('.')).map(|(service, _)| service);
    // All of the others are served at the root; SQS clients of old call the queue's URL.
    let mut path = "/";
    let backend = match service {
        Some("DynamoDB_20120810" | "DynamoDBStreams_20120810") => &front.backends.dynamodb,
        Some("AmazonSQS") => &front.backends.sqs,
        Some("secretsmanager") => &front.backends.secrets,
        None if s3::is_call(request.uri(), request.headers()) => {
            path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
            &front.backends.blobs
        }
        _ => return refusal(StatusCode::BAD_REQUEST, "UnknownOperationException", "No such service here."),
    };
    let Ok(uri) = format!("{backend}{path}").parse::<Uri>() else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "The service has no address.");
    };
    *request.uri_mut() = uri;
    match front.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::warn!(%error, "an embedded service did not answer");
            refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service does not answer.")
        }
    }
}

/// An error in the shape of the AWS JSON protocols.
fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    let body = serde_json::json!({"__type": kind, "message": message}).to_string();
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}
