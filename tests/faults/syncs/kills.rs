//! A sync that is killed, or that a call fails, at each of its calls: to the table, to the bucket, to the queue, to the forge.

use std::time::Duration;

use domain::forge::ForgeKind;
use testkit::faults::{Fault, Faults};

use super::Shop;
use crate::world::stopped_at;

const QUEUE: &str = "PackagesQueue";

/// What happens on the forge while the sync lies dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// All is taken back: what was to be found is not there any more.
    TakenBack,
    /// It moves on.
    MovesOn,
}

/// A tag that moved, one that is gone, two that are new, one of them bad.
async fn changed(kind: ForgeKind) -> (Shop, String) {
    let shop = Shop::synced(kind, 1).await;
    let first = shop.tags.borrow()["v1.0.0"].clone();
    shop.t.clock.advance(Duration::from_mins(1));
    shop.release("v1.0.0");
    shop.delete("v1.1.0");
    shop.annotate("v2.0.0");
    shop.bad("v2.1.0");
    assert_eq!(shop.ask().await.status, 202);
    (shop, first)
}

async fn meanwhile(shop: &Shop, first: &str, what: Meanwhile) {
    match what {
        Meanwhile::Nothing => return,
        Meanwhile::TakenBack => {
            shop.put_tag("v1.0.0", first, false);
            shop.delete("v2.0.0");
            shop.delete("v2.1.0");
        }
        Meanwhile::MovesOn => {
            shop.release("v1.0.0");
            shop.release("v2.0.0");
            shop.release("v3.0.0");
        }
    }
    assert_eq!(shop.ask().await.status, 202);
}

/// Kills a sync at a call; true if it made that call.
async fn killed_at(call: usize, kind: ForgeKind, what: Meanwhile) -> bool {
    let (shop, first) = changed(kind).await;
    shop.t.faults.start(&Faults::none());
    let killed = stopped_at(call, &shop.t.faults, shop.t.stack.settle_queue(QUEUE, 50)).await.is_err();
    let at = shop.t.faults.called().pop().unwrap_or_default();
    meanwhile(&shop, &first, what).await;
    shop.rest().await;
    shop.right(&format!("{kind}, killed at call {call}, {at}; {what:?}")).await;
    shop.t.finish().await;
    killed
}

async fn killed_everywhere(kind: ForgeKind, what: Meanwhile) {
    let mut kills = 0;
    while killed_at(kills, kind, what).await {
        kills += 1;
    }
    eprintln!("{kind}, {what:?}: killed at each of {kills} calls");
    assert!(kills > 15, "only {kills}");
}

#[tokio::test]
async fn a_sync_killed_at_any_call_ends_as_if_it_had_not_been() {
    for kind in ForgeKind::ALL {
        killed_everywhere(kind, Meanwhile::Nothing).await;
    }
}

#[tokio::test]
async fn what_a_killed_sync_had_begun_does_not_outlive_what_was_taken_back() {
    killed_everywhere(ForgeKind::Github, Meanwhile::TakenBack).await;
}

#[tokio::test]
async fn a_killed_sync_does_not_stand_in_the_way_of_what_comes_after() {
    killed_everywhere(ForgeKind::Gitlab, Meanwhile::MovesOn).await;
}

/// Lets each call of a sync fail, in each way.
#[tokio::test]
async fn any_single_fault_in_a_sync_is_made_good() {
    let mut runs = 0;
    for fault in [Fault::Before, Fault::After, Fault::Timeout, Fault::Throttle] {
        for call in 0.. {
            let (shop, _) = changed(ForgeKind::Github).await;
            shop.t.faults.start(&Faults::nth(call, fault));
            let _ = shop.t.stack.settle_queue(QUEUE, 50).await;
            let struck = shop.t.faults.struck();
            shop.rest().await;
            shop.right(&format!("{fault:?} of {struck:?}")).await;
            shop.t.finish().await;
            if struck.is_empty() {
                break;
            }
            runs += 1;
        }
    }
    eprintln!("{runs} single faults in a sync");
    assert!(runs > 80, "only {runs}");
}
