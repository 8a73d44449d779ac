//! What the answer to a counted request says of its limit (ruling 23), and where the request came from.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Timestamp, rate::Bucket};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The address that a request came from, as an extension of it. Only what is nearest to the network sets it: API Gateway's
/// word or the connection's own, never a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Where a caller stands in the present window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// What is counted.
    pub bucket: Bucket,
    /// How many more requests are let in.
    pub remaining: u32,
    /// When the window ends, in Unix seconds.
    pub resets_at: i64,
    /// In how many seconds that is.
    pub resets_in: u32,
}

impl RateLimit {
    /// Where a caller stands at a time, with so many requests left.
    pub fn new(bucket: &Bucket, remaining: u32, now: Timestamp) -> Self {
        let window = domain::rate::Window::at(now);
        Self { bucket: *bucket, remaining, resets_at: window.ends_at(), resets_in: window.seconds_left(now) }
    }

    /// The names that GitHub made common, and those of the IETF's draft (`draft-ietf-httpapi-ratelimit-headers`).
    fn headers(&self) -> [(&'static str, HeaderValue); 5] {
        let Bucket { name, limit, .. } = self.bucket;
        let text = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        [
            ("x-ratelimit-limit", limit.into()),
            ("x-ratelimit-remaining", self.remaining.into()),
            ("x-ratelimit-reset", self.resets_at.into()),
            ("ratelimit-policy", text(format!("\"{name}\";q={limit};w={}", domain::rate::WINDOW_SECONDS))),
            ("ratelimit", text(format!("\"{name}\";r={};t={}", self.remaining, self.resets_in))),
        ]
    }
}

/// Where a guard leaves word of what it counted, for the headers of the answer, whatever becomes of the request. An extension
/// of each request; clones share it.
#[derive(Debug, Clone, Default)]
pub struct RateSlot(Arc<Mutex<Option<RateLimit>>>);

impl RateSlot {
    /// The request was counted. Where that happened more than once, the limit is told of which the least is left.
    pub fn counted(&self, limit: RateLimit) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none_or(|known| limit.remaining <= known.remaining) {
            *slot = Some(limit);
        }
    }

    /// Tells of it. A request that was not counted has nothing to tell.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let counted = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in counted.iter().flat_map(RateLimit::headers) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::rate::{CALLER, CHECKOUT};

    use super::*;

    #[test]
    fn the_limit_of_which_the_least_is_left_is_told() {
        let now = Timestamp::from_second(1_767_225_600 + 90).unwrap();
        let (slot, mut headers) = (RateSlot::default(), HeaderMap::new());
        slot.write(&mut headers);
        assert!(headers.is_empty(), "what was not counted has no limit");
        slot.counted(RateLimit::new(&CHECKOUT, 7, now));
        slot.counted(RateLimit::new(&CALLER, 990, now));
        slot.write(&mut headers);
        let told = |name| headers[name].to_str().unwrap().to_owned();
        assert_eq!(told("x-ratelimit-limit"), "10");
        assert_eq!(told("x-ratelimit-remaining"), "7");
        assert_eq!(told("x-ratelimit-reset"), "1767229200");
        assert_eq!(told("ratelimit-policy"), "\"checkout\";q=10;w=3600");
        assert_eq!(told("ratelimit"), "\"checkout\";r=7;t=3510");
    }
}
