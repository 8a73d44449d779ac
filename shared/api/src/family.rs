//! The families of endpoints, each with its own way of saying what went wrong. One short file per family, side by side.

mod composer;
mod page;
mod repopass;
mod webhook;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use crate::{ApiError, Kind, page::Page};

/// A family of endpoints: who shares an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `repopass.md`.
    RepoPass,
    /// `cargoman.md`: it has the error codes of `repopass.md`.
    Cargoman,
    /// What Composer itself asks for.
    Composer,
    /// Webhooks, whoever sends them. `repopass.md`, "Stripe Webhook": errors are bare strings (ruling 7).
    Webhook,
    /// Webhooks of GitLab and Bitbucket. As [`Family::Webhook`], but who sends them is not confirmed with 401, as
    /// `cargoman.md`, "Error Codes", has it.
    ForgeWebhook,
    /// People in front of a browser; see [`crate::OnPage`].
    Page,
}

impl Family {
    /// The largest body that is read, in bytes. Our own requests are far smaller. A push of many commits is not, and whoever
    /// sent it would not make it smaller, so of webhooks all is read that Lambda takes.
    pub(crate) fn largest_body(self) -> usize {
        const MEBIBYTE: usize = 1024 * 1024;
        match self {
            Self::RepoPass | Self::Cargoman | Self::Composer | Self::Page => MEBIBYTE,
            Self::Webhook | Self::ForgeWebhook => 6 * MEBIBYTE,
        }
    }

