//! What a repository cost and costs. Who bought at an earlier price keeps it.

use serde::{Deserialize, Serialize};

use super::{Repository, StripePrice};
use crate::{Timestamp, log::Actor, pricing::Pricing};

/// A price, from when on it is asked. It ends when the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceEntry {
    /// What is asked.
    #[serde(flatten)]
    pub pricing: Pricing,
    /// The same at Stripe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe: Option<StripePrice>,
    /// Who decided it.
    pub changed_by: Actor,
    /// From when on it is asked.
    pub effective_from: Timestamp,
}

impl PriceEntry {
    /// The price that a repository has since `now`.
    pub fn of(repository: &Repository, changed_by: Actor, now: Timestamp) -> Self {
        Self { pricing: repository.pricing, stripe: repository.stripe.clone(), changed_by, effective_from: now }
    }
}
