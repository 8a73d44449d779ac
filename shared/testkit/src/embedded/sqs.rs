//! SQS: rustack's queues, and around them a journal where messages have to survive the process.
//!
//! rustack keeps messages in memory only. So what is sent is on the disk before its sender has an answer, and each
//! queue gets back at its creation what it held: at once, or after what is left of the delay; with the count of its
//! receives, so that a message that kills the process still ends in the dead-letter queue. Receipt handles of an
//! earlier run are void.

use std::{collections::HashMap, future::Future, path::Path, pin::Pin, sync::Arc};

use anyhow::{Result, anyhow};
use bytes::Bytes;
use domain::Clock;
use rustack_sqs_core::{config::SqsConfig, handler::RustackSqsHandler, provider::RustackSqs};
use rustack_sqs_http::{
    body::SqsResponseBody,
    dispatch::SqsHandler,
    response::json_response,
    service::{SqsHttpConfig, SqsHttpService},
};
use rustack_sqs_model::{
    error::SqsError,
    input::{
        ChangeMessageVisibilityInput, CreateQueueInput, DeleteMessageBatchInput, DeleteMessageInput, DeleteQueueInput,
        GetQueueUrlInput, PurgeQueueInput, ReceiveMessageInput, SendMessageBatchInput, SendMessageInput,
    },
    operations::SqsOperation,
    output::{
        CreateQueueOutput, DeleteMessageBatchOutput, DeleteMessageOutput, ReceiveMessageOutput, SendMessageBatchOutput,
        SendMessageOutput,
    },
    types::{MessageAttributeValue, RedrivePolicy},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::sync::Mutex;

use super::{
    journal::{Journal, Message},
    serving::{Serving, listen},
    waits::Waits,
};
use crate::sam::{ACCOUNT, Queue, REGION};

/// Hides a message for longer than a restore takes.
const HIDDEN: i32 = 43_200;

/// The embedded SQS.
#[derive(Debug)]
pub(super) struct Sqs {
    engine: Engine,
    serving: Serving,
}

impl Sqs {
    /// Starts it with the journal in `file`, or with none, in memory.
    pub(super) async fn start(file: Option<&Path>, clock: &Clock) -> Result<Self> {
        let journal = file.map(Journal::open).transpose()?;
        let (listener, port) = listen().await?;
        let config = SqsConfig {
            default_region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
            ..SqsConfig::default()
        };
        let queues = Arc::new(RustackSqs::new(config));
        let plain = Arc::new(RustackSqsHandler::new(Arc::clone(&queues)));
        let durable = journal.map(|journal| Durable {
            queues: Arc::clone(&queues),
            journal: Arc::new(Mutex::new(journal)),
            clock: clock.clone(),
        });
        let waits = Waits::new(Arc::clone(&queues));
        let engine = Engine { queues, plain, durable, waits };
        let service = SqsHttpService::new(Arc::new(engine.clone()), SqsHttpConfig::default());
        Ok(Self { engine, serving: Serving::http(listener, port, service) })
    }

    pub(super) fn endpoint(&self) -> &str {
        self.serving.endpoint()
    }

    pub(super) fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.serving.endpoint())
    }

    /// Its waits, for a test to end.
    pub(super) fn waits(&self) -> &Waits {
        &self.engine.waits
    }

    pub(super) async fn stop(self) {
        self.serving.stop().await;
        self.engine.queues.shutdown_all().await;
    }

    /// Makes sure that a queue is there, with what it held before.
    pub(super) async fn create_queue(&self, queue: &Queue, dead_letters: Option<&Queue>) -> Result<String> {
        let mut attributes = HashMap::from([
            ("VisibilityTimeout".to_owned(), queue.visibility_timeout_s.to_string()),
            ("MessageRetentionPeriod".to_owned(), queue.retention_s.to_string()),
        ]);
        if let (Some(redrive), Some(dead)) = (&queue.redrive, dead_letters) {
            let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", dead.name);
            // A number, as CloudFormation sends it: the engine refuses a text here.
            let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": redrive.max_receive_count});
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        let input = CreateQueueInput { queue_name: queue.name.clone(), attributes, ..CreateQueueInput::default() };
        let created = match &self.engine.durable {
            Some(durable) => durable.create_queue(input).await,
            None => self.engine.queues.create_queue(input).await,
        };
        created.map_err(|error| anyhow!("cannot create the queue {}: {error}", queue.name))?;
        Ok(self.queue_url(&queue.name))
    }
}

/// Answers requests: as rustack does, or with the journal around what changes messages.
#[derive(Debug, Clone)]
struct Engine {
    queues: Arc<RustackSqs>,
    plain: Arc<RustackSqsHandler>,
    durable: Option<Durable>,
    waits: Waits,
}

type Answer = Result<http::Response<SqsResponseBody>, SqsError>;

