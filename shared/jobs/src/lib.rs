//! Work that is done later: the queues' messages, the client that sends them, and the runner that takes a batch.
#![warn(missing_docs)]

mod batch;
mod job;
mod queue;

pub use batch::{BatchReport, Outcome, Record, run_batch};
pub use job::{Job, NotAJob};
pub use queue::{Queue, Received};
