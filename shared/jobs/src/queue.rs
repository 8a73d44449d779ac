//! The client of one queue.

use std::{sync::Arc, time::Duration};

use domain::Failure;

use crate::Job;

/// The longest that a queue itself delays a message (SQS: `DelaySeconds`). Longer waits are several hops.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// One queue.
#[derive(Clone, Debug)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    url: Arc<str>,
}

impl Queue {
    /// The queue at `url`.
    pub fn new(client: aws_sdk_sqs::Client, url: &str) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends a job. When this returns, the queue has it.
    ///
    /// # Errors
    /// When the queue has not said that it has it; it may have it all the same.
    pub async fn send(&self, job: &Job) -> Result<(), Failure> {
        self.send_after(job, Duration::ZERO).await
    }

    /// Sends a job that is to be taken after `delay`, or after 15 minutes if that is shorter.
    ///
    /// # Errors
    /// As [`Queue::send`].
    pub async fn send_after(&self, job: &Job, delay: Duration) -> Result<(), Failure> {
        let body = job.to_message().map_err(|error| Failure::broken("writing a message", error))?;
        let seconds = delay.min(LONGEST_DELAY).as_secs();
        let request = self.client.send_message().queue_url(&*self.url).message_body(body);
        let request = if seconds > 0 { request.set_delay_seconds(i32::try_from(seconds).ok()) } else { request };
        request.send().await.map(drop).map_err(|error| Failure::unavailable("sending a message", error))
    }
}
