//! A sandbox of GitLab and Bitbucket Cloud: the paths that show code, webhooks, and a page to add and move tags. GitHub has a
//! sandbox of its own, [`crate::github`], with the same code in it.
//!
//! GitLab is below `/gitlab` (its API below `/gitlab/api/v4`), Bitbucket below `/bitbucket` (`/bitbucket/2.0`). What is
//! private takes a credential; any will do unless it is told otherwise.

mod bitbucket;
pub(crate) mod code;
mod gate;
mod gitlab;
mod hooks;
mod page;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;
mod zip;

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use axum::Router;
use domain::{Clock, Secret, Timestamp, forge::ForgeKind};

use self::{
    code::{Code, Moved},
    state::State,
};
pub use self::{hooks::Delivery, trouble::Trouble};
use crate::{faults::Faults, sandbox::Kept};

/// When the code of the seeded repositories was committed: 2026-01-01T00:00:00Z.
pub(crate) const BEGINNING: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// How many lines of [`Sandbox::requests`] are kept.
const KEPT_REQUESTS: usize = 10_000;
/// Where the sandbox is until [`Sandbox::set_public_url`] is called.
const DEFAULT_PUBLIC_URL: &str = "http://127.0.0.1:4321/sandbox/forges";

/// A GitLab and a Bitbucket of one's own. Clones share them.
#[derive(Debug, Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    faults: Faults,
    secrets: BTreeMap<ForgeKind, Secret>,
    signing_token: Option<Secret>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Kept<State>,
    public_url: RwLock<String>,
    troubles: Mutex<BTreeMap<ForgeKind, Trouble>>,
    requests: Mutex<VecDeque<String>>,
}

impl Sandbox {
    /// A sandbox in memory, with `acme-corp/reports` on GitLab and `acme-corp/charts` on Bitbucket, both private: the Composer
    /// packages `acme/reports` and `acme/charts`, with the tag `v1.0.0`.
    pub fn new(clock: Clock) -> Self {
        Self::with(Kept::in_memory(State::seeded()), clock)
    }

