//! What buyers, sellers and banks do, and what must come of it. The ends are written down here by hand: they are the
//! rulings, not what the code makes of them.

use std::time::Duration;

use domain::{
    purchase::PaymentStatus,
    stripe_event::{PaymentEvent, Received, read},
};
use journeys::{Sale, TestStack};
use serde_json::{Value, json};
use testkit::stripe::{Event, Sandbox};

/// The price of what is paid once, in cents.
pub(crate) const PRICE: i64 = 4900;
/// The price of a month, in cents.
pub(crate) const MONTHLY: i64 = 2900;

/// One thing that happens at Stripe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Decline,
    Pay,
    PayLater,
    Settle,
    FailSettlement,
    /// A coupon over the whole price, or a trial.
    CompleteFree,
    Expire,
    Refund(Option<i64>),
    Renew,
    FailRenewal,
    Cancel,
}

/// What is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    Once,
    Subscription,
    /// A subscription that begins with a trial of so many days.
    Trial(i64),
}

/// What must be in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) gate: Gate,
    pub(crate) status: PaymentStatus,
    /// Payments less refunds, in cents.
    pub(crate) revenue: i64,
    pub(crate) refunded: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    NeverOpened,
    Open,
    ClosedAgain,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) offer: Offer,
    pub(crate) steps: &'static [Step],
    pub(crate) end: End,
}

const fn story(
    name: &'static str,
    offer: Offer,
    steps: &'static [Step],
    gate: Gate,
    status: PaymentStatus,
    money: (i64, i64),
) -> Story {
    Story { name, offer, steps, end: End { gate, status, revenue: money.0, refunded: money.1 } }
}

use Gate::{ClosedAgain, NeverOpened, Open};
use Offer::{Once, Subscription, Trial};
use PaymentStatus::{Canceled, Completed, Failed};
use Step::{Cancel, CompleteFree, Decline, Expire, FailRenewal, FailSettlement, Pay, PayLater, Refund, Renew, Settle};

