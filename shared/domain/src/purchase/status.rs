//! What a purchase shows: the contract's two statuses.

use serde::{Deserialize, Serialize};

use super::{EARLY_SECONDS, Gate, Purchase};
use crate::{access::Observed, facts::SubscriptionStatus};

/// The contract's `status` of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Not paid yet.
    Pending,
    /// Paid. A refund does not change it (ruling 17).
    Completed,
    /// Will not be paid.
    Failed,
    /// A subscription that has ended.
    Canceled,
}

impl PaymentStatus {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

/// The contract's `accessStatus` of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessStatus {
    /// No access yet.
    Pending,
    /// GitHub has let the buyer in: it said 201 or 204.
    Active,
    /// Access was taken back. That is so from the decision on; GitHub follows.
    Revoked,
}

impl AccessStatus {
    /// All there are, in the contract's order.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::Revoked];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }
}

impl Purchase {
    /// The contract's `status`.
    pub fn status(&self) -> PaymentStatus {
        let facts = &self.facts;
        match facts.subscription.map(|s| s.status) {
            Some(SubscriptionStatus::Canceled) => PaymentStatus::Canceled,
            Some(SubscriptionStatus::IncompleteExpired) if !facts.is_settled() => PaymentStatus::Failed,
            _ if facts.is_settled() => PaymentStatus::Completed,
            _ if facts.failed_at.is_some() || self.has_expired() || self.decisions.revoked.is_some() => {
                PaymentStatus::Failed
            }
            _ => PaymentStatus::Pending,
        }
    }

    /// Whether its last session expired unpaid: whenever that was, for Stripe and the vendor may end one before its time.
    /// An earlier one's end says nothing of a later one. While it is not known which one this is, the time tells.
    pub(super) fn has_expired(&self) -> bool {
        let (facts, Some(session)) = (&self.facts, &self.session) else { return self.facts.expired_at.is_some() };
        match (&session.id, &facts.expired_session) {
            (Some(last), Some(expired)) => last == expired,
            _ => facts
                .expired_at
                .is_some_and(|expired| expired.as_second() + EARLY_SECONDS >= session.expires_at.as_second()),
        }
    }

    /// The contract's `accessStatus`.
    pub fn access_status(&self) -> AccessStatus {
        match self.gate() {
            Gate::Closed { .. } => AccessStatus::Revoked,
            Gate::Open if self.access.observed != Observed::Nothing => AccessStatus::Active,
            Gate::Open | Gate::NotYet => AccessStatus::Pending,
        }
    }
}
