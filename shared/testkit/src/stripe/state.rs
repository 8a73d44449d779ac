//! What the sandbox remembers.

use std::collections::BTreeMap;

use domain::{Random, Timestamp};
use jiff::{ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::events::Sent;

/// So many delivered events are remembered. Undelivered ones always are.
const KEPT_EVENTS: usize = 500;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    /// In the order in which they were created.
    pub sessions: Vec<Session>,
    /// In the order in which they happened.
    pub events: Vec<Sent>,
    /// By idempotency key.
    pub replies: BTreeMap<String, Reply>,
    pub old_shapes: bool,
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
    pub refunded: i64,
    pub succeeded: bool,
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

impl State {
    pub(super) fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// The session that a subscription belongs to.
    pub(super) fn session_of(&self, subscription: &str) -> Option<&Session> {
        let is_it = |session: &&Session| session.subscription.as_ref().is_some_and(|it| it.id == subscription);
        self.sessions.iter().find(is_it)
    }

    /// Whether a session is past its time and nobody has heard of it.
    pub(super) fn has_overdue(&self, now: i64) -> bool {
        self.sessions.iter().any(|session| session.is_overdue(now))
    }

    /// Forgets the oldest delivered events beyond what is kept.
    pub(super) fn trim_events(&mut self) {
        let delivered = self.events.iter().filter(|sent| sent.delivered).count();
        let mut surplus = delivered.saturating_sub(KEPT_EVENTS);
        self.events.retain(|sent| {
            let goes = surplus > 0 && sent.delivered;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

impl Session {
    pub(super) fn is_overdue(&self, now: i64) -> bool {
        self.status == Status::Open && self.expires_at <= now
    }

    /// What has to be paid today.
    pub(super) fn due(&self) -> i64 {
        if self.trial_days.is_some() { 0 } else { self.amount - self.discount }
    }

    /// The first invoice: a subscription's, or the receipt that a paid one-time payment was asked to leave.
    pub(super) fn invoice(&self) -> Option<String> {
        let receipt = self.invoice_creation && self.payment_status == PaymentStatus::Paid;
        let of_payment = receipt.then(|| self.id.replacen("cs_test_", "in_", 1));
        self.invoices.first().map(|it| it.id.clone()).or(of_payment)
    }

    /// The latest successful charge of which something is left to refund.
    pub(super) fn refundable(&self) -> Option<&Charge> {
        let mut newest_first = self.charges.iter().rev();
        newest_first.find(|charge| charge.succeeded && charge.refunded < charge.amount)
    }

    /// The latest invoice, if it waits for its payment.
    pub(super) fn open_invoice(&self) -> Option<&Invoice> {
        self.invoices.last().filter(|invoice| !invoice.paid)
    }
}

impl Subscription {
    /// Whether it can be paid for again.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.status.as_str(), "active" | "trialing" | "past_due")
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