    /// A sandbox that remembers everything in the file `path`, written after each change.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not a sandbox's.
    pub fn open(path: impl AsRef<Path>, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self::with(Kept::open(path.as_ref(), State::seeded)?, clock))
    }

    fn with(state: Kept<State>, clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                state,
                public_url: RwLock::new(DEFAULT_PUBLIC_URL.to_owned()),
                troubles: Mutex::default(),
                requests: Mutex::default(),
            }),
            faults: Faults::none(),
            secrets: BTreeMap::new(),
            signing_token: None,
        }
    }

    /// The same sandbox, asking `faults` about each API call as `gitlab <method> <path>`. The page is never hit.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The same sandbox, with the secrets of the webhooks. A blank one is none.
    #[must_use]
    pub fn with_webhook_secrets(mut self, gitlab: &str, bitbucket: &str) -> Self {
        let secrets = [(ForgeKind::Gitlab, gitlab), (ForgeKind::Bitbucket, bitbucket)];
        self.secrets = secrets.into_iter().filter_map(|(kind, secret)| Some((kind, Secret::new(secret)?))).collect();
        self
    }

    /// The same sandbox, signing GitLab's webhooks besides, with a token `whsec_…` (Standard Webhooks).
    #[must_use]
    pub fn with_gitlab_signing_token(mut self, token: &str) -> Self {
        self.signing_token = Secret::new(token);
        self
    }

    /// Says under which address the router is reachable; addresses in answers and webhooks begin with it.
    pub fn set_public_url(&self, url: impl Into<String>) {
        let url = url.into().trim_end_matches('/').to_owned();
        *self.shared.public_url.write().unwrap_or_else(PoisonError::into_inner) = url;
    }

    fn public_url(&self) -> String {
        self.shared.public_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Both APIs, and, at `/`, the page. It can be nested under any prefix.
    pub fn router(&self) -> Router {
        gitlab::router(self).merge(bitbucket::router(self)).merge(page::router(self)).fallback(gate::not_found)
    }

    /// The calls so far, oldest first: `gitlab GET /projects/1001/repository/tags`. The last 10,000.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.shared.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn note(&self, line: String) {
        let mut requests = self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == KEPT_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(line);
    }

    /// From now on something is wrong with a forge, or nothing any more.
    pub fn trouble(&self, kind: ForgeKind, trouble: Option<Trouble>) {
        let mut troubles = self.shared.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => troubles.insert(kind, trouble),
            None => troubles.remove(&kind),
        };
    }

    fn troubled(&self, kind: ForgeKind) -> Option<Trouble> {
        self.shared.troubles.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).copied()
    }

    /// Adds an empty repository and answers its number. One that exists is left as it is.
    pub fn add_repository(&self, kind: ForgeKind, path: &str, private: bool) -> u64 {
        self.shared.state.change(|state| state.add(kind, path, private))
    }

    /// Gives a repository another path. It is found under the old one as well.
    ///
    /// # Errors
    /// When there is no such repository, or the new path is taken.
    pub fn rename(&self, kind: ForgeKind, path: &str, new_path: &str) -> anyhow::Result<()> {
        self.shared.state.change(|state| state.rename(kind, path, new_path))
    }

    /// Makes a repository private, or public: then anybody can read it.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_private(&self, kind: ForgeKind, path: &str, private: bool) -> anyhow::Result<()> {
        self.shared.state.change(|state| {
            state.found(kind, path)?.private = private;
            Ok(())
        })
    }

    /// Commits a package with this `composer.json` and tags the commit; a tag of that name is moved. Answers the commit.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn release(&self, kind: ForgeKind, path: &str, tag: &str, composer_json: &str) -> anyhow::Result<String> {
        let now = self.now();
        self.push(kind, path, |code| Ok(code.release(tag, composer_json, now)))
    }

    /// Puts a tag on a commit, or on the last one. A tag of that name is moved.
    ///
    /// # Errors
    /// When there is no such repository, or no such commit.
    pub fn tag(
        &self,
        kind: ForgeKind,
        path: &str,
        tag: &str,
        commit: Option<&str>,
        annotated: bool,
    ) -> anyhow::Result<()> {
        self.push(kind, path, |code| Ok(((), vec![code.tag(tag, commit, annotated)?])))
    }

    /// Deletes a tag.
    ///
    /// # Errors
    /// When there is no such repository, or no such tag.
    pub fn delete_tag(&self, kind: ForgeKind, path: &str, tag: &str) -> anyhow::Result<()> {
        self.push(kind, path, |code| Ok(((), vec![code.delete_tag(tag)?])))
    }

    /// From now on archives have other bytes, though the same files.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn regenerate_archives(&self, kind: ForgeKind, path: &str) -> anyhow::Result<()> {
        self.push(kind, path, |code| {
            code.regenerate();
            Ok(((), Vec::new()))
        })
    }

    /// From now on this is the archive of a commit, whatever the commit holds.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn put_archive(&self, kind: ForgeKind, path: &str, commit: &str, zip: Vec<u8>) -> anyhow::Result<()> {
        self.push(kind, path, |code| {
            code.put_archive(commit, zip);
            Ok(((), Vec::new()))
        })
    }

    fn push<R>(
        &self,
        kind: ForgeKind,
        path: &str,
        change: impl FnOnce(&mut Code) -> anyhow::Result<(R, Vec<Moved>)>,
    ) -> anyhow::Result<R> {
        let (base, now) = (self.public_url(), self.now());
        self.shared.state.change(|state| {
            let (result, moved) = change(&mut state.found(kind, path)?.code)?;
            hooks::tell(state, &base, now, kind, path, &moved);
            Ok(result)
        })
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}
