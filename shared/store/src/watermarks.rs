//! How far the repairs have come. A run that dies half way leaves its watermark where it was, so the next one does the rest
//! again; of two runs at once only one moves it.

use domain::Failure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Store, keys,
    table::{Freshness, item},
};

/// How far a task has come, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark<T> {
    task: String,
    rev: u64,
    /// The place; the default when the task never ran.
    pub at: T,
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    at: T,
    rev: u64,
}

impl Store {
    /// How far a task has come.
    pub async fn watermark<T: Default + DeserializeOwned>(&self, task: &str) -> Result<Watermark<T>, Failure> {
        let stored: Option<Stored<T>> = self.table.get(&keys::watermark(task), Freshness::Strong).await?;
        let (at, rev) = stored.map(|stored| (stored.at, stored.rev)).unwrap_or_default();
        Ok(Watermark { task: task.to_owned(), rev, at })
    }

    /// Moves a task's watermark from where it was read. `false`: another run has moved it meanwhile, and did the same work.
    pub async fn move_watermark<T: Serialize>(&self, read: &Watermark<T>, to: &T) -> Result<bool, Failure> {
        let row = item("watermark", &keys::watermark(&read.task), &Stored { at: to, rev: read.rev + 1 })?;
        self.table.write_if(self.table.put_next(row, read.rev)?).await
    }
}
