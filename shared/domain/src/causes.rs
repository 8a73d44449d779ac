//! What was applied to an item lately, so that it is applied once.

use serde::{Deserialize, Serialize};

/// How many causes are remembered. A subscription's beginning brings about eight events, a renewal four; Stripe repeats an
/// event for three days, and by hand for thirty.
const REMEMBERED: usize = 40;

/// How many characters of its hash stand for a cause: 48 bits, among at most [`REMEMBERED`] others.
const LENGTH: usize = 8;

/// The last causes of an item's changes: ids of events, of deliveries, of requests. Stored as one text, for an item is
/// paid for by the kilobyte. One that was forgotten does no harm when it comes again: facts merge to the same, only the
/// log gets a second line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Causes(String);

impl Causes {
    /// Whether this cause was applied.
    pub fn contains(&self, cause: &str) -> bool {
        let wanted = short(cause);
        self.0.as_bytes().chunks(LENGTH).any(|known| known == wanted.as_bytes())
    }

    /// With this cause, without the oldest beyond the limit.
    #[must_use]
    pub fn with(&self, cause: &str) -> Self {
        if self.contains(cause) {
            return self.clone();
        }
        let all = format!("{}{}", self.0, short(cause));
        let start = all.len().saturating_sub(REMEMBERED * LENGTH);
        Self(all.get(start..).unwrap_or_default().to_owned())
    }
}

/// A short name for a cause: FNV-1a, 64 bits of it folded to 48, in base 64. It is no secret and nobody gains by a
/// collision: events are signed.
fn short(cause: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in cause.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let folded = (hash ^ (hash >> 48)) & 0xffff_ffff_ffff;
    (0..LENGTH).map(|place| char::from(ALPHABET[usize::try_from((folded >> (place * 6)) & 63).unwrap_or(0)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_remembered_until_many_others_came() {
        let mut causes = Causes::default().with("evt_first");
        assert!(causes.contains("evt_first") && !causes.contains("evt_other"));
        assert_eq!(causes.with("evt_first"), causes, "twice is once");
        for n in 1..REMEMBERED {
            causes = causes.with(&format!("evt_{n}"));
        }
        assert!(causes.contains("evt_first") && causes.contains("evt_39"));
        let more = causes.with("evt_one_too_many");
        assert!(!more.contains("evt_first") && more.contains("evt_1") && more.0.len() == REMEMBERED * LENGTH);
    }

    #[test]
    fn ten_thousand_causes_have_ten_thousand_names() {
        let names: std::collections::BTreeSet<_> = (0..10_000).map(|n| short(&format!("evt_1Qz{n}"))).collect();
        assert_eq!(names.len(), 10_000);
    }
}
