//! What the forges' refusals mean for a sync.

use domain::{SecretUnavailable, Timestamp, forge::ForgeKind};
use jiff::SignedDuration;

use crate::{
    github::{GithubError, GithubErrorKind},
    http::{Answer, NoAnswer},
};

/// How long to wait when a forge says that we are too fast, but not for how long.
const UNSPECIFIED_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait that is believed.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// A call to a forge that did not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("the call to {} failed", forge.title())]
pub struct ForgeError {
    /// Which forge.
    pub forge: ForgeKind,
    /// What to make of it.
    #[source]
    pub kind: ForgeErrorKind,
}

/// What a failure means.
#[derive(Debug, thiserror::Error)]
pub enum ForgeErrorKind {
    /// It is not there, or hidden from our credentials; forges do not tell which.
    #[error("not found, or hidden from the credentials")]
    NotFound,
    /// The credentials are not accepted, or lack the permission.
    #[error("no access: {message}")]
    NoAccess {
        /// What is missing.
        message: String,
    },
    /// Too many calls.
    #[error("rate limited until {until}")]
    RateLimited {
        /// When calls are welcome again.
        until: Timestamp,
    },
    /// Not reached, timed out, or out of order. Worth another try.
    #[error("unavailable at present")]
    Unavailable(#[source] NoAnswer),
    /// The answer is larger than what is taken.
    #[error("larger than {} MiB", limit / 1024 / 1024)]
    TooLarge {
        /// How much is taken, in bytes.
        limit: usize,
    },
    /// The answer is not what is documented.
    #[error("{what}")]
    Malformed {
        /// What came instead.
        what: &'static str,
        /// What could not be read of it, if it was read.
        #[source]
        source: Option<NoAnswer>,
    },
    /// A redirect to where nobody else may send us.
    #[error("redirected to {address}, where it is not followed")]
    Refused {
        /// The place: scheme and host.
        address: String,
    },
    /// The credentials could not be read.
    #[error("the credentials are not available")]
    Credentials(#[source] SecretUnavailable),
}

impl ForgeError {
    pub(super) fn new(forge: ForgeKind, kind: ForgeErrorKind) -> Self {
        Self { forge, kind }
    }

    /// The reason in words for the vendor; it holds no credential.
    pub fn reason(&self) -> String {
        format!("{}: {}", self.forge.title(), self.kind)
    }

    /// Whether the same call may succeed later though nobody changes anything.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self.kind,
            ForgeErrorKind::RateLimited { .. } | ForgeErrorKind::Unavailable(_) | ForgeErrorKind::Credentials(_)
        )
    }

    /// When calls are welcome again, if the forge says that there were too many.
    pub fn wait_until(&self) -> Option<Timestamp> {
        match self.kind {
            ForgeErrorKind::RateLimited { until } => Some(until),
            _ => None,
        }
    }

    /// What it means that there is no answer, where up to `limit` bytes were to be read.
    pub(super) fn no_answer(forge: ForgeKind, source: NoAnswer, limit: usize) -> Self {
        let kind = match source {
            NoAnswer::TooLarge => ForgeErrorKind::TooLarge { limit },
            NoAnswer::Unreadable(_) => ForgeErrorKind::Malformed { what: UNDOCUMENTED, source: Some(source) },
            NoAnswer::EndlessList => {
                ForgeErrorKind::Malformed { what: "the list's next page is elsewhere", source: None }
            }
            other => ForgeErrorKind::Unavailable(other),
        };
        Self::new(forge, kind)
    }

    /// What an answer means that is no success.
    pub(super) fn refused(forge: ForgeKind, answer: &Answer, now: Timestamp) -> Self {
        let no_access = |message: &str| ForgeErrorKind::NoAccess { message: message.to_owned() };
        let kind = match answer.status.as_u16() {
            300..=399 => ForgeErrorKind::Refused { address: elsewhere(answer) },
            401 => no_access("the credentials are not accepted"),
            429 => ForgeErrorKind::RateLimited { until: limited_until(answer, now) },
            403 if answer.header("retry-after").is_some() => {
                ForgeErrorKind::RateLimited { until: limited_until(answer, now) }
            }
            403 => no_access("the credentials lack the permission to read the code"),
            404 | 410 => ForgeErrorKind::NotFound,
            408 | 500..=599 => ForgeErrorKind::Unavailable(NoAnswer::Status(answer.status.as_u16())),
            _ => malformed(UNDOCUMENTED),
        };
        Self::new(forge, kind)
    }

    /// What GitHub's refusal means, where up to `limit` bytes were to be read.
    pub(super) fn of_github(error: GithubError, limit: usize) -> Self {
        let forge = ForgeKind::Github;
        let kind = match error.kind {
            GithubErrorKind::RateLimited { until } => ForgeErrorKind::RateLimited { until },
            GithubErrorKind::NotFound => ForgeErrorKind::NotFound,
            GithubErrorKind::Moved => ForgeErrorKind::Refused { address: "another host".to_owned() },
            GithubErrorKind::Unavailable { source } => return Self::no_answer(forge, source, limit),
            GithubErrorKind::Credentials(source) => ForgeErrorKind::Credentials(source),
            other @ (GithubErrorKind::Unauthorized
            | GithubErrorKind::Forbidden { .. }
            | GithubErrorKind::Invalid { .. }
            | GithubErrorKind::UnusableCredentials(_)) => ForgeErrorKind::NoAccess { message: other.to_string() },
        };
        Self::new(forge, kind)
    }
}

/// What came is not as the forge's documentation has it.
pub(super) const UNDOCUMENTED: &str = "the answer cannot be understood";

pub(super) fn malformed(what: &'static str) -> ForgeErrorKind {
    ForgeErrorKind::Malformed { what, source: None }
}

/// Where a redirect leads, without what could be a secret in it.
fn elsewhere(answer: &Answer) -> String {
    let url = answer.header("location").and_then(|location| reqwest::Url::parse(location).ok());
    url.map_or_else(|| "another place".to_owned(), |url| url.origin().ascii_serialization())
}

/// `Retry-After` goes first; GitLab tells in `RateLimit-Reset` the second in which its count begins anew.
fn limited_until(answer: &Answer, now: Timestamp) -> Timestamp {
    let number = |name| answer.header(name).and_then(|value| value.trim().parse::<i64>().ok());
    let until_reset = || number("ratelimit-reset").map(|reset| reset.saturating_sub(now.as_second()));
    let wait = number("retry-after").or_else(until_reset).map_or(UNSPECIFIED_WAIT, SignedDuration::from_secs);
    now.checked_add(wait.clamp(SignedDuration::ZERO, LONGEST_WAIT)).unwrap_or(Timestamp::MAX)
}
