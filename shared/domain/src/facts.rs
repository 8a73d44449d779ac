//! What Stripe has told about a purchase, as facts that merge in any order.
//!
//! Stripe delivers events in any order, more than once and in parallel. So a purchase keeps no chain of transitions
//! but a set of facts, each with a rule for merging that is commutative, associative and idempotent
//! (first time wins, highest amount wins, newest subscription status wins, an ended subscription stays ended).
//! What follows from the facts is derived from them, never stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Everything Stripe has told about one purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Money that came, by what it was for: a payment intent's id, or an invoice's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub payments: BTreeMap<String, Payment>,
    /// Money that went back, by charge.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<String, Refund>,
    /// The subscription as last heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
    /// When the checkout was completed with nothing to pay: a full discount, or a trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_at: Option<Timestamp>,
    /// When a delayed payment failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// When the checkout expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Timestamp>,
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
    pub at: Timestamp,
}

/// Money of one charge that went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// How much so far, in cents.
    pub cents: i64,
    /// When all of it was back, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Timestamp>,
}

/// A subscription's status at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The status.
    pub status: SubscriptionStatus,
    /// When it was so: `created` of the event, whole seconds.
    pub at: Timestamp,
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
        for (key, payment) in &other.payments {
            self.payments.entry(key.clone()).and_modify(|known| *known = known.merge(*payment)).or_insert(*payment);
        }
        for (charge, refund) in &other.refunds {
            self.refunds.entry(charge.clone()).and_modify(|known| *known = known.merge(*refund)).or_insert(*refund);
        }
        self.subscription = newest(self.subscription, other.subscription);
        self.free_at = least(self.free_at, other.free_at);
        self.failed_at = least(self.failed_at, other.failed_at);
        self.expired_at = least(self.expired_at, other.expired_at);
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
        self.refunds.values().map(|refund| refund.cents).sum()
    }

    /// Whether it was paid, or there was nothing to pay.
    pub fn is_settled(&self) -> bool {
        let running = self.subscription.is_some_and(|s| {
            matches!(s.status, SubscriptionStatus::Active | SubscriptionStatus::Trialing | SubscriptionStatus::PastDue)
        });
        !self.payments.is_empty() || self.free_at.is_some() || running
    }

    /// When a charge was first known to be refunded in full, if one was.
    pub fn fully_refunded_at(&self) -> Option<Timestamp> {
        self.refunds.values().filter_map(|refund| refund.full_at).min()
    }
}

impl Payment {
    fn merge(self, other: Self) -> Self {
        Self { cents: self.cents.max(other.cents), at: self.at.min(other.at) }
    }
}

impl Refund {
    fn merge(self, other: Self) -> Self {
        Self { cents: self.cents.max(other.cents), full_at: least(self.full_at, other.full_at) }
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
    a.into_iter().chain(b).max_by_key(|s| (s.status.is_final(), s.at, s.status))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn facts() -> impl Strategy<Value = Facts> {
        let time = || prop::option::of((0..5_i64).prop_map(at));
        let id = || prop::option::of(prop::sample::select(vec!["a".to_owned(), "b".to_owned()]));
        let payments = prop::collection::btree_map(
            "[ab]",
            (0..3_i64, 0..5_i64).prop_map(|(cents, second)| Payment { cents, at: at(second) }),
            0..3,
        );
        let refunds = prop::collection::btree_map(
            "[ab]",
            (0..3_i64, time()).prop_map(|(cents, full_at)| Refund { cents, full_at }),
            0..3,
        );
        let status = prop::sample::select(vec![
            SubscriptionStatus::Incomplete,
            SubscriptionStatus::Active,
            SubscriptionStatus::PastDue,
            SubscriptionStatus::IncompleteExpired,
            SubscriptionStatus::Canceled,
        ]);
        let subscription =
            prop::option::of((status, 0..5_i64).prop_map(|(status, second)| Subscription { status, at: at(second) }));
        (payments, refunds, subscription, (time(), time(), time()), (id(), id(), id())).prop_map(
            |(payments, refunds, subscription, times, ids)| Facts {
                payments,
                refunds,
                subscription,
                free_at: times.0,
                failed_at: times.1,
                expired_at: times.2,
                customer: ids.0,
                subscription_id: ids.1,
                payment_intent: ids.2,
            },
        )
    }

    proptest! {
        #[test]
        fn merging_knows_no_order(a in facts(), b in facts(), c in facts()) {
            prop_assert_eq!(a.clone().merge(&b), b.clone().merge(&a));
            prop_assert_eq!(a.clone().merge(&b).merge(&c), a.clone().merge(&b.merge(&c)));
            prop_assert_eq!(a.clone().merge(&a), a);
        }
    }

    #[test]
    fn a_late_update_does_not_raise_an_ended_subscription() {
        let with =
            |status, second| Facts { subscription: Some(Subscription { status, at: at(second) }), ..Facts::default() };
        let merged = with(SubscriptionStatus::Canceled, 10).merge(&with(SubscriptionStatus::Active, 20));
        assert_eq!(merged.subscription.unwrap().status, SubscriptionStatus::Canceled);
    }
}
