//! S3 among the calls: it speaks REST and XML, where the others speak JSON.

use aws_smithy_runtime_api::{
    client::orchestrator::{HttpRequest, HttpResponse},
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// The operation, if this is a call of S3.
pub(super) fn operation(request: &HttpRequest) -> Option<&'static str> {
    request.headers().get("authorization").filter(|it| it.contains("/s3/aws4_request"))?;
    let (path, query) = parts(request);
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    Some(match request.method() {
        "PUT" => "PutObject",
        "HEAD" => "HeadObject",
        "DELETE" => "DeleteObject",
        "POST" if has("delete") => "DeleteObjects",
        "GET" if has("list-type") => "ListObjectsV2",
        "GET" if path.trim_matches('/').contains('/') => "GetObject",
        _ => "Unknown",
    })
}

/// What a call is about, as the other services would say it: the bucket, and the keys of one or many objects.
pub(super) fn body(request: &HttpRequest) -> Value {
    let (path, _) = parts(request);
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_matches('/'), ""));
    let xml = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let keys: Vec<&str> = xml.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()).collect();
    json!({"Bucket": bucket, "Key": key, "Keys": keys})
}

/// Path and query. Buckets are the first part of the path.
fn parts(request: &HttpRequest) -> (&str, &str) {
    let uri = request.uri();
    let after_host = uri.split_once("://").map_or(uri, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    after_host.split_once('?').unwrap_or((after_host, ""))
}

/// An answer in S3's error shape.
pub(super) fn refusal(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/xml");
    response
}
