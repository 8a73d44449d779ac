//! Where the time comes from: always passed in, never read.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

/// A source of the present time, to millisecond precision.
///
/// The edges make one from the system's clock; tests make one they can move.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `source` each time.
    pub fn new(source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// A clock that stands still at `at`.
    pub fn fixed(at: Timestamp) -> Self {
        Self::new(move || at)
    }

    /// The present time. Milliseconds, so that what is stored and what is in memory compare equal.
    pub fn now(&self) -> Timestamp {
        let now = (self.0)();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
