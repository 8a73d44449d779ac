//! What Stripe has told about a purchase, as facts that merge in any order.
//!
//! Stripe delivers events in any order, more than once and in parallel. So a purchase keeps no chain of transitions
//! but a set of facts, each with a rule for merging that is commutative, associative and idempotent
//! (first time wins, highest amount wins, newest subscription status wins, an ended subscription stays ended).
//! What follows from the facts is derived from them, never stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    stored::{maybe_seconds, seconds},
};

/// Everything Stripe has told about one purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Money that came, by what it was for: a payment intent's id, or an invoice's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub payments: BTreeMap<String, Payment>,
    /// Invoices that could not be charged, by id. One that was paid later is also in `payments`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, PaymentFailure>,
    /// Money that went back, by charge, as the charges told it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<String, Refund>,
    /// Single refunds, by id, as they told of themselves: only they tell that one failed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub single_refunds: BTreeMap<String, SingleRefund>,
    /// Disputes, by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disputes: BTreeMap<String, Dispute>,
    /// When a card network warned of fraud.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub fraud_warning_at: Option<Timestamp>,
    /// The last charge that was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined: Option<Declined>,
    /// The subscription as last heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
    /// Until when the subscription is paid.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub paid_until: Option<Timestamp>,
    /// When the checkout was completed with nothing to pay: a full discount, or a trial.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub free_at: Option<Timestamp>,
    /// When a renewal was last paid.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<Timestamp>,
    /// When money last went back.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub refunded_at: Option<Timestamp>,
    /// When a delayed payment failed.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// When the last session of the checkout expired.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Timestamp>,
    /// Stripe's id of that session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_session: Option<String>,
    /// Stripe's id of the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Stripe's id of the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// Stripe's id of the one-time payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_intent: Option<String>,
}

/// Money that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// How much, in cents.
    pub cents: i64,
    /// When it was first told.
    #[serde(with = "seconds")]
    pub at: Timestamp,
}

/// An invoice that could not be charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailure {
    /// When it was first told: grace is counted from here.
    #[serde(with = "seconds")]
    pub first_at: Timestamp,
    /// The last attempt.
    pub last: Attempt,
}

/// An attempt to charge an invoice. The later one is the greater one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attempt {
    /// When it failed.
    #[serde(with = "seconds")]
    pub at: Timestamp,
    /// How many attempts there were.
    pub count: i64,
    /// When Stripe tries again. `None`: it has given up.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// What is due, in cents.
    #[serde(default)]
    pub cents: i64,
    /// Stripe's page where the buyer can pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Money of one charge that went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// How much so far, in cents.
    pub cents: i64,
    /// When all of it was back, if it is.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Timestamp>,
}

/// One refund.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SingleRefund {
    /// Whether it failed, so that the money came back to the vendor. That is final.
    pub failed: bool,
    /// How much, in cents.
    pub cents: i64,
    /// Of which charge.
    pub charge: String,
}

/// A dispute at some moment. A final state wins, then the later one, then the worse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dispute {
    /// How it stands.
    pub state: DisputeState,
    /// When it was so.
    #[serde(with = "seconds")]
    pub at: Timestamp,
    /// How much is disputed, in cents.
    pub cents: i64,
}

/// How a dispute stands, in the order in which the states follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The bank only asks (`warning_*`).
    Inquiry,
    /// The money is taken back for now.
    Open,
    /// The inquiry came to nothing, or the dispute was prevented. Final.
    Closed,
    /// The vendor keeps the money. Final.
    Won,
    /// The payer keeps it. Final.
    Lost,
}

impl DisputeState {
    /// The state that Stripe calls `name`; what it has added since is taken for open.
    pub fn from_stripe(name: &str) -> Self {
        match name {
            "warning_needs_response" | "warning_under_review" => Self::Inquiry,
            "warning_closed" | "prevented" => Self::Closed,
            "won" => Self::Won,
            "lost" => Self::Lost,
            _ => Self::Open,
        }
    }
}

