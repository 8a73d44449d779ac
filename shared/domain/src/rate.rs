//! Rate limits: how many requests of one caller are answered in an hour.
//!
//! Contract `repopass.md`, "Rate Limiting", and ruling 23. Windows are fixed hours, as the contract counts. What is counted
//! is leased in small portions, so that most requests are counted in memory; a window is never given more than its limit.

use std::net::IpAddr;

use crate::Timestamp;

/// Seconds in a window.
pub const WINDOW_SECONDS: u32 = 60 * 60;
/// The largest portion.
const LARGEST_LEASE: u32 = 10;

/// What is counted together, for each key by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, in keys of the table and in the header `RateLimit-Policy`.
    pub name: &'static str,
    /// Requests in an hour.
    pub limit: u32,
    /// What becomes of requests while they cannot be counted.
    pub uncounted: Uncounted,
}

/// What becomes of requests while the counters do not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncounted {
    /// Each process counts for itself: better some requests too many than none.
    Alone,
    /// They are refused: what they do must not be done without a limit.
    Refused,
}

/// Whoever presents a credential, by that credential.
pub const CALLER: Bucket = Bucket { name: "caller", limit: 1000, uncounted: Uncounted::Alone };
/// Whoever presents none, by the address.
pub const ANONYMOUS: Bucket = Bucket { name: "anonymous", limit: 100, uncounted: Uncounted::Alone };
/// Checkouts, by the address: stolen cards are tried out there.
pub const CHECKOUT: Bucket = Bucket { name: "checkout", limit: 10, uncounted: Uncounted::Refused };
/// Attempts to sign in, by the address.
pub const SIGN_IN: Bucket = Bucket { name: "sign-in", limit: 10, uncounted: Uncounted::Refused };
/// Sign-in links that are mailed, by the e-mail address: nobody's mailbox is flooded.
pub const MAGIC_LINK: Bucket = Bucket { name: "magic-link", limit: 3, uncounted: Uncounted::Refused };

/// A portion of a window to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// How many requests it is for; at least 1.
    pub tokens: u32,
    /// What the count must not exceed with it.
    pub ceiling: u32,
}

impl Bucket {
    /// The portion to ask for when so many are known to be used: ten, fewer where the limit is small, and one by one in the
    /// last tenth, so that the cut-off is exact whoever still holds what.
    pub fn portion(&self, used: u32) -> Portion {
        let one_by_one = self.limit - self.limit.div_ceil(10);
        let tokens = LARGEST_LEASE.min(self.limit / 10).min(one_by_one.saturating_sub(used));
        if tokens > 1 { Portion { tokens, ceiling: one_by_one } } else { self.single() }
    }

    /// The smallest portion: it is refused only when nothing is left at all.
    pub fn single(&self) -> Portion {
        Portion { tokens: 1, ceiling: self.limit }
    }
}

/// An hour, from its full hour on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window(i64);

impl Window {
    /// The one that a time is in.
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_second() - now.as_second().rem_euclid(WINDOW_SECONDS.into()))
    }

    /// Its first second, in Unix time.
    pub fn starts_at(self) -> i64 {
        self.0
    }

    /// The first second after it, in Unix time.
    pub fn ends_at(self) -> i64 {
        self.0 + i64::from(WINDOW_SECONDS)
    }

    /// Seconds until it ends, at least 1.
    pub fn seconds_left(self, now: Timestamp) -> u32 {
        u32::try_from(self.ends_at() - now.as_second()).unwrap_or_default().clamp(1, WINDOW_SECONDS)
    }
}

/// What the requests from an address are counted under: the address, but the network of 64 bits for IPv6, for one customer
/// of a provider has as many addresses as that.
pub fn address_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn portions_are_of_ten_and_single_in_the_last_tenth() {
        for (bucket, used, tokens) in [
            (CALLER, 0, 10),
            (CALLER, 890, 10),
            (CALLER, 895, 5),
            (CALLER, 899, 1),
            (CALLER, 900, 1),
            (CALLER, 999, 1),
            (ANONYMOUS, 0, 10),
            (ANONYMOUS, 85, 5),
            (ANONYMOUS, 90, 1),
            (CHECKOUT, 0, 1),
            (MAGIC_LINK, 0, 1),
        ] {
            assert_eq!(bucket.portion(used).tokens, tokens, "{} at {used}", bucket.name);
        }
    }

    proptest! {
        #[test]
        fn a_portion_always_fits_below_its_ceiling_and_the_ceiling_below_the_limit(limit in 1_u32..5000, used in 0_u32..5000) {
            let bucket = Bucket { limit, ..CALLER };
            let portion = bucket.portion(used);
            prop_assert!((1..=LARGEST_LEASE).contains(&portion.tokens));
            prop_assert!(portion.ceiling <= limit);
            prop_assert!(used >= limit || used + portion.tokens <= portion.ceiling);
        }
    }

    #[test]
    fn a_window_is_an_hour_from_its_full_hour_on() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let window = Window::at(at(1_767_225_600));
        assert_eq!((window.starts_at(), window.ends_at()), (1_767_225_600, 1_767_229_200));
        assert_eq!(Window::at(at(1_767_229_199)), window);
        assert!(Window::at(at(1_767_229_200)) > window);
        assert_eq!((window.seconds_left(at(1_767_225_600)), window.seconds_left(at(1_767_229_199))), (3600, 1));
    }

    #[test]
    fn ipv6_counts_by_network_and_a_mapped_address_as_what_it_is() {
        for (address, key) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "0:0:0:0::/64"),
        ] {
            assert_eq!(address_key(address.parse().unwrap()), key);
        }
    }
}
