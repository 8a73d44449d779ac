//! The queues' waits in the hands of a test, which does not wait itself: the delay of a message, and the time for which a
//! message that was received stays hidden.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_model::{
    error::SqsError,
    input::{
        ChangeMessageVisibilityInput, CreateQueueInput, DeleteMessageInput, ReceiveMessageInput, SendMessageInput,
    },
    output::{ReceiveMessageOutput, SendMessageOutput},
};

/// Delayed messages wait in a queue of this name's end, where they are counted and listed like all others.
const WAITING: &str = "-waiting";
/// The longest that a queue hides a message, in seconds.
const LONGEST_HIDING: i32 = 43_200;

/// The waits. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    queues: Arc<RustackSqs>,
    held: Arc<AtomicBool>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// URLs of queues for which delayed messages wait.
    delayed_for: BTreeSet<String>,
    /// What was received: the queue's URL and the receipt handle.
    received: Vec<(String, String)>,
}

impl Waits {
    pub(super) fn new(queues: Arc<RustackSqs>) -> Self {
        Self { queues, held: Arc::default(), waiting: Arc::default() }
    }

    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    pub(super) fn are_held(&self) -> bool {
        self.held.load(Ordering::SeqCst)
    }

    /// Sends a message; one with a delay goes to where it waits.
    pub(super) async fn send(&self, mut message: SendMessageInput) -> Result<SendMessageOutput, SqsError> {
        if message.delay_seconds.is_none_or(|seconds| seconds == 0) {
            return self.queues.send_message(message).await;
        }
        let target = std::mem::take(&mut message.queue_url);
        let queue_name = format!("{}{WAITING}", target.rsplit('/').next().unwrap_or_default());
        self.queues.create_queue(CreateQueueInput { queue_name, ..CreateQueueInput::default() }).await?;
        self.waiting().delayed_for.insert(target.clone());
        let message = SendMessageInput { queue_url: format!("{target}{WAITING}"), delay_seconds: None, ..message };
        self.queues.send_message(message).await
    }

    /// Receives messages, to stay hidden until [`Waits::end`].
    pub(super) async fn receive(&self, request: ReceiveMessageInput) -> Result<ReceiveMessageOutput, SqsError> {
        let queue = request.queue_url.clone();
        let request = ReceiveMessageInput { visibility_timeout: Some(LONGEST_HIDING), ..request };
        let output = self.queues.receive_message(request).await?;
        let receipts = output.messages.iter().filter_map(|message| message.receipt_handle.clone());
        self.waiting().received.extend(receipts.map(|receipt| (queue.clone(), receipt)));
        Ok(output)
    }

    /// What is hidden shows, and what is delayed is due.
    pub(super) async fn end(&self) -> Result<(), SqsError> {
        let Waiting { delayed_for, received } = std::mem::take(&mut *self.waiting());
        for (queue_url, receipt_handle) in received {
            let show = ChangeMessageVisibilityInput { queue_url, receipt_handle, visibility_timeout: 0 };
            // Refused for what was deleted or shown meanwhile.
            let _ = self.queues.change_message_visibility(show).await;
        }
        for target in delayed_for {
            self.move_all(&format!("{target}{WAITING}"), &target).await?;
        }
        Ok(())
    }

    async fn move_all(&self, from: &str, to: &str) -> Result<(), SqsError> {
        loop {
            let receive = ReceiveMessageInput {
                queue_url: from.to_owned(),
                max_number_of_messages: Some(10),
                wait_time_seconds: Some(0),
                ..ReceiveMessageInput::default()
            };
            let messages = self.queues.receive_message(receive).await?.messages;
            if messages.is_empty() {
                return Ok(());
            }
            for message in messages {
                let again = SendMessageInput {
                    queue_url: to.to_owned(),
                    message_body: message.body.unwrap_or_default(),
                    message_attributes: message.message_attributes,
                    ..SendMessageInput::default()
                };
                self.queues.send_message(again).await?;
                let receipt_handle = message.receipt_handle.unwrap_or_default();
                self.queues.delete_message(DeleteMessageInput { queue_url: from.to_owned(), receipt_handle }).await?;
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
