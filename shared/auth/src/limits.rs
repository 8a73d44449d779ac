//! Counts requests, most of them in memory: portions of a caller's hour are leased from the table and spent here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use api::{ApiError, RateLimit, RateSlot};
use domain::{
    Clock, Timestamp,
    rate::{Bucket, Uncounted, Window},
    text,
};
use sha2::{Digest, Sha256};
use store::{Lease, Volatile};

/// Callers that are remembered. What is forgotten costs a call to the table, and no caller gets more for it.
const MOST_CALLERS: usize = 10_000;
/// Seconds for which counters that did not answer are left alone, where requests are let in without them.
const LEFT_ALONE: i64 = 10;

/// Counts requests. Clones share what they have leased, so one is made for a process.
///
/// A window never gives more than its limit. It may give less: what a process has leased and not spent is lost to others,
/// fewer than ten requests for each process.
#[derive(Clone, Debug)]
pub struct Limiter {
    counters: Volatile,
    clock: Clock,
    memory: Arc<Mutex<Memory>>,
}

/// What one request is counted as.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    limiter: Limiter,
    bucket: &'static Bucket,
    /// SHA-256 of what the caller is known by: neither the table nor the memory learns a credential.
    caller: String,
    slot: RateSlot,
}

#[derive(Debug, Default)]
struct Memory {
    callers: HashMap<(&'static str, String), Known>,
    /// The counters did not answer; until then they are not asked again.
    unanswered_until: Option<Timestamp>,
}

/// What is known of one caller's window.
#[derive(Debug, Clone, Copy)]
struct Known {
    window: Window,
    /// What of the window is given away, to whatever process.
    used: u32,
    /// What was given to this process and is not spent.
    held: u32,
    /// What was let in without being counted.
    uncounted: u32,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is let in, and so many more would be.
    Granted { remaining: u32 },
    /// It is one too many.
    Refused,
    /// It is let in, though nobody could count it.
    GrantedUncounted,
    /// It is more than a process lets in that counts for itself.
    RefusedUncounted,
}

impl Limiter {
    /// Counts with these counters.
    pub fn new(counters: Volatile, clock: Clock) -> Self {
        Self { counters, clock, memory: Arc::default() }
    }

    /// Counts a request of whoever is known by `caller` (the same text for the same caller, in one spelling), and leaves word
    /// in `slot` for the headers of the answer.
    ///
    /// # Errors
    /// When it is one too many, or when it cannot be counted and must not be let in uncounted.
    pub async fn allow(&self, bucket: &'static Bucket, caller: &str, slot: &RateSlot) -> Result<(), ApiError> {
        self.counted(bucket, caller, slot.clone()).allowed().await
    }

