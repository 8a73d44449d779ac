//! What a repository's purchases add up to.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

use crate::purchase::{AccessStatus, Purchase};

/// Sums over purchases. Each change of a purchase changes its repository's sums by the difference, in the same transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Purchases without access as yet, unpaid ones included.
    pub pending: i64,
    /// Purchases with access.
    pub active: i64,
    /// Purchases that had their access taken back.
    pub revoked: i64,
    /// Purchases that were paid, or had nothing to pay.
    pub completed: i64,
    /// Payments received less refunds, renewals included, in cents (ruling 17).
    pub revenue_cents: i64,
    /// Refunds in cents.
    pub refunded_cents: i64,
}

impl Tally {
    /// What one purchase adds.
    pub fn of(purchase: &Purchase) -> Self {
        let facts = &purchase.facts;
        let count = |status| i64::from(purchase.access_status() == status);
        Self {
            pending: count(AccessStatus::Pending),
            active: count(AccessStatus::Active),
            revoked: count(AccessStatus::Revoked),
            completed: i64::from(facts.is_settled()),
            revenue_cents: facts.paid_cents() - facts.refunded_cents(),
            refunded_cents: facts.refunded_cents(),
        }
    }

    /// All purchases with any access status.
    pub fn all(&self) -> i64 {
        self.pending + self.active + self.revoked
    }

    /// The purchases with this access status, or all.
    pub fn with(&self, status: Option<AccessStatus>) -> i64 {
        match status {
            None => self.all(),
            Some(AccessStatus::Pending) => self.pending,
            Some(AccessStatus::Active) => self.active,
            Some(AccessStatus::Revoked) => self.revoked,
        }
    }

    /// The sums by name, for storing them: `(name, value)`.
    pub fn fields(&self) -> [(&'static str, i64); 6] {
        [
            ("pending", self.pending),
            ("active", self.active),
            ("revoked", self.revoked),
            ("completed", self.completed),
            ("revenue_cents", self.revenue_cents),
            ("refunded_cents", self.refunded_cents),
        ]
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self - (Self::default() - other)
    }
}

impl Sub for Tally {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            pending: self.pending - other.pending,
            active: self.active - other.active,
            revoked: self.revoked - other.revoked,
            completed: self.completed - other.completed,
            revenue_cents: self.revenue_cents - other.revenue_cents,
            refunded_cents: self.refunded_cents - other.refunded_cents,
        }
    }
}
