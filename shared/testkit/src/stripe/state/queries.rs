//! What follows from what the sandbox remembers.

use super::{Charge, Dispute, Invoice, PaymentStatus, Refund, Session, State, Status, Subscription};

/// How long events are remembered, in seconds, as Stripe does. Those that wait for their delivery always are.
pub(in crate::stripe) const KEPT: i64 = 30 * 86_400;
/// So many are remembered at most, so that a sandbox's file does not grow for ever.
const KEPT_EVENTS: usize = 10_000;

impl State {
    pub(in crate::stripe) fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// The session that a subscription belongs to.
    pub(in crate::stripe) fn session_of(&self, subscription: &str) -> Option<&Session> {
        let is_it = |session: &&Session| session.subscription.as_ref().is_some_and(|it| it.id == subscription);
        self.sessions.iter().find(is_it)
    }

    /// Whether a session is past its time and nobody has heard of it.
    pub(in crate::stripe) fn has_overdue(&self, now: i64) -> bool {
        self.sessions.iter().any(|session| session.is_overdue(now))
    }

    /// The session and the invoice with this id.
    pub(in crate::stripe) fn invoice(&self, id: &str) -> Option<(&Session, &Invoice)> {
        self.invoices().find(|(_, invoice)| invoice.id == id)
    }

    /// All invoices, those of newer sessions first.
    pub(in crate::stripe) fn invoices(&self) -> impl Iterator<Item = (&Session, &Invoice)> {
        let newest_first = self.sessions.iter().rev();
        newest_first.flat_map(|session| session.invoices.iter().rev().map(move |invoice| (session, invoice)))
    }

    /// The session and the charge with this id.
    pub(in crate::stripe) fn charge(&self, id: &str) -> Option<(&Session, &Charge)> {
        let find = |session| -> Option<(_, _)> {
            let session: &Session = session;
            Some((session, session.charges.iter().find(|it| it.id == id)?))
        };
        self.sessions.iter().find_map(find)
    }

    pub(in crate::stripe) fn is_customer(&self, customer: &str) -> bool {
        self.sessions.iter().any(|it| it.customer.as_deref() == Some(customer))
    }

    /// Forgets events that are older than Stripe remembers, and the oldest beyond what is kept, unless they wait for
    /// their delivery.
    pub(in crate::stripe) fn trim_events(&mut self, now: i64) {
        let oldest = now - KEPT;
        if self.events.len() <= KEPT_EVENTS && self.events.first().is_none_or(|it| it.event.created >= oldest) {
            return;
        }
        let mut surplus = self.events.len().saturating_sub(KEPT_EVENTS);
        self.events.retain(|sent| {
            let goes = !sent.waits() && (surplus > 0 || sent.event.created < oldest);
            surplus -= usize::from(goes && surplus > 0);
            !goes
        });
    }
}

impl Session {
    pub(in crate::stripe) fn is_overdue(&self, now: i64) -> bool {
        self.status == Status::Open && self.expires_at <= now
    }

    /// What has to be paid today.
    pub(in crate::stripe) fn due(&self) -> i64 {
        if self.trial_days.is_some() { 0 } else { self.amount - self.discount }
    }

    /// The first invoice: a subscription's, or the receipt that a paid one-time payment was asked to leave.
    pub(in crate::stripe) fn invoice(&self) -> Option<String> {
        let receipt = self.invoice_creation && self.payment_status == PaymentStatus::Paid;
        let of_payment = receipt.then(|| self.id.replacen("cs_test_", "in_", 1));
        self.invoices.first().map(|it| it.id.clone()).or(of_payment)
    }

    /// The latest successful charge of which something is left to refund. What a bank has taken back can't be.
    pub(in crate::stripe) fn refundable(&self) -> Option<&Charge> {
        let mut newest_first = self.charges.iter().rev();
        newest_first.find(|charge| {
            let taken = charge.dispute.as_ref().is_some_and(|it| !it.is_inquiry() && it.status != "won");
            charge.succeeded && charge.refunded < charge.amount && !taken
        })
    }

    /// The latest charge with a dispute that is not closed.
    pub(in crate::stripe) fn disputed(&self) -> Option<(&Charge, &Dispute)> {
        let open = |charge| -> Option<(_, _)> {
            let charge: &Charge = charge;
            Some((charge, charge.dispute.as_ref().filter(|it| it.is_open())?))
        };
        self.charges.iter().rev().find_map(open)
    }

    /// The latest successful charge that nobody has disputed and that was not refunded in full.
    pub(in crate::stripe) fn disputable(&self) -> Option<&Charge> {
        let fits = |charge: &&Charge| charge.succeeded && charge.dispute.is_none() && charge.refunded < charge.amount;
        self.charges.iter().rev().find(fits)
    }

    /// The latest refund that has not failed, and its charge.
    pub(in crate::stripe) fn refunded(&self) -> Option<(&Charge, &Refund)> {
        let refunds = self.charges.iter().flat_map(|charge| charge.refunds.iter().map(move |it| (charge, it)));
        refunds.filter(|(_, it)| !it.failed).max_by_key(|(_, it)| it.created)
    }

    /// The latest invoice, if it waits for its payment.
    pub(in crate::stripe) fn open_invoice(&self) -> Option<&Invoice> {
        self.invoices.last().filter(|invoice| invoice.is_open())
    }
}

impl Invoice {
    pub(in crate::stripe) fn is_open(&self) -> bool {
        !self.paid && !self.void
    }

    /// Stripe's word.
    pub(in crate::stripe) fn status(&self) -> &'static str {
        match (self.paid, self.void) {
            (true, _) => "paid",
            (false, true) => "void",
            (false, false) => "open",
        }
    }
}

impl Dispute {
    /// Whether the bank only asks, and has not taken the money.
    pub(in crate::stripe) fn is_inquiry(&self) -> bool {
        self.status.starts_with("warning_")
    }

    pub(in crate::stripe) fn is_open(&self) -> bool {
        self.status.ends_with("needs_response")
    }
}

impl Subscription {
    /// Whether it can be paid for again.
    pub(in crate::stripe) fn is_running(&self) -> bool {
        matches!(self.status.as_str(), "active" | "trialing" | "past_due")
    }
}
