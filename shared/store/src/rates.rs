//! How many requests callers have made in an hour. It may be lost: then an hour begins anew.

use domain::{
    Failure,
    rate::{Bucket, Window},
};

use crate::{Volatile, keys, table::Counted};

/// Seconds that a count is kept beyond its window, for clocks that do not agree.
const KEPT_BEYOND: i64 = 600;

/// What a caller's window gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// So many requests may be let in.
    Granted {
        /// How many, at least 1.
        tokens: u32,
        /// What of the window is given away now, these included.
        used: u32,
    },
    /// Nothing is left of it.
    Exhausted,
}

impl Volatile {
    /// Takes a portion of a caller's window: in one write, or in two when others have brought the window to its last tenth since
    /// `known` was used.
    ///
    /// `sha256` is the hash of what the caller is known by.
    pub async fn lease(&self, bucket: &Bucket, sha256: &str, window: Window, known: u32) -> Result<Lease, Failure> {
        let (key, ttl) = (keys::rate(bucket, sha256, window), window.ends_at() + KEPT_BEYOND);
        let mut portion = bucket.portion(known);
        loop {
            match self.table.count(("rate", &key), portion.tokens, portion.ceiling, ttl).await? {
                Counted::Now(used) => return Ok(Lease::Granted { tokens: portion.tokens, used }),
                Counted::Still(used) if used >= bucket.limit => return Ok(Lease::Exhausted),
                // Others were faster, and only the last tenth is left.
                Counted::Still(_) if portion.tokens > 1 => portion = bucket.single(),
                Counted::Still(_) => return Ok(Lease::Exhausted),
            }
        }
    }
}
