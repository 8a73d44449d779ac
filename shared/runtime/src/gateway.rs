//! Where a request came from and which it is, by API Gateway's word.

use api::{ClientAddress, RequestId};
use axum::{body::Body, extract::Request};
use lambda_http::request::RequestContext;

/// Tells the endpoints the address that API Gateway saw, and the id that it gave to the request. Headers that say something
/// else, such as `X-Forwarded-For` or `X-Request-Id`, can be written by anybody and are not read.
pub(crate) async fn tell(mut request: Request<Body>) -> Request<Body> {
    let Some(RequestContext::ApiGatewayV2(context)) = request.extensions().get() else { return request };
    let address = context.http.source_ip.as_deref().and_then(|address| address.parse().ok());
    let id = context.request_id.as_deref().and_then(RequestId::new);
    let extensions = request.extensions_mut();
    if let Some(address) = address {
        extensions.insert(ClientAddress(address));
    }
    if let Some(id) = id {
        extensions.insert(id);
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::{Extension, Router, middleware::map_request};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_address_and_the_id_are_the_gateways_and_not_the_headers() {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/products-get.json")).unwrap();
        let seen = event["requestContext"]["http"]["sourceIp"].as_str().unwrap().to_owned();
        let id = event["requestContext"]["requestId"].as_str().unwrap().to_owned();
        event["headers"]["x-forwarded-for"] = "198.51.100.99".into();
        event["headers"]["x-request-id"] = "mine".into();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let echo = async |Extension(ClientAddress(address)): Extension<ClientAddress>, id: RequestId| {
            format!("{address} {}", id.as_str())
        };
        let router = Router::new().fallback(echo).layer(map_request(tell));
        let answer = router.oneshot(request.map(|body| Body::from(body.to_vec()))).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, format!("{seen} {id}"));
    }
}
