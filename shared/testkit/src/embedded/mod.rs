//! The AWS services Tollgate uses, inside this process: real SDK clients talk to them over loopback.
//!
//! One file each, so that each can be exchanged. In memory for tests; in a folder for `cargo run`, where whatever was
//! accepted survives the process being killed.

mod dynamodb;
mod front;
mod journal;
mod objects;
mod s3;
mod secrets;
mod serving;
mod sqs;
mod waits;

use std::{fs::File, path::PathBuf};

use anyhow::{Context as _, Result, anyhow};
use axum::Router;
use domain::Clock;

pub(crate) use self::dynamodb::{describe, request};
pub use self::{dynamodb::Database, front::is_aws_call};
use self::{dynamodb::DynamoDb, front::Backends, s3::Blobs, secrets::Secrets, serving::Serving, sqs::Sqs};
use crate::sam::{Bucket, Queue, TableDefinition, Template};

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory: gone with the services.
    Memory,
    /// In this folder, which is made if need be. One process at a time.
    Dir(PathBuf),
}

/// Embedded `DynamoDB`, SQS, Secrets Manager and S3. They end when this is dropped.
#[derive(Debug)]
pub struct Services {
    dynamodb: DynamoDb,
    sqs: Sqs,
    secrets: Secrets,
    blobs: Blobs,
    front: Serving,
    backends: Backends,
    /// Held while the folder is in use.
    _lock: Option<File>,
}

impl Services {
    /// Starts all of them, on free ports of the loopback interface. `clock` says what has expired and what is due.
    ///
    /// # Errors
    /// When the folder cannot be used, or is in use by another process.
    pub async fn start(data: Data, clock: &Clock) -> Result<Self> {
        let dir = match data {
            Data::Memory => None,
            Data::Dir(dir) => Some(dir),
        };
        let lock = dir.as_ref().map(lock).transpose()?;
        let file = |name: &str| dir.as_ref().map(|dir| dir.join(name));
        let dynamodb = DynamoDb::start(file("dynamodb.sqlite").as_deref(), clock).await?;
        let sqs = Sqs::start(file("sqs.jsonl").as_deref(), clock).await?;
        let secrets = Secrets::start().await?;
        let blobs = Blobs::start(file("blobs").as_deref(), clock).await?;
        let backends = Backends {
            dynamodb: dynamodb.endpoint().to_owned(),
            sqs: sqs.endpoint().to_owned(),
            secrets: secrets.endpoint().to_owned(),
            blobs: blobs.endpoint().to_owned(),
        };
        let front = front::start(front::router(backends.clone())).await?;
        Ok(Self { dynamodb, sqs, secrets, blobs, front, backends, _lock: lock })
    }

    /// Makes the tables, queues and buckets of a template. Messages a queue held when the process ended are in it again.
    ///
    /// # Errors
    /// When a table is there with other keys, or a setting is refused.
    pub async fn apply(&self, template: &Template) -> Result<()> {
        for table in &template.tables {
            self.create_table(table)?;
        }
        for bucket in &template.buckets {
            self.create_bucket(bucket)?;
        }
        // Dead-letter queues first, so that what belongs there finds its place.
        let (plain, redriving): (Vec<_>, Vec<_>) = template.queues.iter().partition(|queue| queue.redrive.is_none());
        for queue in plain.into_iter().chain(redriving) {
            let dead_letters = queue.redrive.as_ref().and_then(|redrive| template.queue(&redrive.dead_letter_queue));
            self.create_queue(queue, dead_letters).await?;
        }
        Ok(())
    }

    /// Makes sure that a table is there.
    ///
    /// # Errors
    /// When it is there with other keys or indexes.
    pub fn create_table(&self, table: &TableDefinition) -> Result<()> {
        self.dynamodb.create_table(table)
    }

    /// Makes sure that a queue is there, and with it the messages it held before. Answers with its URL.
    ///
    /// # Errors
    /// When it is there with other settings, or a setting is refused.
    pub async fn create_queue(&self, queue: &Queue, dead_letters: Option<&Queue>) -> Result<String> {
        self.sqs.create_queue(queue, dead_letters).await
    }

    /// Makes sure that a bucket is there.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn create_bucket(&self, bucket: &Bucket) -> Result<()> {
        self.blobs.create_bucket(&bucket.name)
    }

    /// Creates a secret, or gives it a new current version.
    ///
    /// # Errors
    /// When the name or the value is refused.
    pub fn put_secret(&self, name: &str, value: &str) -> Result<()> {
        self.secrets.put(name, value)
    }

    /// The address of all services together, for `AWS_ENDPOINT_URL` and `aws --endpoint-url`.
    pub fn endpoint(&self) -> &str {
        self.front.endpoint()
    }

    /// What answers at [`Services::endpoint`], to be served elsewhere too: send it whatever [`is_aws_call`] says is for
    /// it.
    pub fn front_router(&self) -> Router {
        front::router(self.backends.clone())
    }

    /// `DynamoDB`'s own address, which is faster.
    pub fn dynamodb_endpoint(&self) -> &str {
        self.dynamodb.endpoint()
    }

    /// SQS's own address, which is faster.
    pub fn sqs_endpoint(&self) -> &str {
        self.sqs.endpoint()
    }

    /// Secrets Manager's own address, which is faster.
    pub fn secrets_endpoint(&self) -> &str {
        self.secrets.endpoint()
    }

    /// S3's own address, which is faster. Buckets are the first part of the path.
    pub fn s3_endpoint(&self) -> &str {
        self.blobs.endpoint()
    }

    /// The URL of the queue of this name. Clients may put another host in front of the path.
    pub fn queue_url(&self, name: &str) -> String {
        self.sqs.queue_url(name)
    }

    /// From now on no queue's wait ends by itself: neither a message's delay, nor the time for which a message that was
    /// received stays hidden. [`Services::end_waits`] ends them, so that a test need not wait. In memory only.
    pub fn hold_waits(&self) {
        self.sqs.waits().hold();
    }

    /// Ends all waits of the queues as if their time were over.
    ///
    /// # Errors
    /// When a queue refuses it.
    pub async fn end_waits(&self) -> Result<()> {
        self.sqs.waits().end().await.map_err(|error| anyhow!("a wait could not be ended: {error}"))
    }

    /// The database, to look into past its API.
    pub fn database(&self) -> &Database {
        self.dynamodb.database()
    }

    /// Ends them and waits until they have ended.
    pub async fn shutdown(self) {
        self.front.stop().await;
        self.sqs.stop().await;
        self.secrets.stop().await;
        self.blobs.stop().await;
        self.dynamodb.stop().await;
    }
}

/// Makes the folder, and makes sure that no other process uses it.
fn lock(dir: &PathBuf) -> Result<File> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let file = File::create(dir.join("lock"))?;
    file.try_lock().map_err(|error| anyhow!("the folder {} is in use by another process: {error}", dir.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests;
