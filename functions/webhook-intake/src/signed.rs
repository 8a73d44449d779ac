//! The guards of webhooks: their signatures.

use std::fmt::Display;

use api::{ApiError, Family, Guard, RawBody};
use axum::{
    body::Bytes,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use domain::{Secret, SecretUnavailable};
use http::request::Parts;
use signatures::{bitbucket, github, gitlab, standard_webhooks, stripe};

use crate::App;

/// How old Stripe's signature may be, in seconds: the tolerance of Stripe's own libraries. GitHub's holds no time.
const TOLERANCE_SECONDS: i64 = 300;

/// A body that Stripe signed: the very bytes that were verified.
#[derive(Debug)]
pub(crate) struct SignedByStripe(pub(crate) Bytes);

/// A body that GitHub signed: the very bytes that were verified. GitHub signs no header.
#[derive(Debug)]
pub(crate) struct SignedByGithub(pub(crate) Bytes);

/// A body that GitLab signed, or that came with its token if there is no key to sign with.
#[derive(Debug)]
pub(crate) struct SignedByGitlab(pub(crate) Bytes);

/// A body that Bitbucket signed: the very bytes that were verified. Bitbucket signs no header.
#[derive(Debug)]
pub(crate) struct SignedByBitbucket(pub(crate) Bytes);

impl Guard for SignedByStripe {
    const NAME: &'static str = "SignedByStripe";
}

impl Guard for SignedByGithub {
    const NAME: &'static str = "SignedByGithub";
}

impl Guard for SignedByGitlab {
    const NAME: &'static str = "SignedByGitlab";
}

impl Guard for SignedByBitbucket {
    const NAME: &'static str = "SignedByBitbucket";
}

impl FromRequestParts<App> for SignedByStripe {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let (header, now) = (header(parts, "stripe-signature"), app.clock.now().as_second());
        let secrets = app.stripe_secrets.read().await?;
        let verify = |body: &[u8], secrets: &[&str]| stripe::verify(body, header, secrets, now, TOLERANCE_SECONDS);
        verified(parts, "Stripe", &secrets, verify).map(Self)
    }
}

impl FromRequestParts<App> for SignedByGithub {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let header = header(parts, "x-hub-signature-256");
        let secrets = app.github_secrets.read().await?;
        verified(parts, "GitHub", &secrets, |body, secrets| github::verify(body, header, secrets)).map(Self)
    }
}

impl FromRequestParts<App> for SignedByGitlab {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let (timestamp, signature) = (header(parts, "webhook-timestamp"), header(parts, "webhook-signature"));
        let signed = standard_webhooks::Headers { id: header(parts, "webhook-id"), timestamp, signature };
        let headers = gitlab::Headers { token: header(parts, "x-gitlab-token"), signed };
        let now = app.clock.now().as_second();
        let (keys, tokens) = tokio::join!(app.gitlab_signing_secrets.read(), app.gitlab_secrets.read());
        let body = match keys {
            Ok(keys) => verified(parts, "GitLab", &keys, |body, keys| {
                gitlab::verify(body, headers, gitlab::Secrets::Signing(keys), now)
            }),
            Err(SecretUnavailable::Missing { .. }) => verified(parts, "GitLab", &tokens?, |body, tokens| {
                gitlab::verify(body, headers, gitlab::Secrets::Tokens(tokens), now)
            }),
            // There may be one. Who keeps us from reading it shall not get by with a token in clear.
            Err(unreachable) => Err(unreachable.into()),
        };
        Ok(Self(body?))
    }
}

impl FromRequestParts<App> for SignedByBitbucket {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let header = header(parts, "x-hub-signature");
        let secrets = app.bitbucket_secrets.read().await?;
        let verify = |body: &[u8], secrets: &[&str]| bitbucket::verify(body, header, secrets);
        Ok(Self(verified(parts, "Bitbucket", &secrets, verify)?))
    }
}

/// What GitLab and Bitbucket are answered, in the envelope of their own family.
#[derive(Debug)]
pub(crate) struct Refused(ApiError);

impl<E> From<E> for Refused
where
    ApiError: From<E>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(Family::ForgeWebhook);
        response
    }
}

/// A header's text. One that is missing, or no text, is empty.
fn header<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The raw body, if it is verified with one of the secrets.
fn verified<Rejected: Display>(
    parts: &Parts,
    sender: &str,
    secrets: &Secret,
    verify: impl Fn(&[u8], &[&str]) -> Result<(), Rejected>,
) -> Result<Bytes, ApiError> {
    let body = parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default();
    let secrets: Vec<_> = secrets.reveal().split(',').map(str::trim).collect();
    verify(&body, &secrets).map_err(|reason| {
        tracing::warn!(%reason, sender, "a webhook's signature was refused");
        ApiError::unauthenticated()
    })?;
    Ok(body)
}
