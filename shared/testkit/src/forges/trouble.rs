//! What can go wrong with a forge, to be switched on and off.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::sandbox::Answer;

/// Something that is wrong with a forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Every credential is refused: 401.
    Unauthorized,
    /// Nothing is to be seen: 404.
    Missing,
    /// Too many calls: 429, welcome again after so many seconds.
    Limited {
        /// Seconds.
        seconds: u32,
    },
    /// Out of order: 503.
    Down,
    /// Archives end in the middle.
    Truncated,
    /// Archives are redirected for ever.
    EndlessRedirect,
    /// Where an archive should be is a page to sign in.
    WebPage,
    /// Archives are redirected to where a cloud keeps a machine's credentials.
    ToMetadata,
    /// Archives are redirected to this address.
    To(&'static str),
}

impl Trouble {
    /// What any call is answered with, if this concerns all calls.
    pub(crate) fn of_calls(self, now: i64) -> Option<Answer> {
        let answer = |status, message: &str| Answer::json(status, json!({ "message": message }));
        match self {
            Self::Unauthorized => Some(answer(StatusCode::UNAUTHORIZED, "401 Unauthorized")),
            Self::Missing => Some(answer(StatusCode::NOT_FOUND, "404 Not Found")),
            Self::Limited { seconds } => Some(
                answer(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
                    .header("retry-after", seconds.to_string())
                    .header("ratelimit-reset", (now + i64::from(seconds)).to_string()),
            ),
            Self::Down => Some(answer(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable")),
            Self::Truncated | Self::EndlessRedirect | Self::WebPage | Self::ToMetadata | Self::To(_) => None,
        }
    }
}

/// The answer to who asks for an archive; `here` is the address that was asked.
pub(crate) fn archive(zip: Vec<u8>, trouble: Option<Trouble>, here: &str) -> Response {
    let redirect = |to: &str| match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let body = match trouble {
        Some(Trouble::EndlessRedirect) => return redirect(here),
        Some(Trouble::ToMetadata) => {
            return redirect("http://169.254.169.254/latest/meta-data/iam/security-credentials/");
        }
        Some(Trouble::To(address)) => return redirect(address),
        Some(Trouble::WebPage) => {
            let page = "<!doctype html>\n<title>Sign in</title>\n<form method=\"post\"><input name=\"user\"></form>\n";
            return ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
        }
        Some(Trouble::Truncated) => zip[..zip.len() / 2].to_vec(),
        _ => zip,
    };
    ([(header::CONTENT_TYPE, "application/zip")], Body::from(body)).into_response()
}
