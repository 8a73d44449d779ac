//! What surrounds every endpoint: the body is read once, no caller is answered who was not confirmed, errors get the
//! family's envelope, what a limiter counted is told, and one line is logged.

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{ApiError, Family, Kind, RateSlot, RawBody, RequestId, Unconfirmed};

pub(crate) fn wrap(router: Router, family: Family) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| serve(family, request, next)))
}

async fn serve(family: Family, mut request: Request, next: Next) -> Response {
    let (rate, unconfirmed) = (RateSlot::default(), Unconfirmed::default());
    request.extensions_mut().insert(rate.clone());
    request.extensions_mut().insert(unconfirmed.clone());
    let id = RequestId::of(request.extensions());
    let method = request.method().clone();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let mut response = match read_body(request, family.largest_body()).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Err(error) = unconfirmed.ask().await {
        response = error.into_response();
    }
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        log(&error);
        let family = response.extensions_mut().remove::<Family>().unwrap_or(family);
        response = family.render(&error).map(Body::from);
    }
    let headers = response.headers_mut();
    headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
    headers.insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    rate.write(headers);
    let status = response.status().as_u16();
    tracing::info!(request = id.as_str(), http.method = %method, http.route = route, http.status = status, "answered");
    response
}

/// Takes the body into memory (on Lambda it is there already), so that a guard can verify the very bytes that are parsed later.
async fn read_body(request: Request, largest: usize) -> Result<Request, ApiError> {
    let (mut parts, body) = request.into_parts();
    let body = Limited::new(body, largest).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            ApiError::new(Kind::TooLarge, "Payload too large")
        } else {
            ApiError::new(Kind::Invalid, "The body could not be read")
        }
    })?;
    parts.extensions.insert(RawBody(body.to_bytes()));
    Ok(Request::from_parts(parts, Body::empty()))
}

/// Our own failures are logged once, here, with the whole chain of causes; a client's mistakes are its own affair.
fn log(error: &ApiError) {
    let cause = error.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static));
    if error.kind == Kind::Internal {
        tracing::error!(error = cause, "internal error");
    } else if error.kind == Kind::Unavailable {
        tracing::warn!(error = cause, "unavailable");
    }
}
