//! Whether a purchase opens the gate, and if not, why not.

use serde::{Deserialize, Serialize};

use super::Purchase;
use crate::{
    Timestamp,
    facts::{DisputeState, SubscriptionStatus},
    repository::RefundPolicy,
};

/// Whether the purchase opens the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Not yet: it is not paid.
    NotYet,
    /// It does.
    Open,
    /// No longer.
    Closed {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: Closing,
    },
}

/// Why the gate is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// An operator took access back.
    Revoked,
    /// The vendor removed the buyer on GitHub.
    RemovedOnGithub,
    /// All of the money went back.
    Refunded,
    /// The payment is disputed; it opens again if the vendor wins.
    Disputed,
    /// The dispute was lost.
    DisputeLost,
    /// The subscription ended.
    SubscriptionEnded,
    /// The subscription is paused.
    Paused,
    /// Stripe, or the days of grace, gave up on a renewal.
    Unpaid,
}

impl Closing {
    /// Its name, for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::RemovedOnGithub => "removed_on_github",
            Self::Refunded => "refunded",
            Self::Disputed => "disputed",
            Self::DisputeLost => "dispute_lost",
            Self::SubscriptionEnded => "subscription_ended",
            Self::Paused => "paused",
            Self::Unpaid => "unpaid",
        }
    }

    /// Whether it opens again by itself when payments say so.
    pub fn may_open_again(self) -> bool {
        matches!(self, Self::Disputed | Self::Paused | Self::Unpaid)
    }
}

impl Purchase {
    /// Whether it opens the gate. What people decided goes first, then the money, then the subscription: a refund in full
    /// closes it for good, whatever the subscription says.
    pub fn gate(&self) -> Gate {
        let closed = |since, reason| Gate::Closed { since, reason };
        if let Some(decision) = &self.decisions.revoked {
            return closed(decision.at, Closing::Revoked);
        }
        if let Some(since) = self.decisions.removed_on_github {
            return closed(since, Closing::RemovedOnGithub);
        }
        let refunded = self.facts.fully_refunded_at().filter(|_| self.terms.refund_policy == RefundPolicy::Revoke);
        if let Some(since) = refunded {
            return closed(since, Closing::Refunded);
        }
        match self.facts.dispute() {
            Some(dispute) if dispute.state == DisputeState::Lost => return closed(dispute.at, Closing::DisputeLost),
            Some(dispute) if dispute.state == DisputeState::Open => return closed(dispute.at, Closing::Disputed),
            _ => {}
        }
        self.gate_of_subscription()
    }

    fn gate_of_subscription(&self) -> Gate {
        use SubscriptionStatus as Status;
        let facts = &self.facts;
        let settled = if facts.is_settled() { Gate::Open } else { Gate::NotYet };
        let Some(subscription) = facts.subscription else { return settled };
        let closed = |reason| Gate::Closed { since: subscription.at, reason };
        match subscription.status {
            Status::IncompleteExpired if !facts.is_settled() => Gate::NotYet,
            Status::IncompleteExpired | Status::Canceled => closed(Closing::SubscriptionEnded),
            Status::Paused => closed(Closing::Paused),
            Status::Unpaid => closed(Closing::Unpaid),
            Status::Incomplete | Status::Unknown => settled,
            Status::Trialing | Status::Active | Status::PastDue => match self.lapsed_at() {
                Some(since) => Gate::Closed { since, reason: Closing::Unpaid },
                None => Gate::Open,
            },
        }
    }

    /// Since when the days of grace of an unpaid invoice are over, if they are.
    fn lapsed_at(&self) -> Option<Timestamp> {
        let unpaid = |(invoice, _): &(&String, &Timestamp)| !self.facts.payments.contains_key(*invoice);
        self.decisions.lapsed.iter().filter(unpaid).map(|(_, at)| *at).min()
    }

    /// When the days of grace of its oldest unpaid invoice end, if the terms have any and they have not ended yet.
    pub fn grace_ends_at(&self) -> Option<Timestamp> {
        let days = self.terms.grace_days?;
        let (invoice, failure) = self.facts.unpaid()?;
        let running = self.facts.subscription.is_some_and(|it| {
            matches!(it.status, SubscriptionStatus::PastDue | SubscriptionStatus::Active | SubscriptionStatus::Trialing)
        });
        let open = running && !self.decisions.lapsed.contains_key(invoice);
        let ends = Timestamp::from_second(failure.first_at.as_second() + i64::from(days) * 24 * 60 * 60).ok();
        ends.filter(|_| open)
    }

    /// The purchase when it is `now`: days of grace that are over are over.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        if let (Some(ends), Some((invoice, _))) = (self.grace_ends_at(), self.facts.unpaid())
            && ends <= now
        {
            after.decisions.lapsed.insert(invoice.clone(), ends);
        }
        after
    }
}
