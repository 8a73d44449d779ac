//! Lambda's part for queues: takes batches, hands them to the worker, deletes what succeeded. What failed becomes visible
//! again after the queue's visibility timeout, and goes to the dead-letter queue after its receives.

use std::{
    ops::AddAssign,
    time::{Duration, Instant},
};

use anyhow::Result;
use jobs::{Queue, Received, run_batch};

/// How long a poller waits for a message before it asks again: SQS's longest.
const LONG_POLL: Duration = Duration::from_secs(20);
/// The pause after a poll that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// One event source mapping of the template.
#[derive(Clone, Debug)]
pub(crate) struct Poller {
    pub(crate) name: String,
    pub(crate) queue: Queue,
    pub(crate) worker: worker::App,
    pub(crate) batch_size: u32,
    pub(crate) function_timeout: Duration,
    pub(crate) concurrency: u32,
}

/// What happened until the queues had nothing more to give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Records that succeeded.
    pub succeeded: usize,
    /// Records that failed, each time counted.
    pub failed: usize,
}

impl AddAssign for Settled {
    fn add_assign(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
    }
}

impl Poller {
    /// Polls until the task is ended from outside.
    pub(crate) async fn run(self, mut stop: tokio::sync::watch::Receiver<bool>) {
        while !*stop.borrow() {
            let batch = tokio::select! {
                batch = self.queue.receive(self.batch_size.min(10), LONG_POLL) => batch,
                _ = stop.changed() => return,
            };
            match batch {
                // A batch that was taken is finished even if the process is asked to end meanwhile.
                Ok(batch) => drop(self.work(&batch).await),
                Err(error) => {
                    tracing::warn!(queue = self.name, error = &error as &dyn std::error::Error, "polling failed");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Takes what is there now, without waiting, and makes what failed visible again at once.
    pub(crate) async fn settle_once(&self) -> Result<Settled> {
        let batch = self.queue.receive(self.batch_size.min(10), Duration::ZERO).await?;
        let failed = self.work(&batch).await;
        for message in batch.iter().filter(|message| failed.contains(&message.record.message_id)) {
            self.queue.release(&message.receipt).await?;
        }
        Ok(Settled { succeeded: batch.len() - failed.len(), failed: failed.len() })
    }

    /// Hands a batch to the worker and deletes what succeeded; answers with the ids of what did not.
    async fn work(&self, batch: &[Received]) -> Vec<String> {
        let records: Vec<_> = batch.iter().map(|message| message.record.clone()).collect();
        let deadline = Instant::now() + self.function_timeout;
        let worker = &self.worker;
        let report = run_batch(&records, Some(deadline), |job| worker::handle(worker.clone(), job)).await;
        for message in batch.iter().filter(|message| !report.failed.contains(&message.record.message_id)) {
            if let Err(error) = self.queue.delete(&message.receipt).await {
                tracing::warn!(
                    queue = self.name,
                    error = &error as &dyn std::error::Error,
                    "a message could not be deleted and will come again"
                );
            }
        }
        report.failed
    }
}