impl SqsHandler for Engine {
    fn handle_operation(&self, op: SqsOperation, body: Bytes) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let plain = Arc::clone(&self.plain);
        let Some(durable) = self.durable.clone() else {
            let waits = self.waits.clone();
            return match op {
                SqsOperation::SendMessage if waits.are_held() => {
                    Box::pin(async move { answer(waits.send(input(&body)?).await) })
                }
                SqsOperation::ReceiveMessage if waits.are_held() => {
                    Box::pin(async move { answer(waits.receive(input(&body)?).await) })
                }
                _ => plain.handle_operation(op, body),
            };
        };
        Box::pin(async move {
            match op {
                SqsOperation::CreateQueue => answer(durable.create_queue(input(&body)?).await),
                SqsOperation::SendMessage => answer(durable.send(input(&body)?).await),
                SqsOperation::SendMessageBatch => answer(durable.send_batch(input(&body)?).await),
                SqsOperation::ReceiveMessage => answer(durable.receive(input(&body)?).await),
                SqsOperation::DeleteMessage => answer(durable.delete(input(&body)?).await),
                SqsOperation::DeleteMessageBatch => answer(durable.delete_batch(input(&body)?).await),
                SqsOperation::PurgeQueue => {
                    let PurgeQueueInput { queue_url } = input(&body)?;
                    durable.emptying(&queue_url, plain.handle_operation(op, body)).await
                }
                SqsOperation::DeleteQueue => {
                    let DeleteQueueInput { queue_url } = input(&body)?;
                    durable.emptying(&queue_url, plain.handle_operation(op, body)).await
                }
                _ => plain.handle_operation(op, body).await,
            }
        })
    }
}

fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(|error| SqsError::invalid_parameter_value(error.to_string()))
}

fn answer<T: Serialize>(output: Result<T, SqsError>) -> Answer {
    let json = serde_json::to_vec(&output?).map_err(|error| SqsError::internal_error(error.to_string()))?;
    Ok(json_response(json, "journaled"))
}

/// The queues with their journal.
///
/// The journal's lock is held while a message goes into a queue and is written down. Who receives it meanwhile needs
/// the lock too before answering, so the journal always says "sent" before "received".
#[derive(Debug, Clone)]
struct Durable {
    queues: Arc<RustackSqs>,
    journal: Arc<Mutex<Journal>>,
    clock: Clock,
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unwritten(error: anyhow::Error) -> SqsError {
    tracing::error!(error = format!("{error:#}"), "the journal of the queues could not be written");
    SqsError::internal_error("The journal could not be written.")
}

/// A queue's name: the last part of its URL.
fn name_of(queue_url: &str) -> &str {
    queue_url.rsplit('/').next().unwrap_or_default()
}

impl Durable {
    async fn send(&self, input: SendMessageInput) -> Result<SendMessageOutput, SqsError> {
        let mut journal = self.journal.lock().await;
        let output = self.queues.send_message(input.clone()).await?;
        let id = output.message_id.clone().unwrap_or_default();
        let queue = name_of(&input.queue_url);
        let message = self.message(queue, id, input.message_body, input.message_attributes, input.delay_seconds);
        journal.sent(vec![message]).map_err(unwritten)?;
        Ok(output)
    }

    async fn send_batch(&self, input: SendMessageBatchInput) -> Result<SendMessageBatchOutput, SqsError> {
        let mut journal = self.journal.lock().await;
        let output = self.queues.send_message_batch(input.clone()).await?;
        let queue = name_of(&input.queue_url);
        let accepted = output.successful.iter().filter_map(|sent| {
            let entry = input.entries.iter().find(|entry| entry.id == sent.id)?.clone();
            let id = sent.message_id.clone();
            Some(self.message(queue, id, entry.message_body, entry.message_attributes, entry.delay_seconds))
        });
        journal.sent(accepted.collect()).map_err(unwritten)?;
        Ok(output)
    }

    fn message(
        &self,
        queue: &str,
        id: String,
        body: String,
        attributes: HashMap<String, MessageAttributeValue>,
        delay_s: Option<i32>,
    ) -> Message {
        let sent_ms = self.clock.now().as_millisecond();
        let due_ms = sent_ms + i64::from(delay_s.unwrap_or(0)) * 1000;
        Message { id, queue: queue.to_owned(), body, attributes, sent_ms, due_ms, receives: 0 }
    }

    async fn receive(&self, input: ReceiveMessageInput) -> Result<ReceiveMessageOutput, SqsError> {
        let queue = name_of(&input.queue_url).to_owned();
        // Long polling waits here, without the lock.
        let mut output = self.queues.receive_message(input).await?;
        let mut journal = self.journal.lock().await;
        for received in &mut output.messages {
            let (Some(live_id), Some(receipt)) = (&received.message_id, &received.receipt_handle) else { continue };
            let Some(message) = journal.received(live_id, &queue, receipt).map_err(unwritten)? else { continue };
            // After a restart the engine knows it by another id and another time.
            received.message_id = Some(message.id.clone());
            if let Some(sent) = received.attributes.get_mut("SentTimestamp") {
                *sent = message.sent_ms.to_string();
            }
        }
        Ok(output)
    }