    pub(crate) fn counted(&self, bucket: &'static Bucket, caller: &str, slot: RateSlot) -> Counted {
        Counted { limiter: self.clone(), bucket, caller: text::hex(&Sha256::digest(caller.as_bytes())), slot }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// Fails if the request is known to be one too many, without asking anybody: to be called before others are asked.
    pub(crate) fn not_refused(&self) -> Result<(), ApiError> {
        let now = self.limiter.clock.now();
        let full = self.limiter.memory().known(self, now).is_full(self.bucket);
        if full { self.answer(Verdict::Refused, now) } else { Ok(()) }
    }

    /// Counts the request, which is let in unless this fails.
    pub(crate) async fn allowed(&self) -> Result<(), ApiError> {
        let now = self.limiter.clock.now();
        let known = match self.limiter.memory().verdict(self, now) {
            Ok(verdict) => return self.answer(verdict, now),
            Err(known) => known,
        };
        let lease = self.limiter.counters.lease(self.bucket, &self.caller, known.window, known.used).await;
        let verdict = match lease {
            Ok(lease) => self.limiter.memory().learn(self, known.window, lease, now),
            Err(failure) if self.bucket.uncounted == Uncounted::Refused => return Err(failure.into()),
            Err(failure) => {
                let error = &failure as &(dyn std::error::Error + 'static);
                tracing::warn!(error, bucket = self.bucket.name, "requests are let in uncounted");
                self.limiter.memory().unanswered(self, now)
            }
        };
        self.answer(verdict, now)
    }

    fn answer(&self, verdict: Verdict, now: Timestamp) -> Result<(), ApiError> {
        match verdict {
            Verdict::Granted { remaining } => {
                self.slot.counted(RateLimit::new(self.bucket, remaining, now));
                Ok(())
            }
            Verdict::Refused => {
                let limit = RateLimit::new(self.bucket, 0, now);
                self.slot.counted(limit);
                Err(ApiError::rate_limited(limit.resets_in))
            }
            Verdict::GrantedUncounted => Ok(()),
            Verdict::RefusedUncounted => Err(ApiError::rate_limited(LEFT_ALONE.unsigned_abs().try_into().unwrap_or(1))),
        }
    }
}

impl Memory {
    /// What is known of a caller in the window of `now`, or in the next one, if that has begun for others.
    fn known(&mut self, counted: &Counted, now: Timestamp) -> &mut Known {
        let window = Window::at(now);
        if self.callers.len() >= MOST_CALLERS {
            self.callers.retain(|_, known| known.window >= window);
        }
        if self.callers.len() >= MOST_CALLERS {
            self.callers.clear();
        }
        let new = Known { window, used: 0, held: 0, uncounted: 0 };
        let known = self.callers.entry((counted.bucket.name, counted.caller.clone())).or_insert(new);
        // Never back to an earlier one, which a request may have begun in.
        if known.window < window {
            *known = new;
        }
        known
    }

    /// What becomes of a request, or what is known of a caller of whom the counters have to be asked.
    fn verdict(&mut self, counted: &Counted, now: Timestamp) -> Result<Verdict, Known> {
        let alone = self.unanswered_until.is_some_and(|until| now < until);
        let known = self.known(counted, now);
        if let Some(verdict) = known.spend(counted.bucket) {
            return Ok(verdict);
        }
        match counted.bucket.uncounted {
            Uncounted::Alone if alone => Ok(known.let_in_uncounted(counted.bucket)),
            _ => Err(*known),
        }
    }

    /// The counters have answered.
    fn learn(&mut self, counted: &Counted, window: Window, lease: Lease, now: Timestamp) -> Verdict {
        self.unanswered_until = None;
        let (known, limit) = (self.known(counted, now), counted.bucket.limit);
        let in_time = known.window == window;
        match lease {
            Lease::Granted { tokens, used } if in_time => {
                known.used = known.used.max(used);
                known.held += tokens;
            }
            Lease::Exhausted if in_time => known.used = limit,
            // The window has ended while it was asked about; the rest of the portion with it.
            Lease::Granted { used, .. } => return Verdict::Granted { remaining: limit.saturating_sub(used) },
            Lease::Exhausted => return Verdict::Refused,
        }
        known.spend(counted.bucket).unwrap_or(Verdict::Refused)
    }

    /// The counters have not answered.
    fn unanswered(&mut self, counted: &Counted, now: Timestamp) -> Verdict {
        let until = Timestamp::from_second(now.as_second() + LEFT_ALONE);
        self.unanswered_until = until.ok();
        self.known(counted, now).let_in_uncounted(counted.bucket)
    }
}

impl Known {
    fn is_full(&self, bucket: &Bucket) -> bool {
        self.held == 0 && self.used >= bucket.limit
    }

    /// Spends one that is held. `None`: there is none, and the counters may have more.
    fn spend(&mut self, bucket: &Bucket) -> Option<Verdict> {
        if self.is_full(bucket) {
            return Some(Verdict::Refused);
        }
        self.held = self.held.checked_sub(1)?;
        Some(Verdict::Granted { remaining: bucket.limit.saturating_sub(self.used) + self.held })
    }

    fn let_in_uncounted(&mut self, bucket: &Bucket) -> Verdict {
        self.uncounted += 1;
        if self.uncounted <= bucket.limit { Verdict::GrantedUncounted } else { Verdict::RefusedUncounted }
    }
}
