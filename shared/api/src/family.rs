//! The families of endpoints, each with its own way of saying what went wrong. One short file per family, side by side.

mod repopass;
mod stripe_webhook;

use http::{Response, StatusCode};

use crate::{ApiError, Kind};

/// A family of endpoints: who shares an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `repopass.md`.
    RepoPass,
    /// `repopass.md`, "Stripe Webhook": its errors are bare strings (ruling 7). GitHub's webhook answers alike.
    StripeWebhook,
}

impl Family {
    /// The answer that tells this family's clients of the error.
    pub(crate) fn render(self, error: &ApiError) -> Response<String> {
        let (status, body) = match self {
            Self::RepoPass => repopass::render(error),
            Self::StripeWebhook => stripe_webhook::render(error),
        };
        let mut response = Response::new(body.to_string());
        *response.status_mut() = status;
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, json);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = error.retry_after.or((error.kind == Kind::Unavailable).then_some(5)) {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
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
            vec![FieldProblem { field: "email", problem: Problem::Malformed { what: "email" } }]
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
        let families = [Family::RepoPass, Family::StripeWebhook];
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
        StripeWebhook Invalid: 400 {"error":"what the client may see"}
        StripeWebhook Unauthenticated: 400 {"error":"Invalid signature"}
        StripeWebhook Forbidden: 403 {"error":"what the client may see"}
        StripeWebhook NotFound: 404 {"error":"what the client may see"}
        StripeWebhook MethodNotAllowed: 405 {"error":"what the client may see"}
        StripeWebhook Conflict: 409 {"error":"what the client may see"}
        StripeWebhook TooLarge: 413 {"error":"what the client may see"}
        StripeWebhook RateLimited: 429 {"error":"what the client may see"}
        StripeWebhook Unavailable: 503 {"error":"Service temporarily unavailable"}
        StripeWebhook Internal: 500 {"error":"Service temporarily unavailable"}
        "#);
    }
}
