//! The events of the last 30 days, for what webhooks have missed.

use serde::Deserialize;
use serde_json::Value;

use super::{Stripe, StripeError, pair};

/// The most types that one call can be narrowed to.
pub const MAX_TYPES: usize = 20;
/// The most events of one page.
pub const MAX_EVENTS: u32 = 100;

/// A part of the list of events, newest first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventPage {
    /// The events as a webhook would have brought them.
    #[serde(rename = "data")]
    pub events: Vec<Value>,
    /// Whether there are older ones: ask again, starting after the last event's id.
    pub has_more: bool,
}

impl Stripe {
    /// The newest `limit` events ([`MAX_EVENTS`] at most) since `created_gte` (Unix seconds) that are older than the
    /// event `starting_after`. `types` are the wanted ones, [`MAX_TYPES`] at most; with none of them all are given.
    ///
    /// An event has the shape of the API version that was the account's default when it happened.
    ///
    /// # Errors
    /// See [`StripeError`]. `starting_after` that Stripe has forgotten is `Invalid`.
    pub async fn events(
        &self,
        types: &[&str],
        created_gte: i64,
        starting_after: Option<&str>,
        limit: u32,
    ) -> Result<EventPage, StripeError> {
        let mut query = vec![pair("created[gte]", created_gte.to_string()), pair("limit", limit.to_string())];
        query.extend(types.iter().map(|kind| pair("types[]", *kind)));
        query.extend(starting_after.map(|id| pair("starting_after", id)));
        self.require("/v1/events", &query).await
    }
}
