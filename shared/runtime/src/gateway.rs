//! What a request is by API Gateway's word: where it came from, which it is, and what its path names.

use std::fmt::Write;

use api::{ClientAddress, RequestId};
use axum::{Router, body::Body, extract::Request, middleware::map_request};
use http::{Uri, uri::PathAndQuery};
use lambda_http::{RequestExt, request::RequestContext};

/// A function's endpoints behind API Gateway.
pub(crate) fn behind(router: Router) -> Router {
    // The path is told before the endpoint is looked for.
    Router::new().fallback_service(router).layer(map_request(tell))
}

/// Tells the endpoints the address that API Gateway saw, and the id that it gave to the request. Headers that say something
/// else, such as `X-Forwarded-For` or `X-Request-Id`, can be written by anybody and are not read.
async fn tell(mut request: Request<Body>) -> Request<Body> {
    let Some(RequestContext::ApiGatewayV2(context)) = request.extensions().get() else { return request };
    let address = context.http.source_ip.as_deref().and_then(|address| address.parse().ok());
    let id = context.request_id.as_deref().and_then(RequestId::new);
    let path = context.route_key.as_deref().and_then(|route| path(&request, route));
    if let Some(uri) = path.and_then(|path| with_path(&request, path)) {
        *request.uri_mut() = uri;
    }
    let extensions = request.extensions_mut();
    if let Some(address) = address {
        extensions.insert(ClientAddress(address));
    }
    if let Some(id) = id {
        extensions.insert(id);
    }
    request
}

/// The path as the client wrote it, or another way to write the same. An HTTP API decodes it before it looks for the route,
/// and hands it over decoded: an encoded slash, percent sign or question mark is one of the path's own by then. What it read
/// out of the path stands beside that, decoded once. `None`: the route names nothing.
fn path(request: &Request<Body>, route: &str) -> Option<String> {
    let (_, template) = route.split_once(' ')?;
    if !template.contains('{') {
        return None;
    }
    let values = request.path_parameters_ref()?;
    let written = |segment: &str| match segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
        // `{name+}` takes what is left of the path, slashes included.
        Some(name) => values.first(name.trim_end_matches('+')).map(encoded),
        None => Some(segment.to_owned()),
    };
    let segments: Option<Vec<String>> = template.split('/').map(written).collect();
    Some(segments?.join("/"))
}

/// The request's address with another path.
fn with_path(request: &Request<Body>, path: String) -> Option<Uri> {
    let mut parts = request.uri().clone().into_parts();
    let query = query(request);
    let whole = if query.is_empty() { path } else { format!("{path}?{query}") };
    parts.path_and_query = Some(PathAndQuery::try_from(whole).ok()?);
    Uri::from_parts(parts).ok()
}

/// The query is handed over as the client wrote it. In a decoded path, what looks like the beginning of one hides it.
fn query(request: &Request<Body>) -> String {
    if !request.raw_http_path().contains(['?', '#']) {
        return request.uri().query().unwrap_or_default().to_owned();
    }
    let values = request.query_string_parameters_ref();
    let pairs = values.into_iter().flat_map(|values| values.iter());
    let mut pairs: Vec<(&str, &str)> = pairs.collect();
    // They come in no order; those of one name stay as they were.
    pairs.sort_by_key(|(name, _)| *name);
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// A text as one segment of a path, or as a part of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use axum::{
        Extension,
        extract::{Path, RawQuery},
        routing::get,
    };
    use tower::ServiceExt;

    use super::*;

    /// What a function answers to an event.
    async fn answer(router: Router, event: &serde_json::Value) -> String {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let answer = behind(router).oneshot(request.map(|body| Body::from(body.to_vec()))).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn event(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn the_address_and_the_id_are_the_gateways_and_not_the_headers() {
        let mut event = event(include_str!("../../../events/products-get.json"));
        let seen = event["requestContext"]["http"]["sourceIp"].as_str().unwrap().to_owned();
        let id = event["requestContext"]["requestId"].as_str().unwrap().to_owned();
        event["headers"]["x-forwarded-for"] = "198.51.100.99".into();
        event["headers"]["x-request-id"] = "mine".into();
        let echo = async |Extension(ClientAddress(address)): Extension<ClientAddress>, id: RequestId| {
            format!("{address} {}", id.as_str())
        };
        let body = answer(Router::new().fallback(echo), &event).await;
        assert_eq!(body, format!("{seen} {id}"));
    }

    fn by_external_id() -> Router {
        let show =
            async |Path(id): Path<String>, RawQuery(query): RawQuery| format!("{id} {}", query.unwrap_or_default());
        Router::new().route("/api/v1/customers/by-external/{external_id}", get(show))
    }

    /// As API Gateway tells of `gid:%2F%2Fshopify%2FCustomer%2F7`.
    #[tokio::test]
    async fn a_path_that_was_decoded_on_the_way_names_what_the_client_wrote() {
        let event = event(include_str!("../../../events/customers-by-external-id.json"));
        assert_eq!(answer(by_external_id(), &event).await, "gid://shopify/Customer/7 ");
    }

    #[tokio::test]
    async fn every_external_id_is_found_whether_the_path_was_decoded_or_not() {
        for id in ["a/b c", "a%2Fb", "100%", "#1?x=y&z", "ключ 🔑", "..", ".", "packages", "a+b", "a//b", "/"] {
            for path in [id.to_owned(), encoded(id)] {
                let mut event = event(include_str!("../../../events/customers-by-external-id.json"));
                event["rawPath"] = format!("/api/v1/customers/by-external/{path}").into();
                event["rawQueryString"] = "a=b%20c&d=%C3%A9".into();
                event["pathParameters"]["external_id"] = id.into();
                assert_eq!(answer(by_external_id(), &event).await, format!("{id} a=b%20c&d=%C3%A9"), "{path}");
            }
        }
    }

    #[tokio::test]
    async fn a_package_in_one_piece_stays_in_one_piece() {
        let router = || {
            let one = async |Path(name): Path<String>| format!("one {name}");
            let two = async |Path((vendor, package)): Path<(String, String)>| format!("two {vendor} {package}");
            Router::new()
                .route("/api/v1/packages/{name}", get(one))
                .route("/api/v1/packages/{vendor}/{package}", get(two))
        };
        let mut event = event(include_str!("../../../events/customers-by-external-id.json"));
        for (route, values, path, expected) in [
            ("{name}", serde_json::json!({"name": "acme%2Fsync"}), "acme%2Fsync", "one acme%2Fsync"),
            ("{vendor}/{package}", serde_json::json!({"vendor": "acme", "package": "a"}), "acme/a", "two acme a"),
        ] {
            event["requestContext"]["routeKey"] = format!("GET /api/v1/packages/{route}").into();
            event["rawPath"] = format!("/api/v1/packages/{path}").into();
            event["pathParameters"] = values;
            assert_eq!(answer(router(), &event).await, expected);
        }
        // Without a route, or what it read, the path is taken as it is.
        event["pathParameters"] = serde_json::Value::Null;
        assert_eq!(answer(router(), &event).await, "two acme a");
        event["requestContext"]["routeKey"] = "$default".into();
        assert_eq!(answer(router(), &event).await, "two acme a");
    }
}
