//! Subscriptions and their invoices.

use serde::Deserialize;
use serde_json::Value;

use super::{Link, Metadata, Told, id, time};
use crate::{
    Timestamp,
    facts::{Attempt, Facts, Payment, PaymentFailure, Subscription, SubscriptionStatus},
    log::{Action, LogStatus},
    stripe_event::{PurchaseRef, Subject},
};

#[derive(Deserialize)]
struct SubscriptionObject {
    id: String,
    #[serde(default)]
    status: String,
    customer: Option<Link>,
    cancel_at: Option<i64>,
    #[serde(default)]
    cancel_at_period_end: bool,
    items: Option<List<Item>>,
    /// Until acacia.
    current_period_end: Option<i64>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Item {
    current_period_end: Option<i64>,
}

impl SubscriptionObject {
    /// When it is to end, if that was asked for.
    fn ends_at(&self) -> Option<Timestamp> {
        let of_items = self.items.iter().flat_map(|items| &items.data).filter_map(|item| item.current_period_end).max();
        let period_end = of_items.or(self.current_period_end).filter(|_| self.cancel_at_period_end);
        time(self.cancel_at.or(period_end))
    }
}

/// A subscription: its status decides.
pub(super) fn subscription(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let subscription: SubscriptionObject = serde_json::from_value(object)?;
    let status = if kind == "customer.subscription.deleted" {
        SubscriptionStatus::Canceled
    } else {
        SubscriptionStatus::from_stripe(&subscription.status)
    };
    let ends_at = subscription.ends_at();
    let facts = Facts {
        subscription: Some(Subscription { status, at: now, ends_at }),
        subscription_id: Some(subscription.id),
        customer: id(subscription.customer),
        ..Facts::default()
    };
    let log = match kind {
        "customer.subscription.created" => Some((Action::SubscriptionCreated, LogStatus::Success)),
        "customer.subscription.deleted" => Some((Action::SubscriptionCanceled, LogStatus::Success)),
        _ => Some((Action::SubscriptionUpdated, LogStatus::Success)),
    };
    let subject = PurchaseRef::from_metadata(&subscription.metadata).map(Subject::Purchase);
    Ok(Told { subject, facts, log, detail: Some(format!("subscription {}", subscription.status)) })
}

#[derive(Deserialize)]
struct Invoice {
    id: Option<String>,
    #[serde(default)]
    amount_paid: i64,
    #[serde(default)]
    amount_due: i64,
    #[serde(default)]
    attempt_count: i64,
    next_payment_attempt: Option<i64>,
    hosted_invoice_url: Option<String>,
    billing_reason: Option<String>,
    customer: Option<Link>,
    parent: Option<Parent>,
    /// Until acacia.
    subscription: Option<Link>,
    /// Until acacia.
    subscription_details: Option<SubscriptionDetails>,
    lines: Option<List<Line>>,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    #[serde(default)]
    metadata: Option<Metadata>,
    subscription: Option<Link>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    metadata: Metadata,
    period: Option<Period>,
}

#[derive(Deserialize)]
struct Period {
    end: Option<i64>,
}

impl Invoice {
    /// The purchase that its own, its subscription's or its lines' metadata name, else its subscription; and that
    /// subscription.
    fn links(&mut self) -> (Option<Subject>, Option<String>) {
        let parent = self.parent.take().and_then(|parent| parent.subscription_details);
        let details = parent.or(self.subscription_details.take());
        let (metadata, subscription) = details.map_or((None, None), |it| (it.metadata, it.subscription));
        let subscription = id(subscription.or(self.subscription.take()));
        let of_lines = self.lines.iter().flat_map(|lines| &lines.data).map(|line| &line.metadata);
        let named = metadata.iter().chain(of_lines).find_map(PurchaseRef::from_metadata);
        (named.map(Subject::Purchase).or_else(|| subscription.clone().map(Subject::Subscription)), subscription)
    }

    /// Until when it pays for the subscription.
    fn paid_until(&self) -> Option<Timestamp> {
        let lines = self.lines.iter().flat_map(|lines| &lines.data);
        time(lines.filter_map(|line| line.period.as_ref()?.end).max())
    }

    /// Whether it asks for another period. The first one is the checkout's affair, where the buyer tries again.
    fn is_first(&self) -> bool {
        self.billing_reason.as_deref() == Some("subscription_create")
    }
}

/// An invoice of a subscription: the first payment, a renewal, a failed one, or one that was forgiven.
pub(super) fn invoice(kind: &str, object: Value, now: Timestamp) -> Result<Told, serde_json::Error> {
    let mut invoice: Invoice = serde_json::from_value(object)?;
    let (subject, subscription_id) = invoice.links();
    let facts = Facts { customer: id(invoice.customer.take()), subscription_id, ..Facts::default() };
    let told = match kind {
        "invoice.payment_failed" => failed(invoice, facts, now),
        "invoice.voided" => voided(invoice, facts, now),
        _ => paid(invoice, facts, now),
    };
    Ok(Told { subject, ..told })
}

fn failed(invoice: Invoice, mut facts: Facts, now: Timestamp) -> Told {
    let first = invoice.is_first();
    if let Some(id) = invoice.id.filter(|_| !first) {
        let last = Attempt {
            at: now,
            count: invoice.attempt_count,
            next: time(invoice.next_payment_attempt),
            cents: invoice.amount_due,
            url: invoice.hosted_invoice_url,
        };
        facts.failures.insert(id, PaymentFailure { first_at: now, last });
    }
    let detail = format!("attempt {} to pay the invoice failed", invoice.attempt_count);
    Told { subject: None, facts, log: Some((Action::PaymentFailed, LogStatus::Failed)), detail: Some(detail) }
}

/// The vendor does not want it paid any more: a renewal counts as paid, with nothing. A first one that is voided was
/// never paid, and opens nothing.
fn voided(invoice: Invoice, mut facts: Facts, now: Timestamp) -> Told {
    let first = invoice.is_first();
    if let Some(id) = invoice.id.filter(|_| !first) {
        facts.payments.insert(id, Payment { cents: 0, at: now });
    }
    let log = Some((Action::SubscriptionUpdated, LogStatus::Success));
    Told { subject: None, facts, log, detail: Some("an invoice was voided".to_owned()) }
}

fn paid(invoice: Invoice, mut facts: Facts, now: Timestamp) -> Told {
    let renewal = invoice.billing_reason.as_deref() == Some("subscription_cycle");
    let nothing_due = invoice.amount_paid == 0;
    facts.paid_until = invoice.paid_until();
    facts.renewed_at = (renewal && invoice.amount_paid > 0).then_some(now);
    if let (Some(id), 1..) = (invoice.id, invoice.amount_paid) {
        facts.payments.insert(id, Payment { cents: invoice.amount_paid, at: now });
    }
    let action = match (nothing_due, renewal) {
        (true, _) => Action::SubscriptionUpdated,
        (false, true) => Action::SubscriptionRenewed,
        (false, false) => Action::PaymentSucceeded,
    };
    let detail = nothing_due.then(|| "an invoice with nothing to pay".to_owned());
    Told { subject: None, facts, log: Some((action, LogStatus::Success)), detail }
}
