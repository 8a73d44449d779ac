//! What the sandbox remembers.

mod queries;

use std::collections::BTreeMap;

use domain::{Random, Timestamp};
use jiff::{ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use self::queries::KEPT;
use super::events::Sent;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// In the order in which they were created.
    pub sessions: Vec<Session>,
    /// In the order in which they happened.
    pub events: Vec<Sent>,
    /// By idempotency key.
    pub replies: BTreeMap<String, Reply>,
    pub old_shapes: bool,
    /// What happens is not told.
    #[serde(default)]
    pub drops_webhooks: bool,
    #[serde(default)]
    pub prices: Vec<Price>,
    #[serde(default)]
    pub products: Vec<Product>,
    #[serde(default)]
    pub portals: Vec<Portal>,
}

/// What something costs, kept for many sessions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Price {
    pub id: String,
    pub product: String,
    pub amount: i64,
    pub currency: String,
    pub recurring: Option<Recurring>,
    pub metadata: Metadata,
    pub created: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Product {
    pub id: String,
    pub name: String,
    pub created: i64,
}

/// A customer's way into the portal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Portal {
    pub id: String,
    pub customer: String,
    pub return_url: String,
    pub created: i64,
}

/// What a request with an idempotency key was answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reply {
    pub path: String,
    pub parameters: Vec<(String, String)>,
    pub body: Value,
    pub at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    Payment,
    Subscription,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    Open,
    Complete,
    Expired,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PaymentStatus {
    Unpaid,
    Paid,
    NotRequired,
}

/// Keys and values that the caller attached.
pub(super) type Metadata = BTreeMap<String, String>;

/// What a caller asked for. Amounts are in the currency's minor units, times in unix seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    pub mode: Mode,
    pub product: String,
    /// The kept price, if it is one.
    #[serde(default)]
    pub price: Option<String>,
    /// The kept product, if it is one.
    #[serde(default)]
    pub product_id: Option<String>,
    /// The price of everything, before a discount.
    pub amount: i64,
    pub currency: String,
    pub recurring: Option<Recurring>,
    pub trial_days: Option<i64>,
    /// The session's own.
    pub metadata: Metadata,
    /// The payment intent's or the subscription's.
    pub inner_metadata: Metadata,
    pub client_reference_id: Option<String>,
    pub customer: Option<String>,
    pub customer_email: Option<String>,
    /// Whether the buyer becomes a customer, not a guest.
    pub customer_creation: bool,
    /// Whether a one-time payment gets an invoice as its receipt.
    #[serde(default)]
    pub invoice_creation: bool,
    #[serde(default)]
    pub allow_promotion_codes: bool,
    pub success_url: String,
    pub cancel_url: Option<String>,
    pub expires_at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub id: String,
    pub created: i64,
    #[serde(flatten)]
    pub order: Order,
    pub status: Status,
    pub payment_status: PaymentStatus,
    /// Taken off the first payment.
    pub discount: i64,
    /// A delayed payment is on its way.
    pub delayed: bool,
    /// Of a one-time payment.
    pub payment_intent: Option<String>,
    pub charges: Vec<Charge>,
    pub subscription: Option<Subscription>,
    pub invoices: Vec<Invoice>,
}

impl std::ops::Deref for Session {
    type Target = Order;

    fn deref(&self) -> &Order {
        &self.order
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Charge {
    pub id: String,
    pub payment_intent: String,
    pub invoice: Option<String>,
    pub created: i64,
    pub amount: i64,
    /// What went back, without what came back again.
    pub refunded: i64,
    pub succeeded: bool,
    /// Why the bank declined it.
    #[serde(default)]
    pub decline_code: Option<String>,
    #[serde(default)]
    pub refunds: Vec<Refund>,
    #[serde(default)]
    pub dispute: Option<Dispute>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Refund {
    pub id: String,
    pub created: i64,
    pub cents: i64,
    /// The bank did not take the money.
    pub failed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Dispute {
    pub id: String,
    pub created: i64,
    pub reason: String,
    /// Stripe's word: `warning_needs_response`, `needs_response`, `won`, `lost`, `warning_closed`.
    pub status: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub id: String,
    pub item: String,
    pub status: String,
    pub created: i64,
    pub period_start: i64,
    pub period_end: i64,
    pub trial_end: Option<i64>,
    pub ended_at: Option<i64>,
    /// Stripe's word for why it ended.
    #[serde(default)]
    pub ended_because: Option<String>,
    /// When it was asked that it ends with its period.
    #[serde(default)]
    pub cancel_requested: Option<i64>,
    /// Invoices are made and not collected; the status stays.
    #[serde(default)]
    pub collection_paused: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Invoice {
    pub id: String,
    /// The id of the invoice payment that ties it to the payment intent.
    pub payment: String,
    pub payment_intent: Option<String>,
    pub charge: Option<String>,
    pub created: i64,
    pub amount: i64,
    pub paid: bool,
    #[serde(default)]
    pub void: bool,
    /// Stripe does not try again by itself.
    #[serde(default)]
    pub given_up: bool,
    pub attempts: u32,
    pub billing_reason: String,
    pub period_start: i64,
    pub period_end: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    pub count: i64,
}

impl Recurring {
    /// One period after `start`, by the calendar in UTC.
    pub(super) fn after(&self, start: i64) -> i64 {
        let span = match self.interval.as_str() {
            "day" => self.count.days(),
            "week" => self.count.weeks(),
            "year" => self.count.years(),
            _ => self.count.months(),
        };
        Timestamp::from_second(start)
            .map(|start| start.to_zoned(TimeZone::UTC))
            .and_then(|start| start.checked_add(span))
            .map_or(start, |end| end.timestamp().as_second())
    }
}

/// A new id the way Stripe makes them: a prefix that says what it is, and random letters and digits.
pub(super) fn new_id(random: &Random, prefix: &str) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let letters = random.bytes::<24>();
    let letters = letters.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    let letters: String = letters.iter().collect();
    format!("{prefix}_{letters}")
}
