//! Time that is moved by hand, and randomness that repeats itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{Clock, Random, Timestamp};

/// When every test begins: the date of the contract's examples, 2026-01-01T00:00:00Z, in Unix milliseconds.
pub const START: i64 = 1_767_225_600_000;

/// A clock that stands still until it is moved. Clones share the time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }
}

impl TestClock {
    /// The clock, as the system takes it.
    pub fn clock(&self) -> Clock {
        let millis = self.0.clone();
        Clock::new(move || Timestamp::from_millisecond(millis.load(Ordering::SeqCst)).unwrap())
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Moves the clock by so many seconds either way, as one that goes wrong or is put right.
    pub fn shift(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

/// Bytes that follow from `seed` (`SplitMix64`).
pub fn seeded(seed: u64) -> Random {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let state = AtomicU64::new(seed);
    Random::new(move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            let mut drawn = state.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
            drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(drawn ^ (drawn >> 31)).to_le_bytes()[..chunk.len()]);
        }
    })
}
