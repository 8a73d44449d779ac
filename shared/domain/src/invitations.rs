//! GitHub's limit of invitations, kept as a budget per repository, and whose turn it is when it is used up.
//!
//! An invitation is counted before it is sent, so the count may be too high for a while, but is never too low for what we
//! sent ourselves. Others invite too: what GitHub itself says of its limit is taken down and believed.

use serde::{Deserialize, Serialize};

use crate::{
    GithubUserId, PurchaseId, Timestamp,
    purchase::{Gate, Purchase},
    stored::{maybe_seconds, seconds},
};

/// So many invitations GitHub sends for a repository within 24 hours; members of the organisation that owns it do not count
/// (GitHub's REST reference, "Add a repository collaborator", "Rate limits").
pub const PER_WINDOW: usize = 50;

/// How long an invitation counts: 24 hours, and a minute because GitHub counts from when the call reaches it.
const WINDOW_SECONDS: i64 = 24 * 60 * 60 + 60;

/// An invitation can be accepted for seven days (GitHub docs, "Inviting collaborators to a personal repository").
const INVITATION_SECONDS: i64 = 7 * 24 * 60 * 60;

/// The budget of one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The invitations of the last window, oldest first.
    #[serde(default)]
    sent: Vec<Sent>,
    /// Until when GitHub itself said that it sends no more.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    closed_until: Option<Timestamp>,
    /// Counts the changes of this item: whoever writes it must have read its newest state.
    #[serde(default)]
    pub rev: u64,
}

/// One invitation. Stored as a pair, for up to fifty are in one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sent(GithubUserId, #[serde(with = "seconds")] Timestamp);

/// Whether somebody can be invited now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now,
    /// From then on, if nobody who paid earlier comes in between.
    From(Timestamp),
}

/// A place in the queue: who paid earlier goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// When it was paid.
    #[serde(with = "seconds")]
    pub paid_at: Timestamp,
    /// By which purchase; of those that were paid within the same second the one that began earlier goes first.
    pub purchase: PurchaseId,
}

impl Place {
    /// The place of the one whom these purchases let in: that of the earliest payment that still opens the gate.
    pub fn of(purchases: &[Purchase]) -> Option<Self> {
        let open = purchases.iter().filter(|purchase| purchase.gate() == Gate::Open);
        let place = |purchase: &Purchase| {
            let paid_at = purchase.facts.settled_at().unwrap_or(purchase.created_at);
            Self { paid_at: whole(paid_at), purchase: purchase.id }
        };
        open.map(place).min()
    }
}

impl Budget {
    /// How many invitations can be sent now.
    pub fn free(&self, now: Timestamp) -> usize {
        if self.closed_until.is_some_and(|until| until > now) {
            return 0;
        }
        PER_WINDOW.saturating_sub(self.counting(now).count())
    }

    /// Whose turn it is: that of somebody before whom `ahead` others are waiting.
    pub fn turn(&self, ahead: usize, now: Timestamp) -> Turn {
        if ahead < self.free(now) { Turn::Now } else { Turn::From(self.slot(ahead, now)) }
    }

    /// When the invitation after `ahead` others can be sent: each takes the slot that is free first, for a window.
    fn slot(&self, ahead: usize, now: Timestamp) -> Timestamp {
        let opens = self.closed_until.map_or(now, |until| until.max(now));
        let mut taken: Vec<_> = self.counting(now).map(|sent| later(sent.1, WINDOW_SECONDS).max(opens)).collect();
        taken.sort_unstable();
        let free = PER_WINDOW.saturating_sub(taken.len());
        let excess = taken.len().saturating_sub(PER_WINDOW);
        let mut slots = vec![opens; free];
        slots.extend(taken.drain(excess..));
        let rounds = i64::try_from(ahead / PER_WINDOW).unwrap_or(i64::MAX);
        later(slots[ahead % PER_WINDOW], rounds.saturating_mul(WINDOW_SECONDS))
    }

    /// With another invitation; those that do not count any more are forgotten.
    #[must_use]
    pub fn with(&self, account: GithubUserId, now: Timestamp) -> Self {
        let sent = self.counting(now).copied().chain([Sent(account, whole(now))]).collect();
        Self { sent, closed_until: self.closed_until.filter(|until| *until > now), rev: self.rev }
    }

    /// Without an invitation that GitHub surely did not send.
    #[must_use]
    pub fn without(&self, account: GithubUserId, at: Timestamp) -> Self {
        let mut after = self.clone();
        if let Some(place) = after.sent.iter().position(|sent| *sent == Sent(account, whole(at))) {
            after.sent.remove(place);
        }
        after
    }

    /// When GitHub said that it sends no more until then.
    #[must_use]
    pub fn closed(&self, until: Timestamp) -> Self {
        Self { closed_until: self.closed_until.max(Some(until)), ..self.clone() }
    }

    /// Whether this invitation still counts: one that was counted may be tried again without being counted again.
    pub fn counts(&self, account: GithubUserId, at: Timestamp, now: Timestamp) -> bool {
        self.counting(now).any(|sent| *sent == Sent(account, whole(at)))
    }

    fn counting(&self, now: Timestamp) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| later(sent.1, WINDOW_SECONDS) > now)
    }
}

/// When an invitation that was sent at `at` expires.
pub fn expires_at(at: Timestamp) -> Timestamp {
    later(at, INVITATION_SECONDS)
}

/// The second in which a time is: as it is stored.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(at.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
