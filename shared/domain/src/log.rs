//! A purchase's access log: what happened to it, for the vendor to read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One line of a purchase's access log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The cause's own id: a Stripe event's, so that an event is logged and applied once; else a fresh one.
    pub id: String,
    /// What happened. `None` for an event that is remembered only so as not to be applied again.
    pub action: Option<Action>,
    /// How it went.
    pub status: LogStatus,
    /// Details for a person, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// When it happened.
    pub created_at: Timestamp,
}

/// What can happen to a purchase (contract "Access Logs"; the names that the contract lacks are extensions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The buyer finished the checkout.
    CheckoutCompleted,
    /// The checkout ended unpaid.
    CheckoutExpired,
    /// Money came.
    PaymentSucceeded,
    /// Money did not come.
    PaymentFailed,
    /// Money went back.
    PaymentRefunded,
    /// A subscription began.
    SubscriptionCreated,
    /// A subscription was paid for another period.
    SubscriptionRenewed,
    /// A subscription ended.
    SubscriptionCanceled,
    /// GitHub was told to let the buyer in.
    CollaboratorAdded,
    /// GitHub was told to let the buyer in no longer.
    CollaboratorRemoved,
}

/// How it went (contract "Access Logs").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogStatus {
    /// It went well.
    Success,
    /// It failed, and trying again will not help by itself.
    Failed,
    /// It failed, and is tried again.
    Retry,
}
