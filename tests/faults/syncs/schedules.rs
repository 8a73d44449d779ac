//! Seeded schedules of tags that come, move and go, with webhooks, requests, faults and kills between them.
//!
//! `TOLLGATE_SCHEDULES` plays a share of that number; `TOLLGATE_SEED` plays one.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use domain::forge::ForgeKind;
use futures::FutureExt;
use testkit::faults::Faults;

use super::Shop;
use crate::{
    schedules::{number, patience, play_all, words},
    world::{Dice, end_waits, stopped_at, struck},
};

/// How many are played unless `TOLLGATE_SCHEDULES` says otherwise, and which share of those.
const SCHEDULES: u64 = 60;
const SHARE: u64 = 10;
const TAGS: [&str; 6] = ["v1.0.0", "v1.1.0", "v1.2.0", "v2.0.0", "2.1.0", "v3.0.0-RC1"];

/// Something happens to a tag.
fn push(shop: &Shop, dice: &Dice) {
    let tag = TAGS[dice.below(TAGS.len())];
    let there = shop.tags.borrow().contains_key(tag);
    match dice.below(10) {
        0..3 if there => shop.delete(tag),
        3 => shop.annotate(tag),
        4 if shop.bad.borrow().is_empty() => shop.bad("nightly"),
        4 => shop.delete("nightly"),
        // A tag goes back to a commit that another one has.
        5 if there => {
            let commit = shop.tags.borrow().values().next().cloned().unwrap();
            shop.put_tag(tag, &commit, false);
        }
        _ => drop(shop.release(tag)),
    }
}

/// Webhooks, requests and work, as far as faults let them.
async fn meanwhile(shop: &Shop, dice: &Dice) {
    if dice.chance(60) {
        shop.deliver().await;
    }
    if dice.chance(30) {
        let answer = shop.ask().await;
        assert!(matches!(answer.status, 202 | 404 | 503), "{answer}");
    }
    if dice.chance(30) {
        // A worker dies.
        let at = shop.t.faults.calls() + dice.below(25);
        drop(stopped_at(at, &shop.t.faults, shop.t.stack.settle(3)).await);
    }
    let _ = shop.t.stack.settle(1 + dice.below(3)).await;
    if dice.chance(30) {
        end_waits(&shop.t).await;
    }
    if dice.chance(40) {
        shop.look().await;
    }
    shop.t.clock.advance(Duration::from_secs(1 + dice.below(200) as u64));
}

/// The package is deleted, and added again as soon as that can be.
async fn replace(shop: &Shop) {
    shop.t.faults.heal();
    let removed = shop.remove().await;
    assert_eq!(removed.status, 204, "{removed}");
    shop.offered.take();
    for _ in 0..10 {
        shop.wait(Duration::from_mins(1)).await;
        let answer = shop.try_add().await;
        if answer.status == 201 {
            return shop.grant().await;
        }
        assert_eq!(answer.status, 409, "{answer}");
    }
    panic!("the name is not free");
}

async fn play(shop: &Shop, seed: u64, percent: u8, dice: &Dice) -> Vec<String> {
    shop.release("v1.0.0");
    shop.t.faults.start(&Faults::seeded(seed, percent));
    for _ in 0..4 + dice.below(5) {
        push(shop, dice);
        meanwhile(shop, dice).await;
    }
    if dice.chance(20) {
        replace(shop).await;
        shop.t.faults.start(&Faults::seeded(seed + 1, percent));
        push(shop, dice);
        meanwhile(shop, dice).await;
    }
    shop.t.faults.heal();
    shop.rest().await;
    // What was not taken is told again. A forge that did not answer for long is not asked any more, and the vendor knows.
    assert!(shop.deliver().await, "nothing fails");
    shop.rest().await;
    if shop.package().await.is_some_and(|package| package.sync.error.is_some()) {
        assert_eq!(shop.ask().await.status, 202);
        shop.rest().await;
    }
    shop.wrong().await
}

/// Plays the schedule of a seed; answers with a line for each call that failed.
fn schedule(seed: u64) -> Result<String, String> {
    let dice = Dice::new(seed);
    let (kind, percent) = (ForgeKind::ALL[dice.below(3)], [0, 3, 10, 20][dice.below(4)]);
    let title = format!("TOLLGATE_SEED={seed}: {kind}, {percent} % faults");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let shop = Shop::open_with(kind, seed, patience()).await;
        let played = AssertUnwindSafe(play(&shop, seed, percent, &dice)).catch_unwind().await;
        let struck = struck(&shop.t.faults);
        shop.t.leave_messages();
        match played {
            Ok(wrong) if wrong.is_empty() => Ok(struck),
            Ok(wrong) => Err(format!("{title}\n  {}\nstruck:\n{struck}", wrong.join("\n  "))),
            Err(panic) => Err(format!("{title}\n  {}\nstruck:\n{struck}", words(&*panic))),
        }
    })
}

#[test]
fn whatever_fails_a_package_ends_with_the_tags_that_its_repository_has() {
    if let Some(seed) = number("TOLLGATE_SEED") {
        schedule(seed).unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let schedules = number("TOLLGATE_SCHEDULES").map_or(SCHEDULES, |all| all.div_ceil(SHARE));
    let begun = Instant::now();
    let faults = play_all(schedules, schedule).len();
    eprintln!("{schedules} schedules of syncs, {faults} faults, {:.0?}", begun.elapsed());
}
