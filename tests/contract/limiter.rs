//! The limiter against a plain model: however many processes count, and in whatever order, an hour has its limit of requests
//! and no more; and whoever is refused has had all but the few that other processes still hold.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use api::{Kind, RateSlot};
use auth::Limiter;
use domain::rate::{ANONYMOUS, Bucket, CHECKOUT, Window};
use futures::future::join_all;
use journeys::TestStack;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use store::Volatile;
use tokio::runtime::Runtime;

/// Histories per property.
const CASES: u32 = 24;
/// What a process may hold and not spend: the largest portion without the request that it was leased for.
const HELD: usize = 9;
/// Small, so that histories are short and cross every edge.
const BUCKETS: [&Bucket; 3] = [&Bucket { name: "odd", limit: 137, ..ANONYMOUS }, &ANONYMOUS, &CHECKOUT];

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// So many requests of a caller to each of the processes.
    Requests { caller: u8, to: Vec<usize> },
    /// Time passes, in minutes.
    Wait(u8),
}

fn history() -> impl Strategy<Value = (&'static Bucket, usize, Vec<Step>)> {
    (prop::sample::select(&BUCKETS[..]), 1_usize..5).prop_flat_map(|(bucket, processes)| {
        let requests = (0_u8..2, prop::collection::vec(0..20_usize, processes));
        let step = prop_oneof![
            6 => requests.prop_map(|(caller, to)| Step::Requests { caller, to }),
            1 => (1_u8..50).prop_map(Step::Wait),
        ];
        (Just(bucket), Just(processes), prop::collection::vec(step, 1..12))
    })
}

/// Processes that count the same, each with a memory of its own.
struct Processes<'a> {
    t: &'a TestStack,
    bucket: &'static Bucket,
    limiters: Vec<Limiter>,
    /// The model: what was let in, of each caller in each hour.
    admitted: RefCell<HashMap<(String, i64), usize>>,
}

impl<'a> Processes<'a> {
    fn new(t: &'a TestStack, bucket: &'static Bucket, count: usize) -> Self {
        let volatile = Volatile::new(t.aws.dynamodb.clone(), "VolatileTable");
        let limiters = (0..count).map(|_| Limiter::new(volatile.clone(), t.clock.clock())).collect();
        Self { t, bucket, limiters, admitted: RefCell::default() }
    }

    /// Whether a request was let in, and how many were up to now.
    async fn request(&self, process: usize, caller: &str) -> (bool, usize) {
        let window = Window::at(self.t.now()).starts_at();
        let allowed = self.limiters[process].allow(self.bucket, caller, &RateSlot::default()).await;
        if let Err(error) = &allowed {
            assert_eq!(error.kind, Kind::RateLimited);
        }
        let mut admitted = self.admitted.borrow_mut();
        let admitted = admitted.entry((caller.to_owned(), window)).or_default();
        *admitted += usize::from(allowed.is_ok());
        (allowed.is_ok(), *admitted)
    }

    fn limit(&self) -> usize {
        self.bucket.limit as usize
    }

    /// Once every process refuses, each caller has had exactly the limit.
    async fn drain(&self) -> Result<(), TestCaseError> {
        for caller in ["caller 0", "caller 1"] {
            let mut admitted = 0;
            for process in 0..self.limiters.len() {
                loop {
                    let (allowed, sum) = self.request(process, caller).await;
                    admitted = sum;
                    prop_assert!(sum <= self.limit(), "{sum} of {}", self.limit());
                    if !allowed {
                        break;
                    }
                }
            }
            prop_assert_eq!(admitted, self.limit());
        }
        Ok(())
    }
}

/// Tries the property on the same histories in every run.
fn check(property: &impl AsyncFn(&Processes<'_>, &[Step]) -> Result<(), TestCaseError>) {
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let t = runtime.block_on(TestStack::start());
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&history(), |(bucket, processes, steps)| {
        // Whatever was counted before is over.
        t.clock.advance(Duration::from_hours(1));
        runtime.block_on(async {
            let processes = Processes::new(&t, bucket, processes);
            property(&processes, &steps).await?;
            processes.drain().await
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    runtime.block_on(t.finish());
}

#[test]
fn whoever_is_refused_has_had_all_but_the_few_that_other_processes_hold() {
    check(&async |processes, steps| {
        let held_by_others = HELD * (processes.limiters.len() - 1);
        for step in steps {
            match step {
                Step::Wait(minutes) => processes.t.clock.advance(Duration::from_mins(u64::from(*minutes))),
                Step::Requests { caller, to } => {
                    let turns = to.iter().enumerate().flat_map(|(process, times)| std::iter::repeat_n(process, *times));
                    for process in turns {
                        let (allowed, sum) = processes.request(process, &format!("caller {caller}")).await;
                        prop_assert!(sum <= processes.limit(), "{sum} let in");
                        prop_assert!(allowed || sum + held_by_others >= processes.limit(), "refused after {sum}");
                    }
                }
            }
        }
        Ok(())
    });
}

#[test]
fn requests_at_the_same_time_are_never_more_than_the_limit() {
    check(&async |processes, steps| {
        for step in steps {
            match step {
                Step::Wait(minutes) => processes.t.clock.advance(Duration::from_mins(u64::from(*minutes))),
                Step::Requests { caller, to } => {
                    let turns = to.iter().enumerate().flat_map(|(process, times)| std::iter::repeat_n(process, *times));
                    let caller = format!("caller {caller}");
                    let answers = join_all(turns.map(|process| processes.request(process, &caller))).await;
                    for (_, sum) in answers {
                        prop_assert!(sum <= processes.limit(), "{sum} let in");
                    }
                }
            }
        }
        Ok(())
    });
}
