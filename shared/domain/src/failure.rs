//! Failures of the services that Tollgate stands on.

use std::error::Error;

/// A call to the table, a queue or another service of ours failed. It says nothing about what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// Whether trying again later may help.
    pub transient: bool,
    /// What was being done.
    pub what: &'static str,
    /// What the service said.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// The service could not be reached, was too busy, or gave up.
    pub fn unavailable(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { transient: true, what, source: source.into() }
    }

    /// What came back makes no sense: a defect of ours.
    pub fn broken(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { transient: false, what, source: source.into() }
    }
}
