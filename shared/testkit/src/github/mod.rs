//! A sandbox of GitHub: its REST paths for collaborators and invitations, signing in, webhooks, and a page to play the
//! people.
//!
//! It answers with GitHub's statuses, bodies and quirks: an expired invitation stays in the list and blocks a new one,
//! a renamed account keeps its number, a renamed repository answers with a redirect, an organisation's members are
//! collaborators already. Repositories have code: tags, commits, and archives of these. Where GitHub does not document what it does, the place says what is assumed here.

mod app;
mod code;
mod control;
mod gate;
mod happenings;
mod hooks;
mod lists;
mod oauth;
mod objects;
mod page;
mod rest;
mod state;
mod tags;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use domain::{Clock, Secret, Timestamp};

use crate::{faults::Faults, sandbox::Kept};
use gate::Limits;
pub use hooks::Delivery;
pub use oauth::{OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET};
use state::State;

/// How many lines of [`Sandbox::requests`] are kept.
const KEPT_REQUESTS: usize = 10_000;
/// Where the sandbox is until [`Sandbox::set_public_url`] is called.
const DEFAULT_PUBLIC_URL: &str = "http://127.0.0.1:4321/sandbox/github";

/// A GitHub of one's own. Clones share it.
#[derive(Debug, Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    faults: Faults,
    webhook_secret: Option<Secret>,
    sends_forms: bool,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Kept<State>,
    limits: Mutex<Limits>,
    public_url: RwLock<String>,
    codeload_url: RwLock<Option<String>>,
    requests: Mutex<VecDeque<String>>,
    served: AtomicU64,
}

/// How far somebody has come with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Neither access nor an invitation.
    None,
    /// Invited, and not yet in.
    Invited {
        /// Whether the invitation can no longer be accepted.
        expired: bool,
    },
    /// Can read it: as a collaborator, its owner or a member of its organisation.
    Collaborator,
}

impl Sandbox {
    /// A sandbox in memory, with the accounts and repositories of the walk-through: the users `ctrimm`, `johndoe`,
    /// `janedoe` and `octocat`, the organisation `acme-corp`, and the private repositories `ctrimm/premium-theme`,
    /// `acme-corp/toolkit` and `acme-corp/starter-kit`. `acme-corp/toolkit` is the Composer package `acme/toolkit`, with
    /// the tags `v1.0.0`, `v1.1.0` and `v2.0.0`.
    pub fn new(clock: Clock) -> Self {
        Self::with(Kept::in_memory(State::seeded()), clock)
    }

    /// A sandbox that remembers everything in the file `path`, written after each change. It starts like
    /// [`Self::new`] when there is no such file.
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
                limits: Mutex::default(),
                public_url: RwLock::new(DEFAULT_PUBLIC_URL.to_owned()),
                codeload_url: RwLock::default(),
                requests: Mutex::default(),
                served: AtomicU64::new(0),
            }),
            faults: Faults::none(),
            webhook_secret: None,
            sends_forms: false,
        }
    }

    /// The same sandbox, asking `faults` about each API call as `github <method> <path>`. The page is never hit.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The same sandbox, signing webhooks with this secret.
    #[must_use]
    pub fn with_webhook_secret(mut self, secret: &str) -> Self {
        self.webhook_secret = Secret::new(secret);
        self
    }

    /// The same sandbox, sending webhooks as forms (`payload=…`), as GitHub does where it is told to.
    #[must_use]
    pub fn with_forms(mut self) -> Self {
        self.sends_forms = true;
        self
    }

    /// Says under which other host the router is reachable; archives are there, as GitHub has them on a host of their own.
    /// Without one they are where the API is.
    pub fn set_codeload_url(&self, url: impl Into<String>) {
        let url = url.into().trim_end_matches('/').to_owned();
        *self.shared.codeload_url.write().unwrap_or_else(PoisonError::into_inner) = Some(url);
    }

    fn codeload_url(&self) -> String {
        let url = self.shared.codeload_url.read().unwrap_or_else(PoisonError::into_inner).clone();
        url.unwrap_or_else(|| self.public_url())
    }

    /// Says under which address the router is reachable from a browser; addresses in webhooks begin with it.
    pub fn set_public_url(&self, url: impl Into<String>) {
        let url = url.into().trim_end_matches('/').to_owned();
        *self.shared.public_url.write().unwrap_or_else(PoisonError::into_inner) = url;
    }

    fn public_url(&self) -> String {
        self.shared.public_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The API, the pages to sign in, and, at `/`, the page. It can be nested under any prefix;
    /// the prefix with a slash at its end is not found then, as with every nested router.
    pub fn router(&self) -> Router {
        rest::router(self)
            .merge(oauth::router(self))
            .merge(code::codeload(self))
            .merge(page::router(self))
            .fallback(rest::not_found)
            .method_not_allowed_fallback(rest::not_found)
    }

    /// The API calls so far, oldest first: `PUT /repos/acme-corp/toolkit/collaborators/johndoe`. The last 10,000.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.shared.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Writes down one API call, and says the how manieth it is.
    fn note(&self, line: String) -> u64 {
        let requests = self.shared.requests.lock();
        let mut requests = requests.unwrap_or_else(PoisonError::into_inner);
        if requests.len() == KEPT_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(line);
        self.shared.served.fetch_add(1, Ordering::Relaxed)
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}
