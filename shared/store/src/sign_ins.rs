//! Sign-ins that were begun. They may be lost: who signs in begins again.
//!
//! Each is taken by a conditional delete, so that of any number of callers at most one gets it.

use domain::{
    Failure, Random, Secret, Timestamp,
    text::{self, Email, NextPath},
};
use serde::{Deserialize, Serialize};

use crate::{
    Volatile, keys, sha256,
    table::{item, text as attribute},
};

/// How long GitHub may take to send a browser back, in seconds.
const ATTEMPT_SECONDS: i64 = 10 * 60;
/// How long a mailed link is good, in seconds.
pub const LINK_SECONDS: i64 = 15 * 60;
/// Hexadecimal digits of a link's token that say which address it is for; the rest is random.
const MAILBOX_DIGITS: usize = 32;
/// All of a link's hexadecimal digits: 16 bytes for the address, 32 random ones.
const LINK_DIGITS: usize = MAILBOX_DIGITS + 64;

/// A sign-in with GitHub that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInAttempt {
    /// What proves to GitHub that the code is redeemed by who asked for it (PKCE).
    pub code_verifier: String,
    /// Where to go afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextPath>,
}

/// What a link was good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkUse {
    /// Whose reader has it.
    pub email: Email,
    /// Where to go afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextPath>,
}

/// What is kept of either, with its end.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    #[serde(flatten)]
    what: T,
    /// The SHA-256 of a link's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_sha256: Option<String>,
    ends_at: Timestamp,
    /// Epoch seconds, for the table to delete it some time later.
    ttl: i64,
}

impl<T> Kept<T> {
    fn new(what: T, token_sha256: Option<String>, now: Timestamp, seconds: i64) -> Self {
        let ends = now.as_second() + seconds;
        Self { what, token_sha256, ends_at: Timestamp::from_second(ends).unwrap_or(now), ttl: ends + 60 }
    }

    fn still_good(self, now: Timestamp) -> Option<T> {
        (now < self.ends_at).then_some(self.what)
    }
}

impl Volatile {
    /// Keeps a sign-in with GitHub for ten minutes, under the hash of its state.
    pub async fn begin_sign_in(&self, state: &str, attempt: &SignInAttempt, now: Timestamp) -> Result<(), Failure> {
        let kept = Kept::new(attempt, None, now, ATTEMPT_SECONDS);
        self.table.put(item("sign-in-attempt", &keys::sign_in_attempt(&sha256(state)), &kept)?).await
    }

    /// Takes the sign-in with this state: once. `None` when there is none, or none any more.
    pub async fn take_sign_in(&self, state: &str, now: Timestamp) -> Result<Option<SignInAttempt>, Failure> {
        let key = keys::sign_in_attempt(&sha256(state));
        let kept: Option<Kept<SignInAttempt>> = self.table.take(&key, "attribute_exists(pk)", Vec::new()).await?;
        Ok(kept.and_then(|kept| kept.still_good(now)))
    }

    /// Makes the token of a link that signs the reader of an address in, good for fifteen minutes. The links made for the
    /// same address before are worth nothing from then on.
    pub async fn make_sign_in_link(&self, link: &LinkUse, random: &Random, now: Timestamp) -> Result<Secret, Failure> {
        let mailbox = mailbox(&link.email);
        let token = format!("{mailbox}{}", text::hex(&random.bytes::<32>()));
        let kept = Kept::new(link, Some(sha256(&token)), now, LINK_SECONDS);
        self.table.put(item("sign-in-link", &keys::sign_in_link(&mailbox), &kept)?).await?;
        Secret::new(token).ok_or_else(|| Failure::broken("making a link", "its token is blank"))
    }

    /// Takes the link with this token: once. `None` when it is not good, or not any more; garbage costs no call.
    pub async fn take_sign_in_link(&self, token: &str, now: Timestamp) -> Result<Option<LinkUse>, Failure> {
        if !is_link_token(token) {
            return Ok(None);
        }
        let key = keys::sign_in_link(&token[..MAILBOX_DIGITS]);
        let is_newest = vec![(":token".to_owned(), attribute(sha256(token)))];
        let kept: Option<Kept<LinkUse>> = self.table.take(&key, "token_sha256 = :token", is_newest).await?;
        Ok(kept.and_then(|kept| kept.still_good(now)))
    }
}

/// Whether a text has the form of a link's token.
pub fn is_link_token(text: &str) -> bool {
    text.len() == LINK_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn mailbox(email: &Email) -> String {
    let mut digest = sha256(&email.to_lowercase());
    digest.truncate(MAILBOX_DIGITS);
    digest
}
