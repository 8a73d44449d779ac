//! What GitHub's answers say besides what was asked for: numbers for the record, and how much more is welcome.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;

use crate::http::Answer;

/// GitHub's word that it did something, for the record: its support finds a call by the number of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The answer's status.
    pub status: u16,
    /// `X-GitHub-Request-Id`.
    pub request_id: Option<String>,
}

/// How much the credentials of the last call may still do, as GitHub told then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls that are left until `reset`.
    pub remaining: u32,
    /// When the count begins anew.
    pub reset: Timestamp,
}

/// The last rate limit that was told. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct LastSeen(Arc<Mutex<Option<RateLimit>>>);

impl Receipt {
    pub(super) fn of(answer: &Answer) -> Self {
        let request_id = answer.header("x-github-request-id").map(str::to_owned);
        Self { status: answer.status.as_u16(), request_id }
    }
}

impl LastSeen {
    pub(super) fn get(&self) -> Option<RateLimit> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what the answer tells, if it tells.
    pub(super) fn note(&self, answer: &Answer) {
        let told = |name| answer.header(name).and_then(|value| value.trim().parse::<i64>().ok());
        let remaining = told("x-ratelimit-remaining").and_then(|it| u32::try_from(it).ok());
        let reset = told("x-ratelimit-reset").and_then(|it| Timestamp::from_second(it).ok());
        if let Some((remaining, reset)) = remaining.zip(reset) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(RateLimit { remaining, reset });
        }
    }
}
