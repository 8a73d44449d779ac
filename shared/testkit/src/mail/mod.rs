//! A sandbox of SES: it takes what version 2 of its API sends, and keeps it in an inbox that can be looked at.
//!
//! Nothing leaves this process. Faults come from the [connector](crate::connector) that the SDK calls through, as for
//! the other services of AWS.

mod page;
mod rest;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use axum::Router;
use domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sandbox::Kept;

/// The path of SES's `SendEmail`, below its endpoint.
pub const SEND: &str = "/v2/email/outbound-emails";

/// So many messages are kept.
const KEPT_MESSAGES: usize = 1000;

/// A post office of one's own. Clones share it.
#[derive(Debug, Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Kept<State>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// How many there ever were.
    taken: u64,
    /// Oldest first.
    messages: Vec<Message>,
    refused: BTreeSet<String>,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What its sender was told.
    pub id: String,
    /// When it was taken.
    pub at: Timestamp,
    /// The sender, with a name if it has one.
    pub from: String,
    /// Everybody whom it is for, hidden recipients included.
    pub to: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// One line.
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    /// A whole document.
    pub html: String,
    /// Headers that its sender added.
    pub headers: Vec<(String, String)>,
    /// SES's name for how bounces are dealt with.
    pub configuration_set: Option<String>,
}

impl Sandbox {
    /// An empty one, in memory.
    pub fn new(clock: Clock) -> Self {
        Self::with(Kept::in_memory(State::default()), clock)
    }

    /// One that remembers everything in the file `path`, written after each change.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not a sandbox's.
    pub fn open(path: impl AsRef<Path>, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self::with(Kept::open(path.as_ref(), State::default)?, clock))
    }

    fn with(state: Kept<State>, clock: Clock) -> Self {
        Self { shared: Arc::new(Shared { clock, state }) }
    }

    /// The API and, at `/`, the page. It can be nested under any prefix.
    pub fn router(&self) -> Router {
        self.api().merge(page::router(self)).fallback(rest::not_found).method_not_allowed_fallback(rest::not_found)
    }

    /// The API alone, where it has to be at the root: clients that know one address for all of AWS call it there.
    pub fn api(&self) -> Router {
        rest::router(self)
    }

    /// What was taken, oldest first. The last 1000.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.state.read(|state| state.messages.clone())
    }

    /// What was taken for an address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(|message| message.to.iter().any(|to| to.eq_ignore_ascii_case(address)));
        messages
    }

    /// From now on an address is refused, as SES does for most addresses while an account is in its sandbox mode.
    pub fn refuse(&self, address: &str) {
        self.shared.state.change(|state| state.refused.insert(address.to_lowercase()));
    }
}

impl Message {
    /// The addresses that its HTML links to, in their order.
    pub fn links(&self) -> Vec<String> {
        let targets = self.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        targets.map(unescape).collect()
    }
}

/// The other direction of the sandboxes' `escape`.
fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
