//! What the queues hold, written down: one JSON line for every message sent, received, moved or deleted.
//!
//! The file is read and rewritten without what is gone at every start. A last line cut short by a crash was never
//! acknowledged to anyone and is dropped.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::{Context as _, Result};
use rustack_sqs_model::types::MessageAttributeValue;
use serde::{Deserialize, Serialize};

/// A message that was accepted and is not deleted yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Message {
    /// The id its sender was given.
    pub(super) id: String,
    /// The name of the queue it is in.
    pub(super) queue: String,
    pub(super) body: String,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
    /// When it was sent, in milliseconds since 1970.
    pub(super) sent_ms: i64,
    /// When it may first be received, in milliseconds since 1970.
    pub(super) due_ms: i64,
    /// How often it was received from the queue it is in.
    #[serde(default)]
    pub(super) receives: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Record {
    Sent(Message),
    Received { id: String, queue: String, receives: u32 },
    Deleted { id: String },
}

/// The journal and what it says at present.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    length: u64,
    /// In the order in which they were sent.
    messages: BTreeMap<u64, Message>,
    next: u64,
    /// By the id each has in the queue engine of this run. A message from before is not live until its queue is there
    /// again.
    live: HashMap<String, u64>,
    /// By the receipt handle of its latest receive.
    receipts: HashMap<String, u64>,
}

impl Journal {
    /// Opens the journal at `path`, or begins one.
    ///
    /// # Errors
    /// When it cannot be read or written, or a line other than the last is damaged; the message names the line.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let messages = read(&text).with_context(|| format!("in {}", path.display()))?;
        let file = compact(path, &messages).with_context(|| format!("cannot write {}", path.display()))?;
        let length = file.metadata()?.len();
        let messages: BTreeMap<u64, Message> = (0..).zip(messages).collect();
        let next = u64::try_from(messages.len())?;
        Ok(Self { file, length, messages, next, live: HashMap::new(), receipts: HashMap::new() })
    }

    /// Writes down a message the engine holds as `message.id`. It is on the disk when this returns.
    pub(super) fn sent(&mut self, messages: Vec<Message>) -> Result<()> {
        let records: Vec<Record> = messages.iter().cloned().map(Record::Sent).collect();
        self.append(&records)?;
        self.file.sync_data()?;
        for message in messages {
            self.live.insert(message.id.clone(), self.next);
            self.messages.insert(self.next, message);
            self.next += 1;
        }
        Ok(())
    }

    /// Writes down that the message the engine calls `live_id` was received from `queue`, and answers with it.
    ///
    /// Its count starts anew in another queue: then it has been moved since, to a dead-letter queue or back.
    pub(super) fn received(&mut self, live_id: &str, queue: &str, receipt: &str) -> Result<Option<&Message>> {
        let Some(&key) = self.live.get(live_id) else { return Ok(None) };
        let Some(message) = self.messages.get(&key) else { return Ok(None) };
        let receives = if message.queue == queue { message.receives + 1 } else { 1 };
        self.place(key, queue, receives)?;
        self.receipts.retain(|_, of| *of != key);
        self.receipts.insert(receipt.to_owned(), key);
        Ok(self.messages.get(&key))
    }

    /// Writes down that the message of this receipt is done with. Only the latest receipt counts.
    pub(super) fn deleted(&mut self, receipt: &str) -> Result<()> {
        match self.receipts.remove(receipt) {
            Some(key) => self.forget(&[key]),
            None => Ok(()),
        }
    }

    /// Writes down that a queue is empty, or gone.
    pub(super) fn purged(&mut self, queue: &str) -> Result<()> {
        let keys: Vec<u64> = self.messages.iter().filter(|(_, of)| of.queue == queue).map(|(key, _)| *key).collect();
        self.forget(&keys)
    }

    /// Messages of `queue` that the engine does not hold yet, oldest first, each with its key for [`Journal::revived`].
    pub(super) fn asleep(&self, queue: &str) -> Vec<(u64, Message)> {
        let awake: HashSet<u64> = self.live.values().copied().collect();
        let asleep = self.messages.iter().filter(|(key, of)| of.queue == queue && !awake.contains(key));
        asleep.map(|(key, message)| (*key, message.clone())).collect()
    }

    /// The engine holds the message again, as `live_id`.
    pub(super) fn revived(&mut self, key: u64, live_id: String) {
        self.live.insert(live_id, key);
    }

    /// Puts a message that is asleep into another queue, as if it had never been received there.
    pub(super) fn moved(&mut self, key: u64, queue: &str) -> Result<()> {
        self.place(key, queue, 0)
    }

    fn place(&mut self, key: u64, queue: &str, receives: u32) -> Result<()> {
        let Some(message) = self.messages.get(&key) else { return Ok(()) };
        self.append(&[Record::Received { id: message.id.clone(), queue: queue.to_owned(), receives }])?;
        if let Some(message) = self.messages.get_mut(&key) {
            queue.clone_into(&mut message.queue);
            message.receives = receives;
        }
        Ok(())
    }

    fn forget(&mut self, keys: &[u64]) -> Result<()> {
        let gone = keys.iter().filter_map(|key| self.messages.get(key));
        let records: Vec<Record> = gone.map(|message| Record::Deleted { id: message.id.clone() }).collect();
        self.append(&records)?;
        self.messages.retain(|key, _| !keys.contains(key));
        self.live.retain(|_, key| !keys.contains(key));
        self.receipts.retain(|_, key| !keys.contains(key));
        Ok(())
    }

    /// Appends lines. They outlive the process from here on; only the machine could still lose them before a sync.
    fn append(&mut self, records: &[Record]) -> Result<()> {
        let lines = lines(records)?;
        if let Err(error) = self.file.write_all(&lines) {
            // No half a line may stay in the middle of the file.
            self.file.set_len(self.length)?;
            return Err(error).context("cannot write the journal of the queues");
        }
        self.length += u64::try_from(lines.len())?;
        Ok(())
    }
}

