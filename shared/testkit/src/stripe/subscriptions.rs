//! The part of a session's life that only a subscription has.

use serde_json::{Value, json};

use super::{
    Sandbox,
    actions::{GENERIC, Till},
    events::Event,
    objects,
    state::{Invoice, Subscription, new_id},
};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// What Stripe does when no attempt to collect a renewal has helped, which the vendor sets in Stripe's dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivesUp {
    /// It ends the subscription.
    Cancels,
    /// It leaves the subscription `unpaid`: the buyer can still pay and go on.
    LeavesUnpaid,
}

impl Sandbox {
    /// A period of the subscription begins and is paid, or what is overdue is paid at last. One that was to end with
    /// its period ends.
    pub fn renew(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::renew)
    }

    /// A period of the subscription begins and its payment fails, or fails once more.
    pub fn fail_renewal(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::fail_renewal)
    }

    /// The last attempt to collect a renewal fails, and Stripe does what it is set to do then.
    pub fn give_up(&self, session: &str, how: GivesUp) -> Vec<Event> {
        self.act(session, |till| till.give_up(how))
    }

    /// The buyer pays what is overdue. A subscription that was `past_due` or `unpaid` goes on; one that has ended does
    /// not, and the money is taken all the same.
    pub fn pay_overdue(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::pay_overdue)
    }

    /// The subscription ends at once.
    pub fn cancel_subscription(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::cancel_subscription)
    }

    /// The subscription is to end with its period.
    pub fn cancel_at_period_end(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::cancel_at_period_end)
    }

    /// The subscription is not to end with its period after all.
    pub fn keep_subscription(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::keep_subscription)
    }

    /// The trial ends, there is no way to pay, and the subscription is `paused`.
    pub fn pause(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::pause)
    }

    /// A `paused` subscription goes on, and is paid from now on.
    pub fn resume(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::resume)
    }

    /// The vendor stops collecting for a while, or goes on. The subscription's status stays as it is.
    pub fn pause_collection(&self, session: &str, paused: bool) -> Vec<Event> {
        self.act(session, |till| till.pause_collection(paused))
    }
}

