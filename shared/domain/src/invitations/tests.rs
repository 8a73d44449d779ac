//! Never more than fifty a day, in the order of payment, nobody twice and nobody forgotten.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::Random;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn full(second: i64) -> Budget {
    (0..50).fold(Budget::default(), |budget, n| budget.with(GithubUserId(n), at(second + i64::try_from(n).unwrap())))
}

fn place(paid_at: i64, number: u8) -> Place {
    Place { paid_at: at(paid_at), purchase: PurchaseId::generate(at(0), &Random::new(move |bytes| bytes.fill(number))) }
}

#[test]
fn the_fifty_first_waits_until_the_first_is_a_day_old() {
    let budget = full(1000);
    assert_eq!(Budget::default().turn(0, at(1000)), Turn::Now);
    assert_eq!(budget.free(at(1100)), 0);
    assert_eq!(budget.turn(0, at(1100)), Turn::From(at(1000 + WINDOW_SECONDS)));
    assert_eq!(budget.turn(9, at(1100)), Turn::From(at(1009 + WINDOW_SECONDS)));
    assert_eq!(budget.turn(50, at(1100)), Turn::From(at(1000 + 2 * WINDOW_SECONDS)), "a second day");
    assert_eq!(budget.turn(0, at(1000 + WINDOW_SECONDS)), Turn::Now);
    assert_eq!(budget.turn(1, at(1000 + WINDOW_SECONDS)), Turn::From(at(1001 + WINDOW_SECONDS)));
}

#[test]
fn those_who_wait_keep_their_slots_from_those_who_come_later() {
    let budget = (0..45).fold(Budget::default(), |budget, n| budget.with(GithubUserId(n), at(1000)));
    assert_eq!(budget.turn(4, at(1100)), Turn::Now);
    assert_eq!(budget.turn(5, at(1100)), Turn::From(at(1000 + WINDOW_SECONDS)));
}

#[test]
fn what_github_did_not_take_is_given_back_and_what_it_says_is_believed() {
    let budget = full(1000);
    assert!(budget.counts(GithubUserId(7), at(1007), at(1100)));
    assert!(!budget.counts(GithubUserId(7), at(1008), at(1100)));
    let less = budget.without(GithubUserId(7), at(1007));
    assert_eq!((less.free(at(1100)), less.turn(0, at(1100))), (1, Turn::Now));
    let closed = less.closed(at(5000));
    assert_eq!(closed.turn(0, at(1100)), Turn::From(at(5000)));
    assert_eq!(closed.turn(0, at(5000)), Turn::Now);
    assert_eq!(closed.with(GithubUserId(1), at(6000)).turn(0, at(6000)), Turn::From(at(1000 + WINDOW_SECONDS)));
}

#[test]
fn a_budget_of_fifty_stays_below_two_write_units() {
    let accounts = (0..50).map(|n| (GithubUserId(4_000_000_000 + n), at(1_790_000_000)));
    let budget = accounts.fold(Budget::default(), |budget, (account, now)| budget.with(account, now));
    let text = serde_json::to_string(&budget).unwrap();
    assert!(text.len() < 1500, "{}", text.len());
    assert_eq!(serde_json::from_str::<Budget>(&text).unwrap(), budget);
}

/// What came of a simulated crowd.
#[derive(Default)]
struct Crowd {
    budget: Budget,
    waiting: BTreeMap<Place, u64>,
    due: BTreeMap<u64, i64>,
    invited: Vec<(i64, Place, u64)>,
}

impl Crowd {
    /// As the worker does it: look, and take the turn or wait.
    fn sync(&mut self, (place, account): (Place, u64), now: i64) {
        let ahead = self.waiting.keys().filter(|other| **other < place).count();
        match self.budget.turn(ahead, at(now)) {
            Turn::Now => {
                self.budget = self.budget.with(GithubUserId(account), at(now));
                self.waiting.remove(&place);
                self.due.remove(&account);
                self.invited.push((now, place, account));
            }
            Turn::From(when) => {
                assert!(when.as_second() > now, "a wait that is over");
                self.waiting.insert(place, account);
                self.due.insert(account, when.as_second());
            }
        }
    }

    /// The work of one minute: all that is due, in any order.
    fn minute(&mut self, now: i64) {
        let due: Vec<_> = self.due.iter().filter(|(_, when)| **when <= now).map(|(account, _)| *account).collect();
        for account in due {
            let place = self.waiting.iter().find(|(_, other)| **other == account).map(|(place, _)| *place);
            if let Some(place) = place {
                self.sync((place, account), now);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_crowd_is_admitted_in_the_order_of_payment_fifty_a_day_and_nobody_twice(
        buyers in proptest::collection::vec((0_i64..7200, 0_i64..600, 0_u8..=255), 0..140),
    ) {
        let mut crowd = Crowd::default();
        let mut arrivals: Vec<_> = buyers
            .iter()
            .enumerate()
            .map(|(number, (paid, late, luck))| (paid + late, (place(*paid, *luck), u64::try_from(number).unwrap())))
            .collect();
        // A purchase has one buyer.
        let mut seen = BTreeSet::new();
        arrivals.retain(|(_, (place, _))| seen.insert(*place));
        arrivals.sort_by_key(|(when, _)| *when);
        let mut next = arrivals.iter().peekable();
        for now in (0..6 * WINDOW_SECONDS).step_by(60) {
            while let Some((_, buyer)) = next.next_if(|(when, _)| *when <= now) {
                crowd.sync(*buyer, now);
            }
            crowd.minute(now);
        }
        prop_assert_eq!(crowd.invited.len(), arrivals.len(), "somebody was forgotten, or invited twice");
        for (index, (first, ..)) in crowd.invited.iter().enumerate() {
            if let Some((fifty_first, ..)) = crowd.invited.get(index + PER_WINDOW) {
                prop_assert!(fifty_first - first >= 24 * 60 * 60);
            }
        }
        // Once all have come, who paid earlier is never admitted later, beyond the minute in which both were due.
        let settled: Vec<_> = crowd.invited.iter().filter(|(when, ..)| *when > 8000).collect();
        for pair in settled.windows(2) {
            prop_assert!(pair[0].0 == pair[1].0 || pair[0].1 < pair[1].1, "{pair:?}");
        }
    }

    #[test]
    fn who_is_further_behind_is_never_admitted_earlier(
        sent in proptest::collection::vec(0_i64..90_000, 0..60), closed in proptest::option::of(0_i64..200_000), ahead in 0_usize..200,
    ) {
        let now = at(90_000);
        let mut sorted = sent;
        sorted.sort_unstable();
        let mut budget = sorted.iter().fold(Budget::default(), |budget, sent| budget.with(GithubUserId(1), at(*sent)));
        if let Some(until) = closed {
            budget = budget.closed(at(until));
        }
        let when = |ahead| match budget.turn(ahead, now) {
            Turn::Now => now,
            Turn::From(when) => when,
        };
        prop_assert!(when(ahead) <= when(ahead + 1));
        prop_assert!(when(ahead) >= now);
    }
}
