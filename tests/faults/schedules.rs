//! Seeded fault schedules over whole stories, and every single fault of the plainest one.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::FutureExt;
use journeys::{Sale, TestStack};
use testkit::faults::{Fault, Faults};

use crate::{
    invariants::{Expected, relevant_to, violations},
    letters::{SENDING, VENDOR, wrong_letters},
    stories::{STORIES, Step, Story},
    world::{BUYER, Dice, NAME, OWNER, PATIENCE, come_to_rest, deliver_some, end_waits, start_with, struck},
};

/// How many schedules are played unless `TOLLGATE_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 1000;
/// How many are played at once.
const THREADS: usize = 2;
/// How often a buyer presses the button again.
const TRIES: usize = 4;
/// How often something is tried though nothing should fail.
const BUSY_TRIES: usize = 10;
/// After so many failures no more schedules are begun.
const ENOUGH: usize = 3;

/// Plays a story with `faults` active, and says what is wrong at the end.
async fn play(t: &TestStack, story: &Story, faults: &Faults, dice: &Dice) -> Vec<String> {
    let repository = list(t, story).await;
    t.faults.start(faults);
    let sale = buy(t, &repository).await;
    let mut events = Vec::new();
    for step in story.steps {
        events.extend(step.take(t, &sale.session));
        t.clock.advance(Duration::from_secs(1 + dice.below(90) as u64));
        meanwhile(t, dice).await;
    }
    meanwhile(t, dice).await;
    come_to_rest(t).await;
    // The sessions of checkouts that were begun in vain expire, unless the story has waited for days anyway.
    if !story.steps.iter().any(|step| matches!(step, Step::Wait(_))) {
        t.clock.advance(Duration::from_hours(25));
        come_to_rest(t).await;
    }
    // What no event tells of is due by the clock, the end of grace for one.
    t.run_schedule("due").await;
    come_to_rest(t).await;
    let events = relevant_to(&sale.purchase, &events);
    let mut wrong = wrong_letters(t, story, &sale.purchase).await;
    wrong.extend(violations(t, &[Expected { purchase: sale.purchase, buyer: BUYER, end: story.end, events }]).await);
    wrong
}

/// Lists what the story sells. Nothing fails yet, but a busy machine may be slower than the client is patient.
async fn list(t: &TestStack, story: &Story) -> String {
    t.github().add_repository(OWNER, NAME, true);
    for _ in 0..BUSY_TRIES {
        let answer = t.post("/api/admin/repositories", &story.listing()).await;
        if answer.status == 201 {
            return answer.text("/id");
        }
        assert_eq!(answer.status, 503, "{answer}");
    }
    panic!("the repository could not be listed");
}

/// The buyer tries a few times, and once more when everything works again.
async fn buy(t: &TestStack, repository: &str) -> Sale {
    // A busy machine may be slower than the clients are patient, so it may take more than one.
    for attempt in 0..TRIES + BUSY_TRIES {
        if attempt >= TRIES {
            t.faults.heal();
            // Longer than GitHub asked to wait.
            t.clock.advance(Duration::from_mins(2));
        }
        let answer = t.try_checkout(repository, BUYER).await;
        if answer.status == 200 {
            return Sale { session: answer.text("/sessionId"), purchase: answer.text("/purchaseId") };
        }
        assert_eq!(answer.status, 503, "a checkout was answered {answer}");
    }
    panic!("nothing fails, and nothing can be bought");
}

/// Deliveries and work, as far as faults let them, and perhaps the buyer accepts.
async fn meanwhile(t: &TestStack, dice: &Dice) {
    for _ in 0..dice.below(3) {
        deliver_some(t, dice).await;
        let _ = t.stack.settle(1 + dice.below(3)).await;
        if dice.chance(30) {
            end_waits(t).await;
        }
        if dice.chance(20) {
            let _ = t.github().accept(OWNER, NAME, BUYER);
        }
    }
}

