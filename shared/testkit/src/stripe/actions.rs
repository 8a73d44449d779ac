//! What can happen to a session, and the events that come of it.
//!
//! An action that makes no sense in the session's state (paying an expired one, refunding what was never paid) does
//! nothing and causes no event.

use domain::Random;
use serde_json::Value;

use super::{
    Sandbox,
    events::{Cause, Event, Happening, Sent, envelope},
    objects::{self, View},
    state::{Charge, Mode, PaymentStatus, Session, State, Status, new_id},
};

/// What a bank says that does not say why.
pub(super) const GENERIC: &str = "generic_decline";

/// One action under way: the session it changes and what has happened so far.
pub(super) struct Till {
    pub session: Session,
    pub random: Random,
    pub now: i64,
    pub view: View,
    happenings: Vec<Happening>,
}

impl Sandbox {
    /// The buyer pays. When nothing is due today (a trial, a price of nothing) this is [`Self::complete_free`].
    pub fn pay(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::pay)
    }

    /// The buyer's card is declined. The session stays open for another try.
    pub fn decline(&self, session: &str) -> Vec<Event> {
        self.decline_with(session, GENERIC)
    }

    /// The buyer's card is declined, and the bank says why: `insufficient_funds`, `expired_card`, `stolen_card`…
    pub fn decline_with(&self, session: &str, decline_code: &str) -> Vec<Event> {
        self.act(session, |till| till.decline(decline_code))
    }

    /// The buyer chooses a method that takes days: the session completes unpaid.
    pub fn pay_later(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::pay_later)
    }

    /// The delayed payment arrives.
    pub fn settle(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::settle)
    }

    /// The delayed payment fails.
    pub fn fail_settlement(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::fail_settlement)
    }

    /// The session is given up.
    pub fn expire(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::expire)
    }

    /// The buyer completes without paying: a trial, a price of nothing, or else a coupon over the whole price.
    pub fn complete_free(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::complete_free)
    }

    pub(super) fn act(&self, session: &str, action: impl FnOnce(&mut Till)) -> Vec<Event> {
        self.expire_overdue();
        self.shared.state.change(|state| self.apply(state, session, &Cause::default(), action))
    }

    /// Runs an action on a session and queues its events.
    pub(super) fn apply(
        &self,
        state: &mut State,
        session: &str,
        cause: &Cause,
        action: impl FnOnce(&mut Till),
    ) -> Vec<Event> {
        let (view, drops) = (self.view(state), state.drops_webhooks);
        let Some(found) = state.sessions.iter_mut().find(|it| it.id == session) else {
            return Vec::new();
        };
        let mut till = Till {
            session: found.clone(),
            random: self.shared.random.clone(),
            now: self.now(),
            view,
            happenings: Vec::new(),
        };
        action(&mut till);
        let Till { session: changed, random, now, view, happenings } = till;
        *found = changed;
        let wrap = |it| envelope(new_id(&random, "evt"), it, now, view.old, cause);
        let events: Vec<Event> = happenings.into_iter().map(wrap).collect();
        let sent = events.iter().cloned();
        state.events.extend(sent.map(|event| Sent::new(event, session, drops)));
        state.trim_events(now);
        events
    }

    /// Expires the sessions whose time has come.
    pub(super) fn expire_overdue(&self) {
        let now = self.now();
        if !self.shared.state.read(|state| state.has_overdue(now)) {
            return;
        }
        self.shared.state.change(|state| {
            let overdue = state.sessions.iter().filter(|it| it.is_overdue(now));
            let overdue: Vec<String> = overdue.map(|it| it.id.clone()).collect();
            for session in overdue {
                self.apply(state, &session, &Cause::default(), Till::expire);
            }
        });
    }
}

impl Till {
    pub(super) fn pay(&mut self) {
        if self.session.status != Status::Open {
            return;
        }
        if self.session.due() == 0 {
            return self.complete_free();
        }
        self.complete(PaymentStatus::Paid);
        if self.session.mode == Mode::Subscription {
            self.start_subscription("incomplete");
            self.activate_subscription();
            self.open_invoice("subscription_create", self.session.due());
            self.pay_invoice();
        } else {
            self.charge_once();
        }
        self.report_session("checkout.session.completed");
    }

    pub(super) fn complete_free(&mut self) {
        if self.session.status != Status::Open {
            return;
        }
        self.complete(PaymentStatus::NotRequired);
        self.session.discount += self.session.due();
        if self.session.mode == Mode::Subscription {
            let trial = self.session.trial_days.is_some();
            self.start_subscription(if trial { "trialing" } else { "active" });
            self.open_invoice("subscription_create", 0);
            self.pay_invoice();
        }
        self.report_session("checkout.session.completed");
    }