/// A charge that was declined. The later one is the greater one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Declined {
    /// When.
    #[serde(with = "seconds")]
    pub at: Timestamp,
    /// Stripe's code for why: `insufficient_funds` and the like.
    pub reason: String,
}

/// A subscription's status at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The status.
    pub status: SubscriptionStatus,
    /// When it was so: `created` of the event, whole seconds.
    #[serde(with = "seconds")]
    pub at: Timestamp,
    /// When it is to end, if that was asked for ("cancel at period end" is not an end).
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
}

/// Stripe's subscription statuses, in the order in which one second's events are taken to have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The first payment is awaited.
    Incomplete,
    /// A status that Stripe has added since: nothing follows from it.
    Unknown,
    /// A trial runs.
    Trialing,
    /// Paid.
    Active,
    /// A renewal is not paid yet; Stripe still tries.
    PastDue,
    /// A trial ended without a way to pay.
    Paused,
    /// Stripe has given up on a renewal.
    Unpaid,
    /// The first payment never came. Final.
    IncompleteExpired,
    /// Ended. Final.
    Canceled,
}

impl SubscriptionStatus {
    /// The status that Stripe calls `name`.
    pub fn from_stripe(name: &str) -> Self {
        match name {
            "incomplete" => Self::Incomplete,
            "trialing" => Self::Trialing,
            "active" => Self::Active,
            "past_due" => Self::PastDue,
            "paused" => Self::Paused,
            "unpaid" => Self::Unpaid,
            "incomplete_expired" => Self::IncompleteExpired,
            "canceled" => Self::Canceled,
            _ => Self::Unknown,
        }
    }

    /// Whether it can never change again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::IncompleteExpired | Self::Canceled)
    }
}

