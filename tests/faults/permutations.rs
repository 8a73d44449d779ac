//! The rules alone, without a system around them: every order of a story's events, each of them one to three times, and
//! GitHub made to match at any moment between.
//!
//! The orders are not listed but explored. What a purchase is after some events depends on nothing but what it was
//! before the last of them, so it is enough to follow, for each number of times that each event has come, the different
//! purchases there are by then. If each rule of merging is sound there is only ever one per state of GitHub.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    access::Observed,
    purchase::{Gate as Decision, Purchase},
    stripe_event::PaymentEvent,
    tally::Tally,
};

use crate::{
    stories::{End, Gate, STORIES, Story, relevant},
    world::{COMPANY, Dice, begin, start},
};

/// The most relevant events of a story of which all orders are explored.
const EXPLORED: usize = 7;
/// How many orders are drawn of a longer story.
const DRAWN: u64 = 1000;
/// How often an event comes at most.
const MOST: usize = 3;

/// A story's purchase at its beginning, its relevant events, and when they are told: after all of them have happened.
struct Told {
    begun: Purchase,
    events: Vec<PaymentEvent>,
    now: Timestamp,
}

/// Plays a story.
async fn told(story: &Story, old_shapes: bool) -> Told {
    let t = start(1, std::time::Duration::from_secs(5)).await;
    t.stripe().old_shapes(old_shapes);
    let sale = begin(&t, story).await;
    let session = story.session(&t, &sale).await;
    let events = relevant(&story.play(&t, &session));
    let purchase = t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap();
    let told = Told { begun: purchase, events, now: t.now() };
    t.leave_messages();
    told
}

impl Told {
    /// The purchase when one more event has come.
    fn learning(&self, purchase: &Purchase, event: &PaymentEvent) -> Purchase {
        purchase.learning(&event.facts).at(self.now)
    }
}

/// GitHub is made to match. What order may change is left out: when access was first granted, and whether days of grace
/// were found to be over before the payment was heard of that had ended them.
fn synced(purchase: &Purchase) -> Purchase {
    let observed = if purchase.gate() == Decision::Open { Observed::Invited } else { Observed::Nothing };
    let mut seen = purchase.seeing(observed, None, purchase.created_at);
    seen.access.granted_at = None;
    seen.decisions.lapsed.retain(|invoice, _| !seen.facts.payments.contains_key(invoice));
    seen
}

/// The purchases that there can be after all orders.
fn explore(told: &Told) -> Vec<Purchase> {
    let (begun, events) = (&told.begun, &told.events);
    // By how often each event has come.
    let mut reached: BTreeMap<Vec<usize>, Vec<Purchase>> =
        BTreeMap::from([(vec![0; events.len()], vec![begun.clone()])]);
    let mut ends = Vec::new();
    while let Some((counts, purchases)) = reached.pop_first() {
        let mut here = purchases.clone();
        for purchase in &purchases {
            remember(&mut here, synced(purchase));
        }
        for (at, event) in events.iter().enumerate().filter(|(at, _)| counts[*at] < MOST) {
            let mut next = counts.clone();
            next[at] += 1;
            let there = reached.entry(next).or_default();
            for purchase in &here {
                remember(there, told.learning(purchase, event));
            }
        }
        if counts.iter().all(|count| *count >= 1) {
            for purchase in &here {
                remember(&mut ends, synced(purchase));
            }
        }
    }
    ends
}

fn remember(known: &mut Vec<Purchase>, purchase: Purchase) {
    if !known.contains(&purchase) {
        known.push(purchase);
    }
}

/// How many orders there are of so many events that come one to three times each.
fn orders(events: usize) -> u128 {
    // ways[n] = orders of n deliveries so far; adding an event c times chooses its places.
    let mut ways = BTreeMap::from([(0_u128, 1_u128)]);
    for _ in 0..events {
        let mut next = BTreeMap::new();
        for (n, count) in ways {
            for c in 1..=MOST as u128 {
                *next.entry(n + c).or_default() += count * (1..=c).fold(1, |product, k| product * (n + k) / k);
            }
        }
        ways = next;
    }
    ways.values().sum()
}

/// One order that is drawn, with GitHub made to match here and there.
fn draw(told: &Told, dice: &Dice) -> Purchase {
    let mut order: Vec<&PaymentEvent> =
        told.events.iter().flat_map(|event| vec![event; 1 + dice.below(MOST)]).collect();
    dice.shuffle(&mut order);
    let mut purchase = told.begun.clone();
    for event in order {
        purchase = told.learning(&purchase, event);
        if dice.chance(30) {
            purchase = synced(&purchase);
        }
    }
    synced(&purchase)
}

fn check(title: &str, end: &End, purchase: &Purchase) {
    let gate = match purchase.gate() {
        Decision::NotYet => Gate::NeverOpened,
        Decision::Open => Gate::Open,
        Decision::Closed { .. } => Gate::ClosedAgain,
    };
    let tally = Tally::of(purchase);
    let (revenue, refunded) = (tally.revenue_cents, tally.refunded_cents);
    let is = End { gate, status: purchase.status(), revenue, refunded, opens: end.opens };
    assert_eq!(is, *end, "{title}");
}

#[tokio::test]
async fn events_in_any_order_and_any_number_end_the_same() {
    let (mut all, mut drawn) = (0, 0);
    for story in STORIES {
        for old_shapes in [false, true] {
            let told = told(story, old_shapes).await;
            let events = &told.events;
            let title = format!("{} (old shapes: {old_shapes}), {} events", story.name, events.len());
            let in_order = events.iter().fold(told.begun.clone(), |purchase, event| told.learning(&purchase, event));
            check(&title, &story.end, &synced(&in_order));
            if events.len() <= EXPLORED {
                assert_eq!(explore(&told), [synced(&in_order)], "{title}");
                all += orders(events.len());
            } else {
                for seed in 0..DRAWN {
                    assert_eq!(draw(&told, &Dice::new(seed)), synced(&in_order), "{title}, seed {seed}");
                }
                drawn += DRAWN;
            }
        }
    }
    eprintln!("{all} orders explored, {drawn} drawn");
}

#[test]
fn the_orders_are_counted_right() {
    // 1 + 1 + 1 for one event; for two: 2 + 3 + 4 + 3 + 6 + 10 + 4 + 10 + 20.
    assert_eq!((orders(1), orders(2)), (3, 62));
}