/// Plays the schedule that follows from a seed; answers which calls failed, a line each, or all that is needed to play it again.
fn schedule(seed: u64) -> Result<String, String> {
    let stories: Vec<_> = STORIES.iter().filter(|story| story.is_through_our_session()).collect();
    let dice = Dice::new(seed);
    let story = stories[dice.below(stories.len())];
    let percent = [3, 10, 20, 35][dice.below(4)];
    let title = format!("TOLLGATE_SEED={seed}: {}, {percent} % faults", story.name);
    run(&title, seed, story, &Faults::seeded(seed, percent), &dice)
}

/// Plays a story on a system of its own, and answers which calls failed, a line each.
fn run(title: &str, seed: u64, story: &Story, faults: &Faults, dice: &Dice) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let t = start_with(seed, patience(), vec![("ALERT_EMAIL", VENDOR.to_owned())]).await;
        let played = std::panic::AssertUnwindSafe(play(&t, story, faults, dice)).catch_unwind().await;
        let struck = struck(&t.faults);
        t.leave_messages();
        match played {
            Ok(wrong) if wrong.is_empty() => Ok(struck),
            Ok(wrong) => Err(format!("{title}\n  {}\nstruck:\n{struck}", wrong.join("\n  "))),
            Err(panic) => Err(format!("{title}\n  {}\nstruck:\n{struck}", words(&*panic))),
        }
    })
}

/// How long the client of GitHub and Stripe waits.
pub(crate) fn patience() -> Duration {
    number("TOLLGATE_PATIENCE_MS").map_or(PATIENCE, Duration::from_millis)
}

#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the system")]
pub(crate) fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

pub(crate) fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

/// Plays so many schedules, and answers with a line for each call that failed. Fails if one of them ends wrong.
pub(crate) fn play_all(schedules: u64, schedule: impl Fn(u64) -> Result<String, String> + Sync) -> Vec<String> {
    let (next, struck, failures) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let play = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules || failures.lock().unwrap().len() >= ENOUGH {
                return;
            }
            match schedule(seed) {
                Ok(lines) => struck.lock().unwrap().extend(lines.lines().map(str::to_owned)),
                Err(failure) => failures.lock().unwrap().push(failure),
            }
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(play);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    struck.into_inner().unwrap()
}

#[test]
fn whatever_fails_nothing_is_lost_nothing_is_doubled_and_nobody_keeps_access() {
    if let Some(seed) = number("TOLLGATE_SEED") {
        schedule(seed).unwrap_or_else(|failure| panic!("{failure}"));
        return;
    }
    let (schedules, begun) = (number("TOLLGATE_SCHEDULES").unwrap_or(SCHEDULES), Instant::now());
    let struck = play_all(schedules, schedule);
    let faults = struck.len();
    let letters = struck.iter().filter(|line| line.contains(SENDING)).count() as u64;
    eprintln!("{schedules} schedules, {faults} faults, {letters} of them at letters, {:.0?}", begun.elapsed());
    assert!(schedules < 100 || letters > schedules / 10, "hardly a fault struck a letter");
}

#[test]
fn any_single_fault_in_a_plain_purchase_is_made_good() {
    let runs = single_faults("one-time");
    assert!(runs > 100, "only {runs}");
}

#[test]
fn any_single_fault_in_a_refunded_purchase_is_made_good() {
    let runs = single_faults("one-time, refunded");
    assert!(runs > 150, "only {runs}");
}

/// Plays a story once for each call that it makes and each way in which that one can fail.
fn single_faults(name: &str) -> usize {
    let story = STORIES.iter().find(|story| story.name == name).unwrap();
    let mut runs = 0;
    for fault in [Fault::Before, Fault::After, Fault::Timeout, Fault::Throttle] {
        for index in 0.. {
            // Always the same luck but for the fault.
            let title = format!("{name}: {fault:?} of call {index}");
            let played = run(&title, 1, story, &Faults::nth(index, fault), &Dice::new(4));
            if played.unwrap_or_else(|failure| panic!("{failure}")).is_empty() {
                break;
            }
            runs += 1;
        }
    }
    eprintln!("{name}: {runs} single faults");
    runs
}