impl Facts {
    /// What is known when both are known.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        each(&mut self.payments, &other.payments, Payment::merge);
        each(&mut self.failures, &other.failures, PaymentFailure::merge);
        each(&mut self.refunds, &other.refunds, Refund::merge);
        each(&mut self.single_refunds, &other.single_refunds, Ord::max);
        each(&mut self.disputes, &other.disputes, Ord::max);
        self.fraud_warning_at = least(self.fraud_warning_at, other.fraud_warning_at);
        self.declined = self.declined.take().max(other.declined.clone());
        self.subscription = newest(self.subscription, other.subscription);
        self.paid_until = self.paid_until.max(other.paid_until);
        self.renewed_at = self.renewed_at.max(other.renewed_at);
        self.refunded_at = self.refunded_at.max(other.refunded_at);
        self.free_at = least(self.free_at, other.free_at);
        self.failed_at = least(self.failed_at, other.failed_at);
        let expired = (self.expired_at, self.expired_session.take());
        (self.expired_at, self.expired_session) = expired.max((other.expired_at, other.expired_session.clone()));
        self.customer = least(self.customer.take(), other.customer.clone());
        self.subscription_id = least(self.subscription_id.take(), other.subscription_id.clone());
        self.payment_intent = least(self.payment_intent.take(), other.payment_intent.clone());
        self
    }

    /// All that was paid, in cents.
    pub fn paid_cents(&self) -> i64 {
        self.payments.values().map(|payment| payment.cents).sum()
    }

    /// All that went back, in cents.
    pub fn refunded_cents(&self) -> i64 {
        let by_refunds = self.single_refunds.values().map(|refund| &refund.charge);
        let charges: BTreeSet<&String> = self.refunds.keys().chain(by_refunds).collect();
        charges.into_iter().map(|charge| self.refunded_of(charge)).sum()
    }

    /// What went back of one charge: what the charge told less the refunds that failed, or what the refunds themselves
    /// told. Each may be known without the other.
    fn refunded_of(&self, charge: &str) -> i64 {
        let sum = |failed| -> i64 {
            let of_charge = |it: &&SingleRefund| it.charge == charge && it.failed == failed;
            self.single_refunds.values().filter(of_charge).map(|it| it.cents).sum()
        };
        let told = self.refunds.get(charge).map_or(0, |refund| refund.cents);
        (told - sum(true)).max(sum(false))
    }

    /// How many cents went back while the rest of their charge did not. Only a charge tells whether all of it is back, so
    /// refunds of which it has not told yet do not count.
    pub fn partly_refunded_cents(&self) -> i64 {
        let failed = |charge: &str| -> i64 {
            let of_charge = |it: &&SingleRefund| it.charge == charge && it.failed;
            self.single_refunds.values().filter(of_charge).map(|it| it.cents).sum()
        };
        let part = |(charge, refund): (&String, &Refund)| {
            let full = refund.full_at.is_some() && self.refunded_of(charge) >= refund.cents;
            if full { 0 } else { (refund.cents - failed(charge)).max(0) }
        };
        self.refunds.iter().map(part).sum()
    }

    /// Whether it was paid, or there was nothing to pay.
    pub fn is_settled(&self) -> bool {
        let running = self.subscription.is_some_and(|s| {
            matches!(s.status, SubscriptionStatus::Active | SubscriptionStatus::Trialing | SubscriptionStatus::PastDue)
        });
        !self.payments.is_empty() || self.free_at.is_some() || running
    }

    /// When it was first paid, or found to cost nothing: who pays first is admitted first.
    pub fn settled_at(&self) -> Option<Timestamp> {
        let paid = self.payments.values().map(|payment| payment.at).min();
        let running = self.subscription.filter(|_| self.is_settled()).map(|subscription| subscription.at);
        least(paid, self.free_at).or(running)
    }

    /// When a charge was first known to be refunded in full, if one was and no refund of it failed.
    pub fn fully_refunded_at(&self) -> Option<Timestamp> {
        let full =
            |(charge, refund): (&String, &Refund)| refund.full_at.filter(|_| self.refunded_of(charge) >= refund.cents);
        self.refunds.iter().filter_map(full).min()
    }

    /// The dispute that counts most: a lost one, else an open one, else any other.
    pub fn dispute(&self) -> Option<Dispute> {
        let weight = |dispute: &Dispute| match dispute.state {
            DisputeState::Lost => 3,
            DisputeState::Open => 2,
            DisputeState::Inquiry => 1,
            DisputeState::Closed | DisputeState::Won => 0,
        };
        self.disputes.values().copied().max_by_key(|dispute| (weight(dispute), dispute.at))
    }

    /// The invoice that has been unpaid the longest, with its failure.
    pub fn unpaid(&self) -> Option<(&String, &PaymentFailure)> {
        let unpaid = self.failures.iter().filter(|(invoice, _)| !self.payments.contains_key(*invoice));
        unpaid.min_by_key(|(_, failure)| failure.first_at)
    }
}

impl Payment {
    fn merge(self, other: Self) -> Self {
        Self { cents: self.cents.max(other.cents), at: self.at.min(other.at) }
    }
}

impl PaymentFailure {
    fn merge(self, other: Self) -> Self {
        Self { first_at: self.first_at.min(other.first_at), last: self.last.max(other.last) }
    }
}

impl Refund {
    fn merge(self, other: Self) -> Self {
        Self { cents: self.cents.max(other.cents), full_at: least(self.full_at, other.full_at) }
    }
}

fn each<T: Clone>(mine: &mut BTreeMap<String, T>, others: &BTreeMap<String, T>, merge: fn(T, T) -> T) {
    for (key, other) in others {
        let merged = match mine.remove(key) {
            Some(known) => merge(known, other.clone()),
            None => other.clone(),
        };
        mine.insert(key.clone(), merged);
    }
}

/// The first of two, or the one there is.
fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A final status wins over any other (a late `updated` must not raise the dead); else the later, else the higher.
fn newest(a: Option<Subscription>, b: Option<Subscription>) -> Option<Subscription> {
    a.into_iter().chain(b).max_by_key(|s| (s.status.is_final(), s.at, s.status, s.ends_at))
}

#[cfg(test)]
mod tests;
