//! What buyers, sellers and banks do, and what must come of it. The ends are written down here by hand: they are the
//! rulings, not what the code makes of them.

mod table;

use std::time::Duration;

use domain::{
    purchase::PaymentStatus,
    repository::{RefundPolicy, Terms},
    stripe_event::{PaymentEvent, Received, metadata, read},
};
use journeys::{Sale, TestStack};
use serde_json::{Value, json};
use testkit::stripe::{Event, GivesUp, Sandbox};

pub(crate) use table::STORIES;

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
    FailRefund,
    /// Our checkout's session expires. For stories that are paid by another one.
    ExpireOurs,
    Dispute,
    Inquire,
    /// The dispute is won, or the inquiry comes to nothing.
    WinDispute,
    LoseDispute,
    WarnOfFraud,
    Renew,
    FailRenewal,
    GiveUp(GivesUp),
    PayOverdue,
    Pause,
    Resume,
    PauseCollection,
    CancelLater,
    Keep,
    Cancel,
    /// Nothing happens for so many days.
    Wait(u64),
}

/// What is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    Once,
    Subscription,
    /// A subscription that begins with a trial of so many days.
    Trial(i64),
    /// What is paid once, through a second session: buyers keep the address of a payment page, and vendors mail them one.
    OnceAgain,
}

/// What must be in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) gate: Gate,
    pub(crate) status: PaymentStatus,
    /// Payments less refunds, in cents.
    pub(crate) revenue: i64,
    pub(crate) refunded: i64,
    /// How often access can have been given on the way at most, whatever the order of the events.
    pub(crate) opens: usize,
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
    pub(crate) terms: Terms,
    pub(crate) end: End,
}

/// What most vendors agree with their buyers.
const USUAL: Terms = Terms { refund_policy: RefundPolicy::Revoke, grace_days: None };

const fn story(
    name: &'static str,
    offer: Offer,
    steps: &'static [Step],
    gate: Gate,
    status: PaymentStatus,
    money: (i64, i64),
) -> Story {
    let opens = match gate {
        Gate::NeverOpened => 0,
        Gate::Open | Gate::ClosedAgain => 1 + reopenings(steps),
    };
    let end = End { gate, status, revenue: money.0, refunded: money.1, opens };
    Story { name, offer, steps, terms: USUAL, end }
}

/// How many of the steps give access back that another one took.
const fn reopenings(steps: &[Step]) -> usize {
    match steps {
        [] => 0,
        [Step::WinDispute | Step::FailRefund | Step::PayOverdue | Step::Resume, rest @ ..] => 1 + reopenings(rest),
        [_, rest @ ..] => reopenings(rest),
    }
}

impl Story {
    /// What the vendor lists for it: `ctrimm/premium-theme`.
    pub(crate) fn listing(&self) -> Value {
        let fields = match self.offer {
            Offer::Once | Offer::OnceAgain => json!({"priceCents": PRICE}),
            Offer::Subscription | Offer::Trial(_) => {
                json!({"pricingType": "subscription", "priceCents": MONTHLY, "subscriptionCadence": "monthly"})
            }
        };
        let listing = journeys::with(journeys::example_repository(), &fields);
        if self.terms == USUAL {
            return listing;
        }
        let Terms { refund_policy, grace_days } = self.terms;
        journeys::with(listing, &json!({"refundPolicy": refund_policy.name(), "graceDays": grace_days}))
    }

    /// The session that the buyer goes through. One with a trial, and a second one, are made as a vendor would make them: at
    /// Stripe, with the purchase's metadata.
    pub(crate) async fn session(&self, t: &TestStack, sale: &Sale) -> String {
        if self.is_through_our_session() {
            return sale.session.clone();
        }
        session_at_stripe(t, self.offer, &t.stripe().session(&sale.session).unwrap()["metadata"]).await
    }

    /// Whether the buyer goes through the session that our checkout opened.
    pub(crate) fn is_through_our_session(&self) -> bool {
        matches!(self.offer, Offer::Once | Offer::Subscription)
    }

    /// Plays the whole story at Stripe, a minute between the steps. Nothing is delivered.
    pub(crate) fn play(&self, t: &TestStack, session: &str) -> Vec<Event> {
        let mut events = Vec::new();
        for step in self.steps {
            t.clock.advance(Duration::from_mins(1));
            events.extend(step.take(t, session));
        }
        events
    }
}

