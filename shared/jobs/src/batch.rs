//! Takes a batch of messages so that no record's failure or panic touches its neighbours.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::FutureExt;
use tracing::Instrument;

use crate::Job;

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The queue's id of it.
    pub message_id: String,
    /// What it says.
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
}

/// How one job went.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Which records have to come again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// The messages' ids, in the order of the batch.
    pub failed: Vec<String>,
}

/// The least time that must be left to begin with another record. What is begun later could be cut off in the middle;
/// nothing would be lost by that either, but it would be done twice.
const RECORD_BUDGET: Duration = Duration::from_secs(12);

/// Handles the records in turn. One that cannot be read, fails or panics is reported, so that it alone is received
/// again; so are those for which there is no time left before `deadline`.
pub async fn run_batch<F>(records: &[Record], deadline: Option<Instant>, handle: impl Fn(Job) -> F) -> BatchReport
where
    F: Future<Output = Outcome>,
{
    let mut report = BatchReport::default();
    for record in records {
        let span = tracing::info_span!("record", message_id = record.message_id, receive_count = record.receive_count);
        if !run(record, deadline, &handle).instrument(span).await {
            report.failed.push(record.message_id.clone());
        }
    }
    report
}

async fn run<F: Future<Output = Outcome>>(
    record: &Record,
    deadline: Option<Instant>,
    handle: &impl Fn(Job) -> F,
) -> bool {
    if deadline.is_some_and(|deadline| deadline.saturating_duration_since(Instant::now()) < RECORD_BUDGET) {
        tracing::warn!("no time left for this record");
        return false;
    }
    let job = match Job::from_message(&record.body) {
        Ok(job) => job,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "unreadable message");
            return false;
        }
    };
    match AssertUnwindSafe(async { handle(job).await }).catch_unwind().await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(error = &*error as &dyn std::error::Error, "the record failed and will come again");
            false
        }
        Err(_) => {
            tracing::error!("the record made its handler panic");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{CompanyId, GithubUserId, access::EntitlementKey};

    use super::*;

    fn record(id: &str, attempt: u32) -> Record {
        let entitlement = EntitlementKey {
            company: CompanyId(1),
            repository: "0190b5a0-0000-7000-8000-000000000001".parse().unwrap(),
            account: GithubUserId(7),
        };
        Record {
            message_id: id.into(),
            body: Job::SyncAccess { entitlement, attempt }.to_message().unwrap(),
            receive_count: 1,
        }
    }

    async fn handle(job: Job) -> Outcome {
        match job {
            Job::SyncAccess { attempt: 1, .. } => Err("no".into()),
            Job::SyncAccess { attempt: 2, .. } => panic!("a defect"),
            _ => Ok(()),
        }
    }

    #[tokio::test]
    async fn a_failure_a_panic_and_garbage_leave_their_neighbours_alone() {
        let garbage = Record { message_id: "garbage".into(), body: "{".into(), receive_count: 1 };
        let batch = [record("a", 0), record("fails", 1), garbage, record("panics", 2), record("b", 0)];
        let report = run_batch(&batch, None, handle).await;
        assert_eq!(report.failed, ["fails", "garbage", "panics"]);
    }

    #[tokio::test]
    async fn records_without_time_come_again() {
        let report = run_batch(&[record("a", 0), record("b", 0)], Some(Instant::now()), handle).await;
        assert_eq!(report.failed, ["a", "b"]);
    }
}
