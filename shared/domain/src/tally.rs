//! What a repository's purchases add up to.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

use crate::{
    customer::{Customer, CustomerStatus},
    pricing::PricingKind,
    purchase::{AccessStatus, Purchase},
};

macro_rules! sums {
    ($(#[$type_doc:meta])* $type:ident { $($(#[$doc:meta])* $field:ident $name:literal,)* }) => {
        $(#[$type_doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $type {
            $($(#[$doc])* #[serde(rename = $name)] pub $field: i64,)*
        }

        impl $type {
            /// The sums by the names under which they are stored: `(name, value)`.
            pub fn fields(&self) -> Vec<(&'static str, i64)> {
                vec![$(($name, self.$field)),*]
            }

            /// The sums out of values by the names under which they are stored.
            pub fn from_fields(value: impl Fn(&str) -> i64) -> Self {
                Self { $($field: value($name)),* }
            }
        }

        impl Add for $type {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self { $($field: self.$field + other.$field),* }
            }
        }

        impl Sub for $type {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self { $($field: self.$field - other.$field),* }
            }
        }
    };
}

sums! {
    /// Sums over purchases. Each change of a purchase changes its repository's sums by the difference, in the same transaction.
    Tally {
        /// Purchases without access as yet, unpaid ones included.
        pending "pending",
        /// Purchases with access.
        active "active",
        /// Purchases that had their access taken back.
        revoked "revoked",
        /// Purchases that were paid, or had nothing to pay.
        completed "completed",
        /// Subscriptions with access.
        subscriptions "subs",
        /// Payments received less refunds, renewals included, in cents (ruling 17).
        revenue_cents "revenue",
        /// Refunds in cents.
        refunded_cents "refunded",
    }
}

sums! {
    /// How many customers and packages a company has. Each change changes them by the difference, in the same transaction.
    Roster {
        /// Customers that were ever made: the last one's number.
        customers_made "k_made",
        /// Customers by their status: active.
        active "k_active",
        /// Suspended.
        suspended "k_suspended",
        /// Frozen.
        frozen "k_frozen",
        /// Expired.
        expired "k_expired",
        /// Packages.
        packages "g_packages",
        /// Bundles.
        bundles "g_bundles",
    }
}

sums! {
    /// What happened on a day (UTC), for the dashboard. A change counts on the day on which it is made.
    Day {
        /// Checkouts that began.
        checkouts "c",
        /// Purchases that were paid, or found to cost nothing.
        completed "p",
        /// Payments received less refunds, in cents.
        revenue_cents "r",
        /// Purchases that got access.
        activated "a",
        /// Purchases that lost access.
        lost "x",
    }
}

impl Tally {
    /// What one purchase adds.
    pub fn of(purchase: &Purchase) -> Self {
        let facts = &purchase.facts;
        let count = |status| i64::from(purchase.access_status() == status);
        let active = count(AccessStatus::Active);
        Self {
            pending: count(AccessStatus::Pending),
            active,
            revoked: count(AccessStatus::Revoked),
            completed: i64::from(facts.is_settled()),
            subscriptions: if matches!(purchase.pricing, PricingKind::Subscription(_)) { active } else { 0 },
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
}

impl Roster {
    /// What one customer adds.
    pub fn of(customer: &Customer) -> Self {
        let mut roster = Self::default();
        *roster.count(customer.listed_status()) = 1;
        roster
    }

    /// The customers with this status, or all.
    pub fn customers(mut self, status: Option<CustomerStatus>) -> i64 {
        match status {
            None => self.active + self.suspended + self.frozen + self.expired,
            Some(status) => *self.count(status),
        }
    }

    fn count(&mut self, status: CustomerStatus) -> &mut i64 {
        match status {
            CustomerStatus::Active => &mut self.active,
            CustomerStatus::Suspended => &mut self.suspended,
            CustomerStatus::Frozen => &mut self.frozen,
            CustomerStatus::Expired => &mut self.expired,
        }
    }
}

impl Day {
    /// What a change of a purchase adds to its day; `before` is missing for a new one.
    pub fn of_change(before: Option<&Purchase>, after: &Purchase) -> Self {
        let was = before.map(Tally::of).unwrap_or_default();
        let difference = Tally::of(after) - was;
        Self {
            checkouts: i64::from(before.is_none()),
            completed: difference.completed,
            revenue_cents: difference.revenue_cents,
            activated: difference.active.max(0),
            lost: (-difference.active).max(0),
        }
    }
}
