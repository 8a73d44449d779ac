//! The client of one queue.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName},
};
use domain::Failure;

use crate::{Job, Record};

/// The longest that a queue itself delays a message (SQS: `DelaySeconds`). Longer waits are several hops.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// One queue. Clones share its client, which is made when it is first used.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Arc<LazyLock<Client, Make>>,
    url: Arc<str>,
}

type Make = Box<dyn FnOnce() -> Client + Send>;

impl Queue {
    /// The queue at `url`.
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, url: &str) -> Self {
        Self { client: Arc::new(LazyLock::new(Box::new(client))), url: url.into() }
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
        Box::pin(request.send()).await.map(drop).map_err(|error| Failure::unavailable("sending a message", error))
    }
}

/// What Lambda's poller does on AWS. The local stack polls with these.
impl Queue {
    /// Takes up to `most` messages (10 at most), waiting for the first up to `wait` (20 seconds at most).
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn receive(&self, most: u32, wait: Duration) -> Result<Vec<Received>, Failure> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&*self.url)
            .set_max_number_of_messages(i32::try_from(most).ok())
            .set_wait_time_seconds(i32::try_from(wait.as_secs()).ok())
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(|error| Failure::unavailable("receiving messages", error))?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(Received::from).collect())
    }

    /// Removes a message that was dealt with.
    ///
    /// # Errors
    /// When the queue does not answer: then the message comes again.
    pub async fn delete(&self, receipt: &str) -> Result<(), Failure> {
        let sent = self.client.delete_message().queue_url(&*self.url).receipt_handle(receipt).send().await;
        sent.map(drop).map_err(|error| Failure::unavailable("deleting a message", error))
    }

    /// Makes a message that was not dealt with visible again at once, instead of after its visibility timeout.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn release(&self, receipt: &str) -> Result<(), Failure> {
        let request =
            self.client.change_message_visibility().queue_url(&*self.url).receipt_handle(receipt).visibility_timeout(0);
        request.send().await.map(drop).map_err(|error| Failure::unavailable("releasing a message", error))
    }
}

/// A message in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message.
    pub record: Record,
    /// What it is deleted with.
    pub receipt: String,
}

impl From<Message> for Received {
    fn from(message: Message) -> Self {
        let count = message
            .attributes
            .as_ref()
            .and_then(|attributes| attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount));
        Self {
            record: Record {
                message_id: message.message_id.unwrap_or_default(),
                body: message.body.unwrap_or_default(),
                receive_count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
            },
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}