fn lines(records: &[Record]) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The messages that are left after all the journal says.
fn read(text: &str) -> Result<Vec<Message>> {
    let mut messages: Vec<Message> = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let Some(line) = line.strip_suffix('\n') else { break };
        match serde_json::from_str(line).with_context(|| format!("line {} is damaged", index + 1))? {
            Record::Sent(message) => messages.push(message),
            Record::Received { id, queue, receives } => {
                if let Some(message) = messages.iter_mut().find(|message| message.id == id) {
                    (message.queue, message.receives) = (queue, receives);
                }
            }
            Record::Deleted { id } => messages.retain(|message| message.id != id),
        }
    }
    Ok(messages)
}

/// Writes a journal of these messages only, beside the old one, and puts it in the old one's place.
fn compact(path: &Path, messages: &[Message]) -> Result<File> {
    let records: Vec<Record> = messages.iter().cloned().map(Record::Sent).collect();
    let fresh = path.with_extension("new");
    File::create(&fresh)?;
    let mut file = OpenOptions::new().append(true).open(&fresh)?;
    file.write_all(&lines(&records)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        Message {
            id: id.to_owned(),
            queue: "payments".to_owned(),
            body: format!("body of {id}"),
            attributes: HashMap::new(),
            sent_ms: 1,
            due_ms: 1,
            receives: 0,
        }
    }

    fn ids(journal: &Journal, queue: &str) -> Vec<String> {
        journal.asleep(queue).into_iter().map(|(_, message)| message.id).collect()
    }

    #[test]
    fn what_was_sent_and_not_deleted_is_there_again() {
        let dir = crate::testing::Dir::new();
        let path = dir.path().join("sqs.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.sent(vec![message("a"), message("b"), message("c")]).unwrap();
        journal.received("b", "payments", "receipt").unwrap().unwrap();
        journal.deleted("receipt").unwrap();
        journal.received("c", "payments", "another").unwrap().unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(ids(&journal, "payments"), ["a", "c"]);
        assert_eq!(journal.asleep("payments")[1].1.receives, 1);
    }

    #[test]
    fn a_last_line_cut_short_is_dropped_and_the_file_is_whole_again() {
        let dir = crate::testing::Dir::new();
        let path = dir.path().join("sqs.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.sent(vec![message("a"), message("b")]).unwrap();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for cut in 1..whole.len() / 2 {
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            assert_eq!(ids(&Journal::open(&path).unwrap(), "payments"), ["a"], "{cut} bytes short");
        }
        let mut journal = Journal::open(&path).unwrap();
        journal.sent(vec![message("c")]).unwrap();
        drop(journal);
        assert_eq!(ids(&Journal::open(&path).unwrap(), "payments"), ["a", "c"]);
    }

    #[test]
    fn a_damaged_line_in_the_middle_is_named() {
        let dir = crate::testing::Dir::new();
        let path = dir.path().join("sqs.jsonl");
        fs::write(&path, "{\"what\":\"deleted\",\"id\":\"a\"}\nrubbish\n{\"what\":\"deleted\",\"id\":\"b\"}\n")
            .unwrap();
        let error = format!("{:#}", Journal::open(&path).unwrap_err());
        assert!(error.contains("line 2 is damaged"), "{error}");
    }

    #[test]
    fn only_the_latest_receipt_deletes() {
        let dir = crate::testing::Dir::new();
        let path = dir.path().join("sqs.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.sent(vec![message("a")]).unwrap();
        journal.received("a", "payments", "first").unwrap().unwrap();
        journal.received("a", "payments", "second").unwrap().unwrap();
        journal.deleted("first").unwrap();
        drop(journal);
        assert_eq!(ids(&Journal::open(&path).unwrap(), "payments"), ["a"]);
    }

    #[test]
    fn a_message_received_from_another_queue_counts_from_one_there() {
        let dir = crate::testing::Dir::new();
        let path = dir.path().join("sqs.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.sent(vec![message("a")]).unwrap();
        journal.received("a", "payments", "1").unwrap().unwrap();
        journal.received("a", "payments", "2").unwrap().unwrap();
        journal.received("a", "payments-dead", "3").unwrap().unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert!(ids(&journal, "payments").is_empty());
        assert_eq!(journal.asleep("payments-dead")[0].1.receives, 1);
    }
}
