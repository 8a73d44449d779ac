//! The same through the whole path: webhook, queue, worker, GitHub. Each order gets a system of its own with the same
//! seed, so that all ids and times are the same, and what is stored can be compared field by field.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    PurchaseId,
    access::{AccessProblem, Entitlement, Observed},
    causes::Causes,
    letters::Told,
    log::{Action, LogStatus},
    purchase::{self, Purchase},
    tally::Tally,
};
use journeys::TestStack;
use testkit::{
    github::Access,
    stripe::{Delivery, Event},
};

use crate::{
    invariants::{Books, Expected, event, relevant_to, violations},
    stories::{Gate, STORIES, Story},
    world::{BUYER, Dice, NAME, OWNER, begin, begin_twice, come_to_rest, end_waits, start},
};

/// How many orders of each story.
const ORDERS: u64 = 3;

/// What is left when all is done, less what order may change: the times and the number of lines about GitHub, when
/// access was first granted, whether days of grace were over before a payment was heard of, what the buyer was told, how
/// often something was written, and `causes`, the newest events in the order in which they came.
#[derive(Debug, PartialEq)]
struct Left {
    purchase: Purchase,
    entitlement: Option<Entitled>,
    tally: Tally,
    github: Access,
    events: Vec<(String, Action, LogStatus)>,
}

/// What is left of an entitlement.
#[derive(Debug, PartialEq)]
struct Entitled {
    purchases: BTreeSet<PurchaseId>,
    observed: Observed,
    /// Unknown if the gate was closed again: who is heard of after that was never let in.
    admitted: Option<bool>,
    problem: Option<AccessProblem>,
}

impl Entitled {
    fn new(it: Entitlement, gate: Gate) -> Self {
        let admitted = (gate != Gate::ClosedAgain).then_some(it.admitted);
        Self { purchases: it.purchases, observed: it.observed, admitted, problem: it.problem }
    }
}

async fn left(t: &TestStack, purchase: &str, gate: Gate) -> Left {
    let stored = t.stack.store.purchase(crate::world::COMPANY, purchase.parse().unwrap()).await.unwrap().unwrap();
    let books = Books::read(t, stored.repository).await;
    let entitlement = t.stack.store.entitlement(&stored.entitlement()).await.unwrap();
    let account = t.github().user_id(BUYER).unwrap();
    let mut purchase = books.purchase(purchase).clone();
    purchase.rev = 0;
    purchase.causes = Causes::default();
    purchase.decisions.lapsed.retain(|invoice, _| !purchase.facts.payments.contains_key(invoice));
    purchase.told = Told::default();
    purchase.access = purchase::Access { granted_at: None, invited_at: None, ..purchase.access };
    let events = books.logs[&purchase.id.to_string()].iter();
    let mut events: Vec<_> = events.filter_map(|line| Some((event(line)?, line.action, line.status))).collect();
    events.sort();
    Left {
        entitlement: entitlement.map(|it| Entitled::new(it, gate)),
        tally: books.tally,
        github: t.github().access(OWNER, NAME, account),
        events,
        purchase,
    }
}

/// All deliveries, each one to three times, in a drawn order; the first order is as it happened, each once.
fn shuffled(t: &TestStack, order: u64, dice: &Dice) -> Vec<Delivery> {
    let deliveries = t.stripe().undelivered();
    if order == 0 {
        return deliveries;
    }
    let mut deliveries: Vec<_> = deliveries.iter().flat_map(|it| vec![it.clone(); 1 + dice.below(3)]).collect();
    dice.shuffle(&mut deliveries);
    deliveries
}

/// Plays a story, delivers its events in one order, and lets the workers work at any moment between.
async fn play(story: &Story, old_shapes: bool, order: u64) -> Left {
    let t = start(7, Duration::from_secs(5)).await;
    t.stripe().old_shapes(old_shapes);
    // The port differs from run to run, and the address of an invoice's page is kept.
    t.stripe().set_public_url("http://stripe.test");
    let sale = begin(&t, story).await;
    let session = story.session(&t, &sale).await;
    let events: Vec<Event> = story.play(&t, &session);
    let dice = Dice::new(order);
    for delivery in shuffled(&t, order, &dice) {
        let answer = t.post_event(delivery.body, &delivery.signature).await;
        assert_eq!(answer.status, 200, "{answer}");
        t.stripe().delivered(&delivery.event_id);
        if dice.chance(40) {
            t.stack.settle(1 + dice.below(2)).await.unwrap();
        }
        if dice.chance(10) {
            end_waits(&t).await;
        }
    }
    come_to_rest(&t).await;
    let expected = Expected {
        events: relevant_to(&sale.purchase, &events),
        purchase: sale.purchase.clone(),
        buyer: BUYER,
        end: story.end,
    };
    let wrong = violations(&t, &[expected]).await;
    // A trial's checkout has a session besides ours.
    assert!(wrong.is_empty(), "{}, order {order}: {wrong:#?}", story.name);
    let left = left(&t, &sale.purchase, story.end.gate).await;
    t.finish().await;
    left
}

#[tokio::test]
async fn events_in_any_order_leave_the_same_behind_everywhere() {
    for (number, story) in STORIES.iter().enumerate() {
        let old_shapes = number % 2 == 1;
        let in_order = play(story, old_shapes, 0).await;
        for order in 1..ORDERS {
            assert_eq!(play(story, old_shapes, order).await, in_order, "{}, order {order}", story.name);
        }
        assert_eq!(play(story, !old_shapes, ORDERS).await.tally, in_order.tally, "{}, other shapes", story.name);
    }
}

#[tokio::test]
async fn access_stays_while_another_purchase_justifies_it() {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let (first, second) = begin_twice(&t, &repository).await;
    let account = t.github().user_id(BUYER).unwrap();
    for sale in [&first, &second] {
        t.pay_and_settle(sale).await;
    }
    t.stripe().refund(&first.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(t.github().access(OWNER, NAME, account), Access::Invited { expired: false });
    assert_eq!(t.customer(&first.purchase).await["accessStatus"], "revoked");
    assert_eq!(t.customer(&second.purchase).await["accessStatus"], "active");
    t.stripe().refund(&second.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(t.github().access(OWNER, NAME, account), Access::None);
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 1);
    t.finish().await;
}
