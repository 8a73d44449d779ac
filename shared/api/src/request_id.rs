//! Which request it is, for the log lines of what it does.

use std::{convert::Infallible, sync::Arc};

use axum::extract::FromRequestParts;
use domain::{
    LogId, Random, Timestamp,
    log::{Action, Actor, LogEntry, LogStatus},
};
use http::{Extensions, request::Parts};

/// The longest id that is taken. API Gateway's have 16 characters.
const LONGEST: usize = 64;

/// A request's id, as an extension of it. Only what is nearest to the network sets it: API Gateway's word, never a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The id with this text. One that is empty or very long is no id.
    pub fn new(text: &str) -> Option<Self> {
        (1..=LONGEST).contains(&text.len()).then(|| Self(text.into()))
    }

    /// The id of the request with these extensions; `unknown` when nothing set one.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(|| Self("unknown".into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A line of the log on what this request does, and did well.
    pub fn record(&self, actor: Actor, action: Action, now: Timestamp, random: &Random) -> LogEntry {
        LogEntry::new(LogId::generate(now, random), now, actor, action, LogStatus::Success).caused_by(self.as_str())
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}
