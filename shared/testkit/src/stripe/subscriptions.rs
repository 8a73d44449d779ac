//! The part of a session's life that only a subscription has.

use serde_json::json;

use super::{
    actions::Till,
    objects,
    state::{Invoice, Subscription, new_id},
};

/// Seconds of a day.
const DAY: i64 = 86_400;

impl Till {
    pub(super) fn renew(&mut self) {
        if !self.is_running() {
            return;
        }
        let before = self.begin_period();
        self.pay_invoice();
        self.update_subscription("active", before);
    }

    pub(super) fn fail_renewal(&mut self) {
        if !self.is_running() {
            return;
        }
        let before = self.begin_period();
        self.fail_invoice();
        self.update_subscription("past_due", before);
    }

    pub(super) fn cancel_subscription(&mut self) {
        let now = self.now;
        let Some(subscription) = &mut self.session.subscription else {
            return;
        };
        if subscription.ended_at.is_some() {
            return;
        }
        "canceled".clone_into(&mut subscription.status);
        subscription.ended_at = Some(now);
        // What is still on its way is not taken any more.
        self.session.delayed = false;
        self.report_subscription("customer.subscription.deleted");
    }

    pub(super) fn start_subscription(&mut self, status: &str) {
        let (now, session) = (self.now, &mut self.session);
        let trial_end = session.trial_days.map(|days| now + days * DAY);
        let recurring = session.recurring.as_ref();
        let period_end = trial_end.or(recurring.map(|it| it.after(now)));
        session.subscription = Some(Subscription {
            id: new_id(&self.random, "sub"),
            item: new_id(&self.random, "si"),
            status: status.to_owned(),
            created: now,
            period_start: now,
            period_end: period_end.unwrap_or(now),
            trial_end,
            ended_at: None,
        });
        self.report_subscription("customer.subscription.created");
    }

    pub(super) fn activate_subscription(&mut self) {
        self.set_subscription_status("active");
    }

    pub(super) fn set_subscription_status(&mut self, status: &str) {
        let before = self.period_start();
        if status == "incomplete_expired"
            && let Some(subscription) = &mut self.session.subscription
        {
            subscription.ended_at = Some(self.now);
        }
        self.update_subscription(status, before);
    }

    pub(super) fn open_invoice(&mut self, billing_reason: &str, amount: i64) {
        let Some(subscription) = &self.session.subscription else {
            return;
        };
        let (period_start, period_end) = (subscription.period_start, subscription.period_end);
        // The checkout's own payment intent, if a declined card made one already, is the first invoice's.
        let payment_intent = match (amount, billing_reason) {
            (0, _) => None,
            (_, "subscription_create") => Some(self.intent()),
            _ => Some(new_id(&self.random, "pi")),
        };
        self.session.invoices.push(Invoice {
            id: new_id(&self.random, "in"),
            payment: new_id(&self.random, "inpay"),
            payment_intent,
            charge: None,
            created: self.now,
            amount,
            paid: false,
            attempts: 0,
            billing_reason: billing_reason.to_owned(),
            period_start,
            period_end,
        });
    }

    /// Pays the latest invoice; one over nothing without a charge.
    pub(super) fn pay_invoice(&mut self) {
        self.attempt(true);
        self.report_invoice("invoice.payment_succeeded");
        self.report_invoice("invoice.paid");
    }

    pub(super) fn fail_invoice(&mut self) {
        self.attempt(false);
        self.report_invoice("invoice.payment_failed");
    }

    fn attempt(&mut self, succeeds: bool) {
        let Some(invoice) = self.session.invoices.last_mut() else {
            return;
        };
        invoice.paid = succeeds;
        invoice.attempts += 1;
        let (id, amount) = (invoice.id.clone(), invoice.amount);
        if let Some(intent) = invoice.payment_intent.clone() {
            let charge = self.charge(amount, &intent, Some(id), succeeds);
            if let Some(invoice) = self.session.invoices.last_mut() {
                invoice.charge = Some(charge);
            }
        }
    }

    /// Moves on to the next period and its invoice, unless the present one's is still to be paid. Answers when the
    /// period before began.
    fn begin_period(&mut self) -> i64 {
        let before = self.period_start();
        if self.session.open_invoice().is_some() {
            return before;
        }
        let recurring = self.session.recurring.clone();
        if let (Some(subscription), Some(recurring)) = (&mut self.session.subscription, recurring) {
            subscription.period_start = subscription.period_end;
            subscription.period_end = recurring.after(subscription.period_start);
        }
        self.open_invoice("subscription_cycle", self.session.amount);
        before
    }

    /// Sets the status and tells of the change. `before` is when the period began before the action.
    fn update_subscription(&mut self, status: &str, before: i64) {
        let Some(subscription) = &mut self.session.subscription else {
            return;
        };
        let mut previous = json!({});
        if subscription.status != status {
            previous["status"] = json!(subscription.status);
            status.clone_into(&mut subscription.status);
        }
        if subscription.period_start != before {
            let item = json!({ "id": subscription.item, "current_period_start": before, "current_period_end": subscription.period_start });
            previous["items"] = json!({ "data": [item] });
        }
        let object = objects::subscription(&self.session, self.old_shapes);
        self.report_change("customer.subscription.updated", object, previous);
    }

    fn is_running(&self) -> bool {
        let subscription = self.session.subscription.as_ref();
        subscription.is_some_and(Subscription::is_running)
    }

    fn period_start(&self) -> i64 {
        let subscription = self.session.subscription.as_ref();
        subscription.map_or(0, |it| it.period_start)
    }

    fn report_subscription(&mut self, kind: &'static str) {
        let object = objects::subscription(&self.session, self.old_shapes);
        self.report(kind, object);
    }

    fn report_invoice(&mut self, kind: &'static str) {
        if let Some(invoice) = self.session.invoices.last() {
            let object = objects::invoice(&self.session, invoice, self.old_shapes);
            self.report(kind, object);
        }
    }
}
