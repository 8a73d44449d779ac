//! The guards of webhooks: their signatures.

use api::{ApiError, Guard, RawBody};
use axum::{body::Bytes, extract::FromRequestParts};
use domain::SecretSource;
use http::request::Parts;

use crate::App;

/// How old Stripe's signature may be, in seconds: the tolerance of Stripe's own libraries. GitHub's holds no time.
const TOLERANCE_SECONDS: i64 = 300;

/// A body that Stripe signed: the very bytes that were verified.
#[derive(Debug)]
pub(crate) struct SignedByStripe(pub(crate) Bytes);

/// A body that GitHub signed: the very bytes that were verified. GitHub signs no header.
#[derive(Debug)]
pub(crate) struct SignedByGithub(pub(crate) Bytes);

impl Guard for SignedByStripe {
    const NAME: &'static str = "SignedByStripe";
}

impl Guard for SignedByGithub {
    const NAME: &'static str = "SignedByGithub";
}

impl FromRequestParts<App> for SignedByStripe {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let now = app.clock.now().as_second();
        let verify = |body: &[u8], header: &str, secrets: &[&str]| {
            signatures::stripe::verify(body, header, secrets, now, TOLERANCE_SECONDS)
        };
        verified(parts, "stripe-signature", &app.stripe_secrets, verify).await.map(Self)
    }
}

impl FromRequestParts<App> for SignedByGithub {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        verified(parts, "x-hub-signature-256", &app.github_secrets, signatures::github::verify).await.map(Self)
    }
}

/// The body, if `header` holds a signature of it with one of the secrets.
async fn verified<Rejected: std::fmt::Display>(
    parts: &Parts,
    header: &str,
    secrets: &SecretSource,
    verify: impl Fn(&[u8], &str, &[&str]) -> Result<(), Rejected>,
) -> Result<Bytes, ApiError> {
    let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
    let signature = parts.headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secrets = secrets.read().await?;
    let secrets: Vec<_> = secrets.reveal().split(',').map(str::trim).collect();
    verify(&body, signature, &secrets).map_err(|reason| {
        tracing::warn!(%reason, header, "a webhook's signature was refused");
        ApiError::unauthenticated()
    })?;
    Ok(body)
}