impl Till {
    pub(super) fn renew(&mut self) {
        if !self.is_running() {
            return;
        }
        if self.session.subscription.as_ref().is_some_and(|it| it.cancel_requested.is_some()) {
            return self.end_subscription("cancellation_requested");
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

    fn give_up(&mut self, how: GivesUp) {
        if !self.is_running() {
            return;
        }
        let before = self.begin_period();
        if let Some(invoice) = self.session.invoices.last_mut() {
            invoice.given_up = true;
        }
        self.fail_invoice();
        match how {
            GivesUp::Cancels => self.end_subscription("payment_failed"),
            GivesUp::LeavesUnpaid => self.update_subscription("unpaid", before),
        }
    }

    pub(super) fn pay_overdue(&mut self) {
        if self.session.open_invoice().is_none() || self.session.delayed {
            return;
        }
        self.pay_invoice();
        if self.is_any_of(&["past_due", "unpaid"]) {
            self.update_subscription("active", self.period_start());
        }
    }

    pub(super) fn cancel_subscription(&mut self) {
        self.end_subscription("cancellation_requested");
    }

    fn end_subscription(&mut self, reason: &str) {
        let now = self.now;
        let Some(subscription) = &mut self.session.subscription else {
            return;
        };
        if subscription.ended_at.is_some() {
            return;
        }
        "canceled".clone_into(&mut subscription.status);
        subscription.ended_at = Some(now);
        subscription.ended_because = Some(reason.to_owned());
        // What is still on its way is not taken any more.
        self.session.delayed = false;
        self.report_subscription("customer.subscription.deleted");
    }

    pub(super) fn cancel_at_period_end(&mut self) {
        let now = self.now;
        let running = self.is_running();
        if let Some(subscription) = self.session.subscription.as_mut().filter(|it| it.cancel_requested.is_none())
            && running
        {
            subscription.cancel_requested = Some(now);
            self.report_subscription_change(
                json!({ "cancel_at": null, "cancel_at_period_end": false, "canceled_at": null }),
            );
        }
    }

    pub(super) fn keep_subscription(&mut self) {
        let running = self.is_running();
        if let Some(subscription) = &mut self.session.subscription
            && running
            && let Some(since) = subscription.cancel_requested.take()
        {
            let end = subscription.period_end;
            self.report_subscription_change(
                json!({ "cancel_at": end, "cancel_at_period_end": true, "canceled_at": since }),
            );
        }
    }

    fn pause(&mut self) {
        if self.is_any_of(&["trialing"]) {
            self.update_subscription("paused", self.period_start());
            self.report_subscription("customer.subscription.paused");
        }
    }

    /// It is assumed that the period of a resumed subscription begins now, and that its invoice's reason is a cycle's.
    fn resume(&mut self) {
        if !self.is_any_of(&["paused"]) {
            return;
        }
        let (now, before) = (self.now, self.period_start());
        if let Some(subscription) = &mut self.session.subscription {
            subscription.period_end = now;
        }
        self.begin_period();
        self.pay_invoice();
        self.update_subscription("active", before);
        self.report_subscription("customer.subscription.resumed");
    }

    fn pause_collection(&mut self, paused: bool) {
        let running = self.is_running();
        if let Some(subscription) = self.session.subscription.as_mut().filter(|it| it.collection_paused != paused)
            && running
        {
            subscription.collection_paused = paused;
            let before = if paused { Value::Null } else { json!({ "behavior": "void", "resumes_at": null }) };
            self.report_subscription_change(json!({ "pause_collection": before }));
        }
    }

    /// The seller does not want an invoice paid any more.
    pub(super) fn void_invoice(&mut self, id: &str) {
        if let Some(at) = self.session.invoices.iter().position(|it| it.id == id && it.is_open()) {
            self.session.invoices[at].void = true;
            let object = objects::invoice(&self.session, &self.session.invoices[at], &self.view);
            self.report("invoice.voided", object);
        }
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
            ended_because: None,
            cancel_requested: None,
            collection_paused: false,
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
            void: false,
            given_up: false,
            attempts: 0,
            billing_reason: billing_reason.to_owned(),
            period_start,
            period_end,
        });
    }

    /// Pays the latest invoice; one over nothing without a charge.
    pub(super) fn pay_invoice(&mut self) {
        self.attempt(Ok(()));
        self.report_invoice("invoice.payment_succeeded");
        self.report_invoice("invoice.paid");
    }

    pub(super) fn fail_invoice(&mut self) {
        self.attempt(Err(GENERIC));
        self.report_invoice("invoice.payment_failed");
    }

    fn attempt(&mut self, outcome: Result<(), &str>) {
        let Some(invoice) = self.session.invoices.last_mut() else {
            return;
        };
        invoice.paid = outcome.is_ok();
        invoice.attempts += 1;
        let (id, amount) = (invoice.id.clone(), invoice.amount);
        if let Some(intent) = invoice.payment_intent.clone() {
            let charge = self.charge(amount, &intent, Some(id), outcome);
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
        self.report_subscription_change(previous);
    }

    fn report_subscription_change(&mut self, previous: Value) {
        let object = objects::subscription(&self.session, &self.view);
        self.report_change("customer.subscription.updated", object, previous);
    }

    fn is_running(&self) -> bool {
        let subscription = self.session.subscription.as_ref();
        subscription.is_some_and(Subscription::is_running)
    }

    fn is_any_of(&self, statuses: &[&str]) -> bool {
        let subscription = self.session.subscription.as_ref();
        subscription.is_some_and(|it| statuses.contains(&it.status.as_str()))
    }

    fn period_start(&self) -> i64 {
        let subscription = self.session.subscription.as_ref();
        subscription.map_or(0, |it| it.period_start)
    }

    fn report_subscription(&mut self, kind: &'static str) {
        let object = objects::subscription(&self.session, &self.view);
        self.report(kind, object);
    }

    fn report_invoice(&mut self, kind: &'static str) {
        if let Some(invoice) = self.session.invoices.last() {
            let object = objects::invoice(&self.session, invoice, &self.view);
            self.report(kind, object);
        }
    }
}