/// All stories. Money is revenue and refunds.
#[rustfmt::skip]
pub(crate) const STORIES: &[Story] = &[
    story("one-time",                           Once, &[Pay], Open, Completed, (PRICE, 0)),
    story("one-time, declined first",           Once, &[Decline, Pay], Open, Completed, (PRICE, 0)),
    story("one-time, refunded",                 Once, &[Pay, Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("one-time, refunded in part",         Once, &[Pay, Refund(Some(1000))], Open, Completed, (PRICE - 1000, 1000)),
    story("one-time, refunded in two parts",    Once, &[Pay, Refund(Some(1000)), Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("delayed payment, settled",           Once, &[PayLater, Settle], Open, Completed, (PRICE, 0)),
    story("delayed payment, settled, refunded", Once, &[PayLater, Settle, Refund(None)], ClosedAgain, Completed, (0, PRICE)),
    story("delayed payment, failed",            Once, &[PayLater, FailSettlement], NeverOpened, Failed, (0, 0)),
    story("coupon over the whole price",        Once, &[CompleteFree], Open, Completed, (0, 0)),
    story("expired",                            Once, &[Expire], NeverOpened, Failed, (0, 0)),
    story("subscription",                       Subscription, &[Pay], Open, Completed, (MONTHLY, 0)),
    story("subscription, free",                 Subscription, &[CompleteFree], Open, Completed, (0, 0)),
    story("subscription, on trial",             Trial(14), &[CompleteFree], Open, Completed, (0, 0)),
    story("subscription, on trial, paid",       Trial(14), &[CompleteFree, Renew], Open, Completed, (MONTHLY, 0)),
    story("subscription, on trial, cancelled",  Trial(14), &[CompleteFree, Cancel], ClosedAgain, Canceled, (0, 0)),
    story("subscription, renewed",              Subscription, &[Pay, Renew], Open, Completed, (2 * MONTHLY, 0)),
    story("subscription, renewal failed",       Subscription, &[Pay, FailRenewal], Open, Completed, (MONTHLY, 0)),
    story("subscription, renewal paid late",    Subscription, &[Pay, FailRenewal, Renew], Open, Completed, (2 * MONTHLY, 0)),
    story("subscription, cancelled",            Subscription, &[Pay, Cancel], ClosedAgain, Canceled, (MONTHLY, 0)),
    story("subscription, renewed, cancelled",   Subscription, &[Pay, Renew, Cancel], ClosedAgain, Canceled, (2 * MONTHLY, 0)),
    story("subscription, unpaid, cancelled",    Subscription, &[Pay, FailRenewal, Cancel], ClosedAgain, Canceled, (MONTHLY, 0)),
    story("subscription, refunded",             Subscription, &[Pay, Refund(None)], ClosedAgain, Completed, (0, MONTHLY)),
    story("subscription, refunded, cancelled",  Subscription, &[Pay, Refund(None), Cancel], ClosedAgain, Canceled, (0, MONTHLY)),
    story("subscription, settled later",        Subscription, &[PayLater, Settle], Open, Completed, (MONTHLY, 0)),
    story("subscription, never settled",        Subscription, &[PayLater, FailSettlement], NeverOpened, Failed, (0, 0)),
];

impl Story {
    /// What the vendor lists for it: `ctrimm/premium-theme`.
    pub(crate) fn listing(&self) -> Value {
        let fields = match self.offer {
            Once => json!({"priceCents": PRICE}),
            Subscription | Trial(_) => {
                json!({"pricingType": "subscription", "priceCents": MONTHLY, "subscriptionCadence": "monthly"})
            }
        };
        journeys::with(journeys::example_repository(), &fields)
    }

    /// The session that the buyer goes through. Our checkouts offer no trials as yet, so one with a trial is made as a
    /// vendor would make it: at Stripe, with the purchase's metadata.
    pub(crate) async fn session(&self, t: &TestStack, sale: &Sale) -> String {
        let Trial(days) = self.offer else { return sale.session.clone() };
        let ours = t.stripe().session(&sale.session).unwrap()["metadata"].clone();
        let mut form = vec![
            "mode=subscription&success_url=https://example.com/".to_owned(),
            "line_items[0][quantity]=1&line_items[0][price_data][currency]=usd".to_owned(),
            format!("line_items[0][price_data][unit_amount]={MONTHLY}"),
            "line_items[0][price_data][recurring][interval]=month".to_owned(),
            "line_items[0][price_data][product_data][name]=Theme".to_owned(),
            format!("subscription_data[trial_period_days]={days}"),
        ];
        for (key, value) in ours.as_object().unwrap() {
            let value = value.as_str().unwrap();
            form.push(format!("metadata[{key}]={value}&subscription_data[metadata][{key}]={value}"));
        }
        let request = http::Request::post("/sandbox/stripe/v1/checkout/sessions")
            .header("authorization", "Bearer sk_test_synthetic")
            .header("content-type", "application/x-www-form-urlencoded");
        t.send(request.body(form.join("&").into()).unwrap()).await.text("/id")
    }

    /// Plays the whole story at Stripe, a minute between the steps. Nothing is delivered.
    pub(crate) fn play(&self, t: &TestStack, session: &str) -> Vec<Event> {
        let mut events = Vec::new();
        for step in self.steps {
            t.clock.advance(Duration::from_mins(1));
            events.extend(step.take(t.stripe(), session));
        }
        events
    }
}

impl Step {
    pub(crate) fn take(self, stripe: &Sandbox, session: &str) -> Vec<Event> {
        let events = match self {
            Decline => stripe.decline(session),
            Pay => stripe.pay(session),
            PayLater => stripe.pay_later(session),
            Settle => stripe.settle(session),
            FailSettlement => stripe.fail_settlement(session),
            CompleteFree => stripe.complete_free(session),
            Expire => stripe.expire(session),
            Refund(cents) => stripe.refund(session, cents),
            Renew => stripe.renew(session),
            FailRenewal => stripe.fail_renewal(session),
            Cancel => stripe.cancel_subscription(session),
        };
        assert!(!events.is_empty(), "{self:?} made no sense");
        events
    }
}

/// Those of the events that Tollgate has a use for, as it reads them.
pub(crate) fn relevant(events: &[Event]) -> Vec<PaymentEvent> {
    let read = |event: &Event| match read(event.payload.to_string().as_bytes()).unwrap() {
        Received::Relevant(event) => Some(*event),
        Received::Irrelevant { .. } => None,
    };
    events.iter().filter_map(read).collect()
}
