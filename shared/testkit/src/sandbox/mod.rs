//! What the sandboxes of GitHub and Stripe have in common: answers, faults, kept state, web pages.

mod answer;
mod html;
mod kept;
mod outbound;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use answer::{Answer, Refusals, suffer};
pub(crate) use html::{escape, home, page, prefix, see_other};
pub(crate) use kept::Kept;
pub(crate) use outbound::http_client;

/// The pairs of an `application/x-www-form-urlencoded` text, in their order. What cannot be read is no pair.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    serde_urlencoded::from_bytes(text).unwrap_or_default()
}

/// The value of the first pair called `name`; an absent one is empty.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
}
