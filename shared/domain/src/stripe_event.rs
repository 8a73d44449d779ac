//! Stripe's snapshot events, read into [`Facts`].
//!
//! Knows nothing of HTTP or signatures, so another transport can use it. Every field is optional to Stripe's older and
//! newer API versions, so the old and the new places are read (docs: "API changelog", basil 2025-03-31).

mod objects;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    CompanyId, LogId, PurchaseId, Timestamp,
    facts::Facts,
    log::{Action, Actor, LogEntry, LogStatus},
};

/// The types of events that say something about purchases: what the webhook is to be registered for, and what Stripe is
/// asked for when webhooks were missed.
pub const TYPES: &[&str] = &[
    "charge.succeeded",
    "charge.refunded",
    "payment_intent.payment_failed",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "radar.early_fraud_warning.created",
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "invoice.voided",
];

/// The metadata keys that checkout writes and events bring back.
pub mod metadata {
    /// The company's number.
    pub const COMPANY: &str = "company_id";
    /// The repository's id.
    pub const REPOSITORY: &str = "repository_id";
    /// The purchase's id.
    pub const PURCHASE: &str = "purchase_id";
}

/// An event that says something about a purchase, reduced to what Tollgate needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// Stripe's id of the event: `evt_…`.
    pub id: String,
    /// Stripe's name of its type.
    pub kind: String,
    /// When it happened, whole seconds.
    pub created: Timestamp,
    /// Whether it is about real money.
    pub livemode: bool,
    /// Which purchase it is about.
    pub subject: Subject,
    /// What it tells.
    pub facts: Facts,
    /// What the purchase's log says of it.
    pub log: (Action, LogStatus),
    /// Details for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl PaymentEvent {
    /// The line that the event leaves in the purchase's log.
    pub fn log_entry(&self, id: LogId, now: Timestamp) -> LogEntry {
        let (action, status) = self.log;
        LogEntry::new(id, now, Actor::Stripe, action, status)
            .with("stripeEvent", Some(self.kind.as_str()))
            .with("detail", self.detail.as_deref())
            .caused_by(&self.id)
    }
}

/// Which purchase an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The one that its metadata names.
    Purchase(PurchaseRef),
    /// The one whose subscription this is: Stripe has to be asked for the subscription's metadata.
    Subscription(String),
    /// The one that this payment intent paid, or paid an invoice of: Stripe has to be asked.
    PaymentIntent(String),
}

/// A purchase as the metadata name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseRef {
    /// Its company.
    pub company: CompanyId,
    /// Itself.
    pub purchase: PurchaseId,
}

impl PurchaseRef {
    /// Reads the metadata that checkout wrote; `None` when they are somebody else's.
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            company: CompanyId(metadata.get(metadata::COMPANY)?.parse().ok()?),
            purchase: metadata.get(metadata::PURCHASE)?.parse().ok()?,
        })
    }
}

/// What a signed body turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// An event to act on.
    Relevant(Box<PaymentEvent>),
    /// An event that Tollgate has no use for: it is answered and dropped.
    Irrelevant {
        /// Why, for the log.
        reason: &'static str,
    },
}

/// The body is not a snapshot event.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEvent {
    /// Not JSON, or not an event's JSON.
    #[error("the body is not a Stripe event")]
    Malformed(#[from] serde_json::Error),
    /// A thin event, which holds only ids: the endpoint was registered for the wrong kind.
    #[error("the body is a thin event; this endpoint takes snapshot events")]
    Thin,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    object: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    #[serde(default)]
    livemode: bool,
    account: Option<String>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// Reads a signed body.
///
/// # Errors
/// When it is not a snapshot event.
pub fn read(body: &[u8]) -> Result<Received, NotAnEvent> {
    let value: Value = serde_json::from_slice(body)?;
    if value["object"] == "v2.core.event" {
        return Err(NotAnEvent::Thin);
    }
    let envelope: Envelope = serde_json::from_value(value)?;
    if envelope.object != "event" {
        return Err(NotAnEvent::Malformed(serde::de::Error::custom("not an event")));
    }
    let created =
        Timestamp::from_second(envelope.created).map_err(serde::de::Error::custom).map_err(NotAnEvent::Malformed)?;
    if envelope.account.is_some() {
        // Only Connect platforms get events of other accounts, and Tollgate is none.
        return Ok(Received::Irrelevant { reason: "another account's event" });
    }
    let Some(read) = objects::reader(&envelope.kind) else {
        return Ok(Received::Irrelevant { reason: "unknown type" });
    };
    let told = read(&envelope.kind, envelope.data.object, created)?;
    let (Some(subject), Some(log)) = (told.subject, told.log) else {
        return Ok(Received::Irrelevant { reason: "not about a purchase" });
    };
    Ok(Received::Relevant(Box::new(PaymentEvent {
        id: envelope.id,
        kind: envelope.kind,
        created,
        livemode: envelope.livemode,
        subject,
        facts: told.facts,
        log,
        detail: told.detail,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_read_is_listed_and_no_other() {
        let (_, reader) = include_str!("stripe_event/objects.rs").split_once("fn reader(").unwrap();
        let read = reader.split("\n}").next().unwrap().split('"').skip(1).step_by(2);
        let (mut read, mut listed): (Vec<_>, Vec<_>) = (read.collect(), TYPES.to_vec());
        read.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, read, "TYPES (left) and what `reader` knows (right)");
    }
}