    /// The answer that tells this family's clients of the error.
    pub(crate) fn render(self, error: &ApiError) -> Response<String> {
        let (status, body) = match self {
            Self::RepoPass | Self::Cargoman => json(repopass::render(error)),
            Self::Composer => json(composer::render(error)),
            Self::Webhook => json(webhook::render(error)),
            Self::ForgeWebhook => json((status(error.kind), webhook::render(error).1)),
            Self::Page => {
                let (status, page) = page::render(error);
                (status, (page.html(), Page::headers().into()))
            }
        };
        let (body, headers): (String, Vec<(HeaderName, HeaderValue)>) = body;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().extend(headers);
        if status == StatusCode::UNAUTHORIZED {
            let scheme = if self == Self::Composer { composer::SCHEME } else { "Bearer" };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        if let Some(seconds) = error.retry_after.or((error.kind == Kind::Unavailable).then_some(5)) {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn json((status, body): (StatusCode, Value)) -> (StatusCode, (String, Vec<(HeaderName, HeaderValue)>)) {
    (status, (body.to_string(), vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]))
}

/// The statuses that all families share.
fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use domain::Problem;

    use super::*;
    use crate::FieldProblem;

    fn sample(kind: Kind) -> ApiError {
        let secret = std::io::Error::other("the cause, which no client may see");
        let fields = if kind == Kind::Invalid {
            vec![FieldProblem { field: "email".into(), problem: Problem::Malformed { what: "email" } }]
        } else {
            Vec::new()
        };
        ApiError { fields, source: Some(std::sync::Arc::new(secret)), ..ApiError::new(kind, "what the client may see") }
    }

    #[test]
    fn every_kind_of_error_in_every_family() {
        let line = |family: Family, kind| {
            let response = family.render(&sample(kind));
            format!("{family:?} {kind:?}: {} {}", response.status().as_u16(), response.body())
        };
        let families = [Family::RepoPass, Family::Cargoman, Family::Composer, Family::Webhook, Family::ForgeWebhook];
        let lines: Vec<_> = families.iter().flat_map(|family| Kind::ALL.map(|kind| line(*family, kind))).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        RepoPass Invalid: 400 {"error":{"code":"VALIDATION_ERROR","details":[{"field":"email","message":"Invalid email format"}],"message":"what the client may see"}}
        RepoPass Unauthenticated: 401 {"error":{"code":"UNAUTHORIZED","message":"what the client may see"}}
        RepoPass Forbidden: 403 {"error":{"code":"FORBIDDEN","message":"what the client may see"}}
        RepoPass NotFound: 404 {"error":{"code":"NOT_FOUND","message":"what the client may see"}}
        RepoPass MethodNotAllowed: 405 {"error":{"code":"METHOD_NOT_ALLOWED","message":"what the client may see"}}
        RepoPass Conflict: 409 {"error":{"code":"CONFLICT","message":"what the client may see"}}
        RepoPass TooLarge: 413 {"error":{"code":"PAYLOAD_TOO_LARGE","message":"what the client may see"}}
        RepoPass RateLimited: 429 {"error":{"code":"RATE_LIMITED","message":"what the client may see"}}
        RepoPass Unavailable: 503 {"error":{"code":"SERVICE_UNAVAILABLE","message":"Service temporarily unavailable"}}
        RepoPass Internal: 500 {"error":{"code":"INTERNAL_ERROR","message":"Server error"}}
        Cargoman Invalid: 400 {"error":{"code":"VALIDATION_ERROR","details":[{"field":"email","message":"Invalid email format"}],"message":"what the client may see"}}
        Cargoman Unauthenticated: 401 {"error":{"code":"UNAUTHORIZED","message":"what the client may see"}}
        Cargoman Forbidden: 403 {"error":{"code":"FORBIDDEN","message":"what the client may see"}}
        Cargoman NotFound: 404 {"error":{"code":"NOT_FOUND","message":"what the client may see"}}
        Cargoman MethodNotAllowed: 405 {"error":{"code":"METHOD_NOT_ALLOWED","message":"what the client may see"}}
        Cargoman Conflict: 409 {"error":{"code":"CONFLICT","message":"what the client may see"}}
        Cargoman TooLarge: 413 {"error":{"code":"PAYLOAD_TOO_LARGE","message":"what the client may see"}}
        Cargoman RateLimited: 429 {"error":{"code":"RATE_LIMITED","message":"what the client may see"}}
        Cargoman Unavailable: 503 {"error":{"code":"SERVICE_UNAVAILABLE","message":"Service temporarily unavailable"}}
        Cargoman Internal: 500 {"error":{"code":"INTERNAL_ERROR","message":"Server error"}}
        Composer Invalid: 400 {"error":{"code":"VALIDATION_ERROR","details":[{"field":"email","message":"Invalid email format"}],"message":"what the client may see"},"warning":"what the client may see"}
        Composer Unauthenticated: 401 {"error":{"code":"UNAUTHORIZED","message":"what the client may see"},"warning":"what the client may see"}
        Composer Forbidden: 403 {"error":{"code":"FORBIDDEN","message":"what the client may see"},"warning":"what the client may see"}
        Composer NotFound: 404 {"error":{"code":"NOT_FOUND","message":"what the client may see"},"warning":"what the client may see"}
        Composer MethodNotAllowed: 405 {"error":{"code":"METHOD_NOT_ALLOWED","message":"what the client may see"},"warning":"what the client may see"}
        Composer Conflict: 409 {"error":{"code":"CONFLICT","message":"what the client may see"},"warning":"what the client may see"}
        Composer TooLarge: 413 {"error":{"code":"PAYLOAD_TOO_LARGE","message":"what the client may see"},"warning":"what the client may see"}
        Composer RateLimited: 429 {"error":{"code":"RATE_LIMITED","message":"what the client may see"},"warning":"what the client may see"}
        Composer Unavailable: 503 {"error":{"code":"SERVICE_UNAVAILABLE","message":"Service temporarily unavailable"},"warning":"Service temporarily unavailable"}
        Composer Internal: 500 {"error":{"code":"INTERNAL_ERROR","message":"Server error"},"warning":"Server error"}
        Webhook Invalid: 400 {"error":"what the client may see"}
        Webhook Unauthenticated: 400 {"error":"Invalid signature"}
        Webhook Forbidden: 403 {"error":"what the client may see"}
        Webhook NotFound: 404 {"error":"what the client may see"}
        Webhook MethodNotAllowed: 405 {"error":"what the client may see"}
        Webhook Conflict: 409 {"error":"what the client may see"}
        Webhook TooLarge: 413 {"error":"what the client may see"}
        Webhook RateLimited: 429 {"error":"what the client may see"}
        Webhook Unavailable: 503 {"error":"Service temporarily unavailable"}
        Webhook Internal: 500 {"error":"Service temporarily unavailable"}
        ForgeWebhook Invalid: 400 {"error":"what the client may see"}
        ForgeWebhook Unauthenticated: 401 {"error":"Invalid signature"}
        ForgeWebhook Forbidden: 403 {"error":"what the client may see"}
        ForgeWebhook NotFound: 404 {"error":"what the client may see"}
        ForgeWebhook MethodNotAllowed: 405 {"error":"what the client may see"}
        ForgeWebhook Conflict: 409 {"error":"what the client may see"}
        ForgeWebhook TooLarge: 413 {"error":"what the client may see"}
        ForgeWebhook RateLimited: 429 {"error":"what the client may see"}
        ForgeWebhook Unavailable: 503 {"error":"Service temporarily unavailable"}
        ForgeWebhook Internal: 500 {"error":"Service temporarily unavailable"}
        "#);
    }
}