    pub(super) fn decline(&mut self, decline_code: &str) {
        if self.session.status != Status::Open || self.session.due() == 0 {
            return;
        }
        let intent = self.intent();
        self.charge(self.session.due(), &intent, None, Err(decline_code));
    }

    /// For a subscription it is assumed that it stays `incomplete` until the money is there.
    pub(super) fn pay_later(&mut self) {
        if self.session.status != Status::Open || self.session.due() == 0 {
            return;
        }
        self.complete(PaymentStatus::Unpaid);
        self.session.delayed = true;
        if self.session.mode == Mode::Subscription {
            self.start_subscription("incomplete");
            self.open_invoice("subscription_create", self.session.due());
        } else {
            let intent = self.intent();
            let object = objects::payment_intent(&self.session, &intent, &self.view);
            self.report("payment_intent.processing", object);
        }
        self.report_session("checkout.session.completed");
    }

    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.session.delayed) {
            return;
        }
        self.session.payment_status = PaymentStatus::Paid;
        if self.session.mode == Mode::Subscription {
            self.activate_subscription();
            self.pay_invoice();
        } else {
            self.charge_once();
        }
        self.report_session("checkout.session.async_payment_succeeded");
    }

    pub(super) fn fail_settlement(&mut self) {
        if !std::mem::take(&mut self.session.delayed) {
            return;
        }
        if self.session.mode == Mode::Subscription {
            self.fail_invoice();
            self.set_subscription_status("incomplete_expired");
        } else {
            let intent = self.intent();
            self.charge(self.session.due(), &intent, None, Err(GENERIC));
        }
        self.report_session("checkout.session.async_payment_failed");
    }

    pub(super) fn expire(&mut self) {
        if self.session.status == Status::Open {
            self.session.status = Status::Expired;
            self.report_session("checkout.session.expired");
        }
    }

    /// Ends the checkout. The buyer becomes a customer if that was asked for; subscribers always do.
    fn complete(&mut self, payment_status: PaymentStatus) {
        self.session.status = Status::Complete;
        self.session.payment_status = payment_status;
        let wanted = self.session.mode == Mode::Subscription || self.session.customer_creation;
        if wanted && self.session.customer.is_none() {
            self.session.order.customer = Some(new_id(&self.random, "cus"));
        }
    }

    /// The payment intent of the checkout, made when it is first needed.
    pub(super) fn intent(&mut self) -> String {
        let random = &self.random;
        self.session.payment_intent.get_or_insert_with(|| new_id(random, "pi")).clone()
    }

    fn charge_once(&mut self) {
        let intent = self.intent();
        self.charge(self.session.due(), &intent, None, Ok(()));
        let object = objects::payment_intent(&self.session, &intent, &self.view);
        self.report("payment_intent.succeeded", object);
    }

    /// Tries to take the money, or fails with the bank's reason. A failure is told of the payment intent as well.
    pub(super) fn charge(
        &mut self,
        amount: i64,
        payment_intent: &str,
        invoice: Option<String>,
        outcome: Result<(), &str>,
    ) -> String {
        let succeeded = outcome.is_ok();
        let id = new_id(&self.random, "ch");
        self.session.charges.push(Charge {
            id: id.clone(),
            payment_intent: payment_intent.to_owned(),
            invoice,
            created: self.now,
            amount,
            refunded: 0,
            succeeded,
            decline_code: outcome.err().map(str::to_owned),
            refunds: Vec::new(),
            dispute: None,
        });
        let object = objects::charge(&self.session, &id, &self.view);
        let kind = if succeeded { "charge.succeeded" } else { "charge.failed" };
        self.report(kind, object);
        if !succeeded {
            let object = objects::payment_intent(&self.session, payment_intent, &self.view);
            self.report("payment_intent.payment_failed", object);
        }
        id
    }

    pub(super) fn report(&mut self, kind: &'static str, object: Value) {
        self.happenings.push(Happening { kind, object, previous: None });
    }

    pub(super) fn report_change(&mut self, kind: &'static str, object: Value, previous: Value) {
        self.happenings.push(Happening { kind, object, previous: Some(previous) });
    }

    fn report_session(&mut self, kind: &'static str) {
        let object = objects::session(&self.session, &self.view);
        self.report(kind, object);
    }
}