    async fn delete(&self, input: DeleteMessageInput) -> Result<DeleteMessageOutput, SqsError> {
        let mut journal = self.journal.lock().await;
        let receipt = input.receipt_handle.clone();
        let output = self.queues.delete_message(input).await?;
        journal.deleted(&receipt).map_err(unwritten)?;
        Ok(output)
    }

    async fn delete_batch(&self, input: DeleteMessageBatchInput) -> Result<DeleteMessageBatchOutput, SqsError> {
        let mut journal = self.journal.lock().await;
        let output = self.queues.delete_message_batch(input.clone()).await?;
        for done in &output.successful {
            let entry = input.entries.iter().find(|entry| entry.id == done.id);
            if let Some(entry) = entry {
                journal.deleted(&entry.receipt_handle).map_err(unwritten)?;
            }
        }
        Ok(output)
    }

    /// Does what empties a queue, and writes that down.
    async fn emptying(&self, queue_url: &str, operation: impl Future<Output = Answer>) -> Answer {
        let mut journal = self.journal.lock().await;
        let answer = operation.await?;
        journal.purged(name_of(queue_url)).map_err(unwritten)?;
        Ok(answer)
    }

    /// Makes a queue and puts back into it what it held when the process ended.
    async fn create_queue(&self, input: CreateQueueInput) -> Result<CreateQueueOutput, SqsError> {
        if input.queue_name.rsplit_once('.').is_some_and(|(_, kind)| kind == "fifo") {
            return Err(SqsError::invalid_parameter_value("Queues kept in a folder are standard queues."));
        }
        let mut journal = self.journal.lock().await;
        let name = input.queue_name.clone();
        let policy: Option<RedrivePolicy> =
            input.attributes.get("RedrivePolicy").and_then(|policy| serde_json::from_str(policy).ok());
        let output = self.queues.create_queue(input).await?;
        if let Some(policy) = policy {
            self.bury(&mut journal, &name, &policy).await?;
        }
        self.restore(&mut journal, &name).await?;
        Ok(output)
    }

    /// Sends what was received too often to the dead-letter queue, as the engine would at the next receive.
    async fn bury(&self, journal: &mut Journal, name: &str, policy: &RedrivePolicy) -> Result<(), SqsError> {
        let Some(dead) = policy.dead_letter_target_arn.rsplit(':').next() else { return Ok(()) };
        let limit = u32::try_from(policy.max_receive_count).unwrap_or(u32::MAX);
        for (key, message) in journal.asleep(name) {
            if message.receives >= limit {
                journal.moved(key, dead).map_err(unwritten)?;
            }
        }
        let there =
            self.queues.get_queue_url(GetQueueUrlInput { queue_name: dead.to_owned(), ..GetQueueUrlInput::default() });
        // If it is not there yet, its own creation restores them.
        if there.await.is_ok() { self.restore(journal, dead).await } else { Ok(()) }
    }

    /// Puts messages back, each with as many receives behind it as it had.
    ///
    /// The engine counts from nought, so the ones received most often go in first and everything in the queue is
    /// received once for each step down: a message with a count of three is there for three rounds.
    async fn restore(&self, journal: &mut Journal, name: &str) -> Result<(), SqsError> {
        let asleep = journal.asleep(name);
        let url = format!("http://127.0.0.1/{ACCOUNT}/{name}");
        let most = asleep.iter().map(|(_, message)| message.receives).max().unwrap_or(0);
        for receives in (0..=most).rev() {
            for (key, message) in asleep.iter().filter(|(_, message)| message.receives == receives) {
                let live_id = self.resend(&url, message).await?;
                journal.revived(*key, live_id);
            }
            if receives > 0 {
                self.receive_all_once(&url).await?;
            }
        }
        Ok(())
    }

    async fn resend(&self, url: &str, message: &Message) -> Result<String, SqsError> {
        let left_ms = (message.due_ms - self.clock.now().as_millisecond()).max(0);
        let delay_s = i32::try_from(left_ms.saturating_add(999) / 1000).unwrap_or(0).min(900);
        let input = SendMessageInput {
            queue_url: url.to_owned(),
            message_body: message.body.clone(),
            message_attributes: message.attributes.clone(),
            delay_seconds: Some(delay_s),
            ..SendMessageInput::default()
        };
        Ok(self.queues.send_message(input).await?.message_id.unwrap_or_default())
    }

    async fn receive_all_once(&self, url: &str) -> Result<(), SqsError> {
        let receive = ReceiveMessageInput {
            queue_url: url.to_owned(),
            max_number_of_messages: Some(10),
            visibility_timeout: Some(HIDDEN),
            wait_time_seconds: Some(0),
            ..ReceiveMessageInput::default()
        };
        let mut receipts = Vec::new();
        loop {
            let messages = self.queues.receive_message(receive.clone()).await?.messages;
            if messages.is_empty() {
                break;
            }
            receipts.extend(messages.into_iter().filter_map(|message| message.receipt_handle));
        }
        for receipt_handle in receipts {
            let show =
                ChangeMessageVisibilityInput { queue_url: url.to_owned(), receipt_handle, visibility_timeout: 0 };
            self.queues.change_message_visibility(show).await?;
        }
        Ok(())
    }
}
