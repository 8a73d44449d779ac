//! Where a request came from, by API Gateway's word.

use api::ClientAddress;
use axum::{body::Body, extract::Request};
use lambda_http::request::RequestContext;

/// Tells the endpoints the address that API Gateway saw. A header that says something else, such as `X-Forwarded-For`, can
/// be written by anybody and is not read.
pub(crate) async fn of_gateway(mut request: Request<Body>) -> Request<Body> {
    let context = request.extensions().get::<RequestContext>();
    let address = context.and_then(|context| match context {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    });
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddress(address));
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::{Extension, Router, middleware::map_request};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_address_is_the_gateways_and_not_the_headers() {
        let mut event: serde_json::Value =
            serde_json::from_str(include_str!("../../../events/products-get.json")).unwrap();
        let seen = event["requestContext"]["http"]["sourceIp"].as_str().unwrap().to_owned();
        event["headers"]["x-forwarded-for"] = "198.51.100.99".into();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let tell = async |Extension(ClientAddress(address)): Extension<ClientAddress>| address.to_string();
        let router = Router::new().fallback(tell).layer(map_request(of_gateway));
        let answer = router.oneshot(request.map(|body| Body::from(body.to_vec()))).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, seen);
    }
}
