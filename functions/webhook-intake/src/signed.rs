//! The guard of a webhook: its signature.

use api::{ApiError, Guard, RawBody};
use axum::{body::Bytes, extract::FromRequestParts};
use http::request::Parts;

use crate::App;

/// How old a signature may be, in seconds: the tolerance of Stripe's own libraries.
const TOLERANCE_SECONDS: i64 = 300;

/// A body that Stripe signed: the very bytes that were verified.
#[derive(Debug)]
pub(crate) struct SignedByStripe(pub(crate) Bytes);

impl Guard for SignedByStripe {
    const NAME: &'static str = "SignedByStripe";
}

impl FromRequestParts<App> for SignedByStripe {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
        let header = parts.headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let secrets = app.stripe_secrets.read().await?;
        let secrets: Vec<_> = secrets.reveal().split(',').map(str::trim).collect();
        signatures::stripe::verify(&body, header, &secrets, app.clock.now().as_second(), TOLERANCE_SECONDS).map_err(
            |reason| {
                tracing::warn!(%reason, "a webhook's signature was refused");
                ApiError::unauthenticated()
            },
        )?;
        Ok(Self(body))
    }
}
