//! What a piece of work asked of AWS: the calls, how many of them had to follow each other, and their units.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

tokio::task_local! {
    static METER: Meter;
}

/// Collects the calls made inside its [`scope`](Meter::scope). Clones share what they collect.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Collected>);

#[derive(Debug, Default)]
struct Collected {
    /// Counts the events "a call starts" and "a call ends", so that order is measured and not time.
    events: AtomicUsize,
    calls: Mutex<Vec<Call>>,
}

/// One call, retries included as calls of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `dynamodb`, `sqs`, `s3`, `ses` or `secretsmanager`.
    pub service: String,
    /// `PutItem`.
    pub operation: String,
    /// The meter's count of events when it started.
    pub start: usize,
    /// The meter's count of events when it ended.
    pub end: usize,
    /// Read units by `DynamoDB`'s rules; 0 where the connector has no database to look into.
    pub read_units: f64,
    /// Write units by `DynamoDB`'s rules; 0 where the connector has no database to look into.
    pub write_units: f64,
}

/// What was collected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// The calls that have ended, in the order of their starts.
    pub calls: Vec<Call>,
    /// How many calls had to follow each other: those that were in flight together count once.
    pub chain: usize,
    /// The sum of the calls' read units.
    pub read_units: f64,
    /// The sum of the calls' write units.
    pub write_units: f64,
}

impl Meter {
    /// A meter that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` and collects its calls, of this task only: what it spawns is not seen.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        METER.scope(self.clone(), work).await
    }

    /// What was collected up to now.
    pub fn usage(&self) -> Usage {
        Usage::of(self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// The meter in whose scope this task is.
    pub(super) fn current() -> Option<Self> {
        METER.try_with(Clone::clone).ok()
    }

    /// The number of the event that happens now.
    pub(super) fn tick(&self) -> usize {
        self.0.events.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn record(&self, call: Call) {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

impl Usage {
    /// What these calls of one meter come to.
    pub fn of(mut calls: Vec<Call>) -> Self {
        calls.sort_by_key(|call| call.start);
        Self {
            chain: chain(&calls),
            // Beginning with 0: the sum of no floats is -0, and would be printed so.
            read_units: calls.iter().fold(0.0, |sum, call| sum + call.read_units),
            write_units: calls.iter().fold(0.0, |sum, call| sum + call.write_units),
            calls,
        }
    }

    /// Without the calls by which messages are received and deleted: on AWS it is Lambda's poller that makes them, not
    /// the function.
    #[must_use]
    pub fn without_polling(self) -> Self {
        let polling = ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"];
        Self::of(self.calls.into_iter().filter(|call| !polling.contains(&call.operation.as_str())).collect())
    }
}

/// The most calls of which each started after the one before had ended: taking always the one that ends first finds
/// them.
fn chain(calls: &[Call]) -> usize {
    let mut by_end: Vec<&Call> = calls.iter().collect();
    by_end.sort_by_key(|call| call.end);
    let mut count = 0;
    let mut ended = None;
    for call in by_end {
        if ended.is_none_or(|ended| call.start > ended) {
            count += 1;
            ended = Some(call.end);
        }
    }
    count
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.calls.len();
        let plural = if calls == 1 { "" } else { "s" };
        write!(
            f,
            "{calls} AWS call{plural} ({} deep), {} read units, {} write units",
            self.chain, self.read_units, self.write_units
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(intervals: &[(usize, usize)]) -> Vec<Call> {
        let call = |&(start, end): &(usize, usize)| Call {
            service: "dynamodb".to_owned(),
            operation: "GetItem".to_owned(),
            start,
            end,
            read_units: 0.5,
            write_units: 0.0,
        };
        intervals.iter().map(call).collect()
    }

    #[test]
    fn calls_in_flight_together_count_once() {
        for (intervals, expected) in [
            (&[][..], 0),
            (&[(0, 1)], 1),
            (&[(0, 1), (2, 3)], 2),
            (&[(0, 2), (1, 3)], 1),
            (&[(0, 3), (1, 2), (4, 5)], 2),
            // One long call beside three short ones in a row.
            (&[(0, 7), (1, 2), (3, 4), (5, 6)], 3),
            (&[(0, 2), (1, 4), (3, 5)], 2),
        ] {
            assert_eq!(chain(&calls(intervals)), expected, "{intervals:?}");
        }
    }

    #[test]
    fn usage_reads_like_a_sentence() {
        let meter = Meter::new();
        for call in calls(&[(0, 2), (1, 3), (4, 5)]) {
            meter.record(call);
        }
        assert_eq!(meter.usage().to_string(), "3 AWS calls (2 deep), 1.5 read units, 0 write units");
    }
}
