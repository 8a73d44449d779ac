//! Versions: how metadata show them, what downloads go by, and since when they are what they are.
//!
//! A tag is released once. Who may have it may have what it is moved to, and what it was: lock files name that. Of a branch
//! each commit is a release of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PackageId;
use crate::{Timestamp, grant::Release};

/// The most commits of one branch that can be downloaded: the newest. Each push adds one.
const MOST_OF_BRANCH: usize = 50;
/// The most commits that one tag was moved to and that can be downloaded.
const MOST_OF_TAG: usize = 200;

/// A version as a download needs it. It stays when its tag is gone: lock files still name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Whose version it is.
    pub package_id: PackageId,
    /// As Composer normalises it.
    #[serde(rename = "id")]
    pub normalized: String,
    /// As the tag says it.
    pub version: String,
    /// Whether it is a branch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub branch: bool,
    /// When its first commit was made, as the forge says.
    #[serde(with = "crate::stored::seconds")]
    pub released_at: Timestamp,
    /// When a sync first found it.
    #[serde(with = "crate::stored::seconds")]
    pub listed_at: Timestamp,
    /// Whether its tag is there.
    pub listed: bool,
    /// The commits that it was, newest last.
    pub archives: Vec<Archive>,
}

/// An archive that was stored: never changed, never overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// The commit that it is the tree of.
    pub commit: String,
    /// The SHA-1 of its bytes in lower-case hex: what Composer checks.
    pub sha1: String,
    /// The SHA-256 of its bytes in lower-case hex.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was committed, as the forge says.
    #[serde(with = "crate::stored::seconds")]
    pub time: Timestamp,
    /// When a sync first found the version to be this commit.
    #[serde(with = "crate::stored::seconds")]
    pub listed_at: Timestamp,
}

/// A version as the metadata show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexedVersion {
    /// The tag or branch.
    pub name: String,
    /// What the tag or branch points to: unchanged means that nothing has to be asked.
    pub object: String,
    /// As it is shown.
    pub version: String,
    /// As Composer normalises it.
    pub normalized: String,
    /// Whether it is a branch.
    #[serde(default)]
    pub branch: bool,
    /// Whether it is the default branch.
    #[serde(default)]
    pub default_branch: bool,
    /// When it was released: the earliest commit of a tag, the commit of a branch.
    #[serde(with = "crate::stored::seconds")]
    pub released_at: Timestamp,
    /// When a sync first found it: the tag, or the branch at this commit.
    #[serde(with = "crate::stored::seconds")]
    pub listed_at: Timestamp,
    /// What is installed.
    pub archive: Archive,
    /// What its `composer.json` says.
    pub composer: Map<String, Value>,
}

impl IndexedVersion {
    /// What matters of it.
    pub fn release(&self) -> Release<'_> {
        Release { normalized: &self.normalized, time: self.released_at, listed_at: self.listed_at }
    }

    /// The same as old as it is, when this is known of the version.
    #[must_use]
    pub fn since(mut self, known: Option<&VersionRecord>) -> Self {
        if let Some(same) = known.and_then(|known| known.archive(&self.archive.commit)) {
            self.archive = same.clone();
        }
        (self.released_at, self.listed_at) = match known.filter(|_| !self.branch) {
            Some(known) => (known.released_at.min(self.archive.time), known.listed_at),
            None => (self.archive.time, self.archive.listed_at),
        };
        self
    }
}

impl VersionRecord {
    /// What downloads go by when a version is found that is as old as it is; `known` is what they went by before.
    pub fn of(version: &IndexedVersion, package_id: &PackageId, known: Option<&Self>) -> Self {
        let earlier = known.into_iter().flat_map(|known| &known.archives);
        let mut archives: Vec<_> = earlier.filter(|it| it.commit != version.archive.commit).cloned().collect();
        archives.push(version.archive.clone());
        let most = if version.branch { MOST_OF_BRANCH } else { MOST_OF_TAG };
        archives.drain(..archives.len().saturating_sub(most));
        Self {
            package_id: package_id.clone(),
            normalized: version.normalized.clone(),
            version: version.version.clone(),
            branch: version.branch,
            released_at: version.released_at,
            listed_at: version.listed_at,
            listed: true,
            archives,
        }
    }

    /// The archive of a commit that the version is or was.
    pub fn archive(&self, commit: &str) -> Option<&Archive> {
        self.archives.iter().find(|archive| archive.commit == commit)
    }

    /// What matters of it with one of its archives.
    pub fn release(&self, archive: &Archive) -> Release<'_> {
        let (time, listed_at) =
            if self.branch { (archive.time, archive.listed_at) } else { (self.released_at, self.listed_at) };
        Release { normalized: &self.normalized, time, listed_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn found(branch: bool, commit: &str, second: i64) -> IndexedVersion {
        let (time, listed_at) = (at(second), at(second + 5));
        IndexedVersion {
            name: "it".to_owned(),
            object: commit.to_owned(),
            version: "it".to_owned(),
            normalized: "it".to_owned(),
            branch,
            default_branch: false,
            released_at: time,
            listed_at,
            archive: Archive {
                commit: commit.to_owned(),
                sha1: String::new(),
                sha256: String::new(),
                size: 1,
                time,
                listed_at,
            },
            composer: Map::new(),
        }
    }

    /// What is known after it was found to be these commits, each at a second.
    fn known(branch: bool, commits: &[(&str, i64)]) -> (IndexedVersion, VersionRecord) {
        let id = PackageId::generate(&Random::new(|bytes| bytes.fill(3)));
        let mut last = None;
        for (commit, second) in commits {
            let record = last.as_ref().map(|(_, record)| record);
            let version = found(branch, commit, *second).since(record);
            let record = VersionRecord::of(&version, &id, record);
            last = Some((version, record));
        }
        last.unwrap()
    }

    #[test]
    fn a_tag_is_as_old_as_it_was_first_wherever_it_is_moved() {
        let (version, record) = known(false, &[("a", 10), ("b", 20), ("a", 30)]);
        assert_eq!((version.released_at, version.listed_at), (at(10), at(15)));
        assert_eq!(version.archive.time, at(10), "it is the commit that it was");
        for archive in &record.archives {
            let release = record.release(archive);
            assert_eq!((release.time, release.listed_at), (at(10), at(15)));
        }
        assert_eq!(record.archives.iter().map(|it| it.commit.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn each_commit_of_a_branch_is_as_old_as_it_is_itself() {
        let (version, record) = known(true, &[("a", 10), ("b", 20)]);
        assert_eq!((version.released_at, version.listed_at), (at(20), at(25)));
        let release = record.release(record.archive("a").unwrap());
        assert_eq!((release.time, release.listed_at), (at(10), at(15)));
    }

    #[test]
    fn a_branch_keeps_its_newest_commits() {
        let commits: Vec<String> = (0..60).map(|number| number.to_string()).collect();
        let commits: Vec<_> = commits.iter().map(|commit| (commit.as_str(), 10)).collect();
        let (_, record) = known(true, &commits);
        assert_eq!((record.archives.len(), record.archives[0].commit.as_str()), (MOST_OF_BRANCH, "10"));
        assert_eq!(known(false, &commits).1.archives.len(), 60);
    }
}
