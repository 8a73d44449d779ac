//! What GitHub's refusals mean.

use domain::{SecretUnavailable, Timestamp};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::http::{Answer, NoAnswer};

/// How long to wait when GitHub says that we are too fast, but not for how long: its documented minimum.
const UNSPECIFIED_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait that is believed. Limits are counted by the hour.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// A call to GitHub that did not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("the call to GitHub failed ({})", circumstances(*.status, .request_id.as_deref()))]
pub struct GithubError {
    /// What to make of it.
    #[source]
    pub kind: GithubErrorKind,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// GitHub's name for the request, which its support asks for.
    pub request_id: Option<String>,
}

/// What a failure means.
#[derive(Debug, thiserror::Error)]
pub enum GithubErrorKind {
    /// Too many calls. Going on before `until` can get the credentials banned.
    #[error("rate limited until {until}")]
    RateLimited {
        /// When calls are welcome again.
        until: Timestamp,
    },
    /// The credentials are not, or no longer, accepted.
    #[error("the credentials are not accepted")]
    Unauthorized,
    /// The credentials lack the permission, or a policy of the organisation forbids it. Repeating does not help.
    #[error("forbidden: {message}")]
    Forbidden {
        /// GitHub's words.
        message: String,
    },
    /// It is not there, or hidden from these credentials.
    #[error("not found")]
    NotFound,
    /// GitHub will not do this with these values. Repeating does not help.
    #[error("invalid: {message}")]
    Invalid {
        /// GitHub's words.
        message: String,
    },
    /// It moved to another host, or in circles.
    #[error("redirected to where the credentials must not go")]
    Moved,
    /// Not reached, timed out, out of order, or not understood. Worth another try.
    #[error("unavailable")]
    Unavailable {
        /// What happened.
        #[source]
        source: NoAnswer,
    },
    /// The credentials could not be read.
    #[error("the credentials are not available")]
    Credentials(#[from] SecretUnavailable),
    /// The credentials were read, but are neither a token nor an App's id and RSA key.
    #[error("the credentials cannot be used: {0}")]
    UnusableCredentials(&'static str),
}

impl From<GithubErrorKind> for GithubError {
    fn from(kind: GithubErrorKind) -> Self {
        Self { kind, status: None, request_id: None }
    }
}

impl GithubError {
    pub(super) fn no_answer(source: NoAnswer) -> Self {
        GithubErrorKind::Unavailable { source }.into()
    }

    pub(super) fn invalid(message: &str) -> Self {
        GithubErrorKind::Invalid { message: message.to_owned() }.into()
    }

    /// A success whose body is not as documented.
    pub(super) fn unreadable(answer: &Answer, source: NoAnswer) -> Self {
        Self::about(answer, GithubErrorKind::Unavailable { source })
    }

    fn about(answer: &Answer, kind: GithubErrorKind) -> Self {
        Self {
            kind,
            status: Some(answer.status.as_u16()),
            request_id: answer.header("x-github-request-id").map(str::to_owned),
        }
    }
}

fn circumstances(status: Option<u16>, request_id: Option<&str>) -> String {
    match (status, request_id) {
        (None, _) => "no answer".to_owned(),
        (Some(status), None) => format!("status {status}"),
        (Some(status), Some(request_id)) => format!("status {status}, request {request_id}"),
    }
}

/// What an answer means that is not one of the call's successes.
///
/// Rate limits come as 403 or 429 and are told from missing permissions in the order of
/// <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
pub(super) fn classify(answer: &Answer, now: Timestamp) -> GithubError {
    let kind = match answer.status.as_u16() {
        300..=399 => GithubErrorKind::Moved,
        401 => GithubErrorKind::Unauthorized,
        status @ (403 | 429) => {
            let message = message(&answer.body);
            match limited_until(answer, &message, now) {
                Some(until) => GithubErrorKind::RateLimited { until },
                None if status == 429 => GithubErrorKind::RateLimited { until: after(now, UNSPECIFIED_WAIT) },
                None => GithubErrorKind::Forbidden { message },
            }
        }
        404 | 410 => GithubErrorKind::NotFound,
        status @ 400..=499 if status != 408 => GithubErrorKind::Invalid { message: message(&answer.body) },
        status => GithubErrorKind::Unavailable { source: NoAnswer::Status(status) },
    };
    GithubError::about(answer, kind)
}

fn limited_until(answer: &Answer, message: &str, now: Timestamp) -> Option<Timestamp> {
    let seconds = |name| answer.header(name).and_then(|value| value.trim().parse::<i64>().ok());
    if let Some(wait) = seconds("retry-after") {
        return Some(after(now, SignedDuration::from_secs(wait)));
    }
    if seconds("x-ratelimit-remaining") == Some(0) {
        let wait = seconds("x-ratelimit-reset").map(|reset| reset.saturating_sub(now.as_second()));
        return Some(after(now, wait.map_or(UNSPECIFIED_WAIT, SignedDuration::from_secs)));
    }
    let secondary = message.to_ascii_lowercase().contains("secondary rate limit");
    secondary.then(|| after(now, UNSPECIFIED_WAIT))
}

/// `now` plus the wait, or plus what is believed of it.
fn after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    let wait = wait.clamp(SignedDuration::ZERO, LONGEST_WAIT);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// GitHub's words: its message and those of the fields, cut to a length that is fit to be stored.
fn message(body: &[u8]) -> String {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Refusal {
        message: String,
        errors: Vec<Detail>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Detail {
        Text(String),
        Field { message: Option<String>, code: Option<String> },
    }

    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let details = refusal.errors.into_iter().filter_map(|detail| match detail {
        Detail::Text(text) => Some(text),
        Detail::Field { message, code } => message.or(code),
    });
    let parts: Vec<String> = std::iter::once(refusal.message).chain(details).filter(|part| !part.is_empty()).collect();
    parts.join("; ").chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    };

    use super::*;

    const NOW: i64 = 1_790_000_000;

    type Headers = &'static [(&'static str, &'static str)];

    fn classified(status: u16, headers: Headers, body: &str) -> GithubError {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let answer =
            Answer { status: StatusCode::from_u16(status).expect("a status"), headers, body: body.as_bytes().to_vec() };
        classify(&answer, Timestamp::from_second(NOW).expect("a time"))
    }

    #[test]
    fn each_refusal_means_what_github_documents() {
        let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait."}"#;
        let rights = r#"{"message":"Resource not accessible by personal access token"}"#;
        let details = r#"{"message":"Validation Failed","errors":["blocked",{"code":"custom","message":"spam"},{"code":"missing"}]}"#;
        #[rustfmt::skip]
        let table: &[(u16, Headers, &str, &str)] = &[
            (401, &[], "", "the credentials are not accepted"),
            (403, &[("retry-after", "7")], secondary, "rate limited until +7"),
            (429, &[("retry-after", "7"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1790000900")], "", "rate limited until +7"),
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1790000900")], "", "rate limited until +900"),
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1780000000")], "", "rate limited until +0"),
            (403, &[("x-ratelimit-remaining", "0")], "", "rate limited until +60"),
            (403, &[("x-ratelimit-remaining", "4999")], secondary, "rate limited until +60"),
            (429, &[], "busy", "rate limited until +60"),
            (429, &[("retry-after", "9223372036854775807")], "", "rate limited until +86400"),
            (403, &[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1790000900")], rights, "forbidden: Resource not accessible by personal access token"),
            (403, &[], "<html>", "forbidden: "),
            (404, &[], "{}", "not found"),
            (410, &[], "{}", "not found"),
            (422, &[], details, "invalid: Validation Failed; blocked; spam; missing"),
            (400, &[], r#"{"message":"Problems parsing JSON"}"#, "invalid: Problems parsing JSON"),
            (307, &[], "", "redirected to where the credentials must not go"),
            (200, &[], "", "unavailable"),
            (408, &[], "", "unavailable"),
            (500, &[("retry-after", "7")], "", "unavailable"),
            (503, &[], "<html>", "unavailable"),
        ];
        for (status, headers, body, meaning) in table {
            let error = classified(*status, headers, body);
            let actual = match &error.kind {
                GithubErrorKind::RateLimited { until } => format!("rate limited until +{}", until.as_second() - NOW),
                other => other.to_string(),
            };
            assert_eq!(actual, *meaning, "{status} {headers:?} {body}");
            assert_eq!(error.status, Some(*status));
        }
    }

    #[test]
    fn the_request_can_be_traced_at_github() {
        let error = classified(404, &[("x-github-request-id", "C0FE:1")], "");
        assert_eq!(error.request_id.as_deref(), Some("C0FE:1"));
        assert_eq!(error.to_string(), "the call to GitHub failed (status 404, request C0FE:1)");
    }
}
