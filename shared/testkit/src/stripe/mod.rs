//! A sandbox of Stripe: the few API calls that Tollgate makes, a payment page, and signed events.
//!
//! Requests are judged as strictly as Stripe judges them, and events have the shapes of the pinned API version, with
//! metadata only where Stripe puts it: a session's stays on the session, a payment intent's is copied to its charge, a
//! subscription's is snapshotted into its invoices, and an invoice's charge has none. Where Stripe does not document
//! what it does, the place says what is assumed here.

mod actions;
mod checkout;
mod delivery;
mod disputes;
mod events;
mod form;
mod gate;
mod objects;
mod page;
mod prices;
mod rest;
mod state;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use axum::Router;
use domain::{Clock, Random};
use serde_json::Value;

use crate::{faults::Faults, sandbox::Kept};
pub use delivery::Delivery;
pub use events::Event;
use objects::View;
use state::State;
pub use subscriptions::GivesUp;

/// The API version whose shapes the events have.
pub const API_VERSION: &str = "2026-09-30.endive";
/// The version whose shapes they have after [`Sandbox::old_shapes`]: the last before fields moved.
pub const OLD_API_VERSION: &str = "2024-09-30.acacia";

/// How many lines of [`Sandbox::requests`] are kept.
const KEPT_REQUESTS: usize = 10_000;
/// Where the payment pages are until [`Sandbox::set_public_url`] is called.
const DEFAULT_PUBLIC_URL: &str = "http://127.0.0.1:4321/sandbox/stripe";

/// A Stripe of one's own. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    faults: Faults,
}

struct Shared {
    clock: Clock,
    random: Random,
    webhook_secret: String,
    state: Kept<State>,
    public_url: RwLock<String>,
    requests: Mutex<VecDeque<String>>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the webhook secret.
        f.debug_struct("Sandbox").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox in memory. `webhook_secret` signs the events.
    pub fn new(clock: Clock, random: Random, webhook_secret: String) -> Self {
        Self::with(Kept::in_memory(State::default()), clock, random, webhook_secret)
    }

    /// A sandbox that remembers everything, undelivered events too, in the file `path`, written after each change.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not a sandbox's.
    pub fn open(path: impl AsRef<Path>, clock: Clock, random: Random, webhook_secret: String) -> anyhow::Result<Self> {
        let state = Kept::open(path.as_ref(), State::default)?;
        Ok(Self::with(state, clock, random, webhook_secret))
    }

    fn with(state: Kept<State>, clock: Clock, random: Random, webhook_secret: String) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                random,
                webhook_secret,
                state,
                public_url: RwLock::new(DEFAULT_PUBLIC_URL.to_owned()),
                requests: Mutex::default(),
            }),
            faults: Faults::none(),
        }
    }

    /// The same sandbox, asking `faults` about each API call as `stripe <method> <path>`. The pages are never hit.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The API, the payment page `/pay/{session}`, and a list of sessions at `/`. It can be nested under any prefix;
    /// the prefix with a slash at its end is not found then, as with every nested router.
    pub fn router(&self) -> Router {
        rest::router(self)
            .merge(page::router(self))
            .fallback(rest::not_found)
            .method_not_allowed_fallback(rest::not_found)
    }

    /// Says under which address the router is reachable from a browser; a session's `url` begins with it.
    pub fn set_public_url(&self, url: impl Into<String>) {
        let url = url.into().trim_end_matches('/').to_owned();
        *self.shared.public_url.write().unwrap_or_else(PoisonError::into_inner) = url;
    }

    /// Whether what happens from now on has the shapes of [`OLD_API_VERSION`]: `invoice.subscription`,
    /// `invoice.payment_intent`, `subscription.current_period_end`, `charge.invoice`.
    pub fn old_shapes(&self, old: bool) {
        self.shared.state.change(|state| state.old_shapes = old);
    }

    /// Whether nobody is told of what happens from now on. The events are made, and listed by the API.
    pub fn drop_webhooks(&self, drop: bool) {
        self.shared.state.change(|state| state.drops_webhooks = drop);
    }

    /// The API calls so far, oldest first: `POST /v1/checkout/sessions`. The last 10,000.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.shared.requests.lock();
        requests.unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The ids of all sessions, oldest first.
    pub fn sessions(&self) -> Vec<String> {
        let state = &self.shared.state;
        state.read(|state| state.sessions.iter().map(|it| it.id.clone()).collect())
    }

    /// The session with that `client_reference_id`; the newest if there are several.
    pub fn session_for(&self, client_reference_id: &str) -> Option<String> {
        self.shared.state.read(|state| {
            let mut newest_first = state.sessions.iter().rev();
            newest_first
                .find(|it| it.client_reference_id.as_deref() == Some(client_reference_id))
                .map(|it| it.id.clone())
        })
    }

    /// A session as the API shows it.
    pub fn session(&self, session: &str) -> Option<Value> {
        self.shared.state.read(|state| Some(objects::session(state.session(session)?, &self.view(state))))
    }

    /// The subscription that a session led to.
    pub fn subscription_of(&self, session: &str) -> Option<String> {
        self.shared.state.read(|state| {
            let subscription = state.session(session)?.subscription.as_ref()?;
            Some(subscription.id.clone())
        })
    }

    fn public_url(&self) -> String {
        self.shared.public_url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn view(&self, state: &State) -> View {
        View { old: state.old_shapes, url: self.public_url() }
    }

    fn note(&self, line: String) {
        let requests = self.shared.requests.lock();
        let mut requests = requests.unwrap_or_else(PoisonError::into_inner);
        if requests.len() == KEPT_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(line);
    }

    /// The present time in whole seconds, which is all the precision that Stripe's times have.
    fn now(&self) -> i64 {
        self.shared.clock.now().as_second()
    }
}
