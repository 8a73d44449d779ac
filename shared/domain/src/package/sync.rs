//! How syncing a package stands.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How syncing a package stands. Each request raises `wanted`; a sync notes it when it begins, and at its end that is `done`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// How many syncs were asked for. The number of a request is that of its task.
    #[serde(default)]
    pub wanted: u64,
    /// Which request the last sync that ended, well or not, was for.
    #[serde(default)]
    pub done: u64,
    /// Who syncs at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Whether a sync stopped in the middle, so that what downloads go by may not be what the index says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub torn: bool,
    /// Until when the forge is left alone, as it did not answer or had enough, however many tell that there is something new.
    /// Who asks for a sync, and not only tells, is not kept waiting.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub not_before: Option<Timestamp>,
    /// When a sync last ended, well or not.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub ended_at: Option<Timestamp>,
    /// When a sync last ended well.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub synced_at: Option<Timestamp>,
    /// How many syncs in a row could not reach the forge.
    #[serde(default)]
    pub failures: u32,
    /// Why the last sync did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The right to sync a package, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose it is: random.
    pub holder: String,
    /// The request that its sync is for.
    pub task: u64,
    /// From when on anybody may take it.
    #[serde(with = "crate::stored::seconds")]
    pub until: Timestamp,
}

/// How syncing stands at present, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncStatus {
    /// No sync was ever asked for.
    Never,
    /// One waits.
    Queued,
    /// One is being done.
    Running,
    /// The last one ended well.
    Ok,
    /// The last one did not.
    Failed,
}

impl SyncStatus {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Failed => "failed",
        }
    }
}

/// How a request to sync stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    /// It waits.
    Queued,
    /// It is being done.
    Running,
    /// It, or a later one, ended well.
    Succeeded,
    /// It, or a later one, did not end well.
    Failed,
}

impl TaskState {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

impl SyncState {
    /// How long a sync has to wait that nobody in particular asks for.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let busy = self.lease.as_ref().map(|lease| lease.until);
        let until = busy.max(self.not_before).filter(|until| *until > now)?;
        Some(Duration::from_secs(u64::try_from(until.as_second() - now.as_second()).unwrap_or(0) + 1))
    }

    /// How syncing stands.
    pub fn status(&self, now: Timestamp) -> SyncStatus {
        if self.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return SyncStatus::Running;
        }
        if self.wanted > self.done {
            return SyncStatus::Queued;
        }
        match (self.ended_at, &self.error) {
            (None, _) => SyncStatus::Never,
            (Some(_), None) => SyncStatus::Ok,
            (Some(_), Some(_)) => SyncStatus::Failed,
        }
    }

    /// How the request with this number stands; `None` when there was none.
    pub fn task(&self, task: u64, now: Timestamp) -> Option<TaskState> {
        if task == 0 || task > self.wanted {
            return None;
        }
        if task <= self.done {
            return Some(if self.error.is_some() { TaskState::Failed } else { TaskState::Succeeded });
        }
        let running = self.lease.as_ref().is_some_and(|lease| lease.until > now && task <= lease.task);
        Some(if running { TaskState::Running } else { TaskState::Queued })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_done_when_its_sync_or_a_later_one_ended() {
        let now = Timestamp::from_second(1000).unwrap();
        let until = Timestamp::from_second(1100).unwrap();
        let lease = Some(Lease { holder: "x".to_owned(), task: 4, until });
        let state = SyncState { wanted: 5, done: 3, lease, ..SyncState::default() };
        let of = |task| state.task(task, now);
        assert_eq!([of(0), of(3), of(4)], [None, Some(TaskState::Succeeded), Some(TaskState::Running)]);
        assert_eq!([of(5), of(6)], [Some(TaskState::Queued), None]);
        assert_eq!(state.task(4, until), Some(TaskState::Queued), "whoever did it is gone");
        let failed = SyncState { error: Some("404".to_owned()), ..state };
        assert_eq!(failed.task(3, now), Some(TaskState::Failed));
    }

    #[test]
    fn a_word_for_how_it_stands() {
        let now = Timestamp::from_second(1000).unwrap();
        let until = Timestamp::from_second(1100).unwrap();
        let never = SyncState::default();
        assert_eq!(never.status(now), SyncStatus::Never);
        let queued = SyncState { wanted: 1, ..never };
        assert_eq!(queued.status(now), SyncStatus::Queued);
        let lease = Some(Lease { holder: "x".to_owned(), task: 1, until });
        let running = SyncState { lease, ..queued };
        assert_eq!((running.status(now), running.status(until)), (SyncStatus::Running, SyncStatus::Queued));
        let ok = SyncState { done: 1, lease: None, ended_at: Some(now), ..running };
        assert_eq!(ok.status(now), SyncStatus::Ok);
        let failed = SyncState { error: Some("404".to_owned()), ..ok };
        assert_eq!(failed.status(now), SyncStatus::Failed);
        assert_eq!(SyncState { wanted: 2, ..failed }.status(now), SyncStatus::Queued, "asked for again");
    }
}
