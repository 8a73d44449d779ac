//! A worker that is killed: between any two records of a batch, and between any two calls of a record.

use std::time::Duration;

use journeys::{Sale, TestStack};
use testkit::{faults::Faults, stripe::Event};

use crate::{
    invariants::{Expected, relevant_to, violations},
    stories::{End, Gate, PRICE, STORIES},
    world::{come_to_rest, start, stopped_at},
};

/// Three buyers' events in one batch: one pays, one pays and gets the money back, one has a coupon.
async fn fill(t: &TestStack) -> Vec<Expected> {
    let repository = t.list(&STORIES[0].listing()).await;
    let mut expected = Vec::new();
    for (buyer, story) in [("johndoe", &STORIES[0]), ("janedoe", &STORIES[2]), ("octocat", &STORIES[8])] {
        let sale: Sale = t.checkout(&repository, buyer).await;
        let events: Vec<Event> = story.play(t, &sale.session);
        let events = relevant_to(&sale.purchase, &events);
        expected.push(Expected { purchase: sale.purchase, buyer, end: story.end, events });
    }
    t.deliver().await;
    expected
}

/// Kills the work at a call, and says how many calls it had made by then; `None` when it was finished before.
async fn killed_at(call: usize) -> Option<usize> {
    let t = start(1, Duration::from_secs(5)).await;
    let expected = fill(&t).await;
    // Counts anew.
    t.faults.start(&Faults::none());
    let killed = stopped_at(call, &t.faults, t.stack.settle(50)).await.is_err();
    come_to_rest(&t).await;
    let wrong = violations(&t, &expected).await;
    assert!(wrong.is_empty(), "killed at call {call}: {wrong:#?}");
    t.finish().await;
    killed.then_some(call)
}

#[tokio::test]
async fn a_worker_killed_at_any_call_of_a_batch_loses_and_doubles_nothing() {
    let mut kills = 0;
    while killed_at(kills).await.is_some() {
        kills += 1;
    }
    eprintln!("killed at each of {kills} calls");
    assert!(kills > 30, "only {kills}");
}

#[tokio::test]
async fn the_batch_is_what_it_is_meant_to_be() {
    let t = start(1, Duration::from_secs(5)).await;
    let ends: Vec<End> = fill(&t).await.into_iter().map(|it| it.end).collect();
    let gates: Vec<Gate> = ends.iter().map(|end| end.gate).collect();
    assert_eq!(gates, [Gate::Open, Gate::ClosedAgain, Gate::Open]);
    assert_eq!(ends.iter().map(|end| end.revenue).sum::<i64>(), PRICE);
    t.leave_messages();
}