impl Step {
    pub(crate) fn take(self, t: &TestStack, session: &str) -> Vec<Event> {
        let stripe = t.stripe();
        let events = match self {
            Self::Wait(days) => {
                t.clock.advance(Duration::from_hours(24 * days));
                return Vec::new();
            }
            Self::Decline => stripe.decline(session),
            Self::Pay => stripe.pay(session),
            Self::PayLater => stripe.pay_later(session),
            Self::Settle => stripe.settle(session),
            Self::FailSettlement => stripe.fail_settlement(session),
            Self::CompleteFree => stripe.complete_free(session),
            // As good as at its end: what is closed early is one that another attempt followed.
            Self::Expire => {
                t.clock.advance(Duration::from_mins(24 * 60 - 10));
                stripe.expire(session)
            }
            Self::ExpireOurs => stripe.expire(&ours(stripe, session)),
            Self::Refund(cents) => stripe.refund(session, cents),
            Self::FailRefund => stripe.fail_refund(session),
            Self::Dispute => stripe.dispute(session),
            Self::Inquire => stripe.inquire(session),
            Self::WinDispute => stripe.win_dispute(session),
            Self::LoseDispute => stripe.lose_dispute(session),
            Self::WarnOfFraud => stripe.warn_of_fraud(session),
            Self::Renew => stripe.renew(session),
            Self::FailRenewal => stripe.fail_renewal(session),
            Self::GiveUp(how) => stripe.give_up(session, how),
            Self::PayOverdue => stripe.pay_overdue(session),
            Self::Pause => stripe.pause(session),
            Self::Resume => stripe.resume(session),
            Self::PauseCollection => stripe.pause_collection(session, true),
            Self::CancelLater => stripe.cancel_at_period_end(session),
            Self::Keep => stripe.keep_subscription(session),
            Self::Cancel => stripe.cancel_subscription(session),
        };
        assert!(!events.is_empty(), "{self:?} made no sense");
        events
    }
}

/// Opens a session at Stripe that is none of our checkout's.
pub(crate) async fn session_at_stripe(t: &TestStack, offer: Offer, metadata: &Value) -> String {
    let (mode, price) = match offer {
        Offer::Once | Offer::OnceAgain => ("payment", PRICE),
        Offer::Subscription | Offer::Trial(_) => ("subscription", MONTHLY),
    };
    let mut form = vec![
        format!("mode={mode}&success_url=https://example.com/"),
        "line_items[0][quantity]=1&line_items[0][price_data][currency]=usd".to_owned(),
        "line_items[0][price_data][product_data][name]=Theme".to_owned(),
        format!("line_items[0][price_data][unit_amount]={price}"),
    ];
    let copies = match offer {
        Offer::Once | Offer::OnceAgain => {
            form.push("customer_creation=always".to_owned());
            "payment_intent_data"
        }
        Offer::Subscription | Offer::Trial(_) => {
            form.push("line_items[0][price_data][recurring][interval]=month".to_owned());
            "subscription_data"
        }
    };
    if let Offer::Trial(days) = offer {
        form.push(format!("subscription_data[trial_period_days]={days}"));
    }
    for (key, value) in metadata.as_object().unwrap() {
        let value = value.as_str().unwrap();
        form.push(format!("metadata[{key}]={value}&{copies}[metadata][{key}]={value}"));
    }
    let request = http::Request::post("/sandbox/stripe/v1/checkout/sessions")
        .header("authorization", "Bearer sk_test_synthetic")
        .header("content-type", "application/x-www-form-urlencoded");
    t.send(request.body(form.join("&").into()).unwrap()).await.text("/id")
}

/// The session that our checkout opened for the same purchase.
fn ours(stripe: &Sandbox, session: &str) -> String {
    let other = stripe.session(session).unwrap();
    stripe.session_for(other["metadata"][metadata::PURCHASE].as_str().unwrap()).unwrap()
}

/// Those of the events that Tollgate has a use for, as it reads them.
pub(crate) fn relevant(events: &[Event]) -> Vec<PaymentEvent> {
    let read = |event: &Event| match read(event.payload.to_string().as_bytes()).unwrap() {
        Received::Relevant(event) => Some(*event),
        Received::Irrelevant { .. } => None,
    };
    events.iter().filter_map(read).collect()
}
