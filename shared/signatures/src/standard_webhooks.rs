//! The signatures of Standard Webhooks: the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`.
//!
//! The last holds one or more signatures with spaces between, each `v1,<base64>`: the HMAC-SHA256 of
//! `<id>.<timestamp>.<raw body>`. A secret reads `whsec_<base64>`, and the key is what the base64 holds. See
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::{Engine, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq;

use crate::hmac_bytes;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// What a symmetric signature begins with. `v1a` is of the asymmetric scheme, which nobody sends to us.
const SCHEME: &str = "v1,";

/// How far the sender's clock and ours may be apart, in seconds, before a webhook counts as replayed. The specification
/// leaves it open; its libraries take this.
pub const TOLERANCE_SECONDS: i64 = 300;

/// What a request says of its signature. A header that is missing is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers<'a> {
    /// `webhook-id`: the same when the webhook is sent again.
    pub id: &'a str,
    /// `webhook-timestamp`: when it was sent, in Unix seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
}

/// Why a signature was not accepted. For the log only: the sender learns no more than that it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// No secret is one: all are blank, or are not `whsec_` with base64 behind it, or hold an empty key.
    #[error("no usable secret is configured")]
    NoSecret,
    /// A header is missing.
    #[error("webhook-id, webhook-timestamp or webhook-signature is missing")]
    MissingHeader,
    /// The timestamp is not a number of seconds.
    #[error("the timestamp is no number of seconds")]
    BadTimestamp,
    /// No `v1` signature belongs to this body under any of the secrets.
    #[error("no signature matches")]
    Mismatch,
    /// The signature is right, but was made too long ago.
    #[error("the signature is too old")]
    TooOld,
    /// The signature is right, but was made too far in the future.
    #[error("the signature is of the future")]
    TooNew,
}

/// Checks that `body` was signed as `headers` say, not long ago, by someone who knows one of `secrets`.
///
/// `body` must be the raw bytes as received. Secrets that are none are passed over. `tolerance_seconds` is the greatest
/// difference of time allowed, inclusive, into the past and the future.
///
/// # Errors
/// The first reason for which it cannot be accepted. The signature is checked before the time.
pub fn verify(
    body: &[u8],
    headers: Headers<'_>,
    secrets: &[&str],
    now_unix_seconds: i64,
    tolerance_seconds: i64,
) -> Result<(), Rejected> {
    let keys: Vec<Vec<u8>> = secrets.iter().filter_map(|secret| key(secret)).collect();
    if keys.is_empty() {
        return Err(Rejected::NoSecret);
    }
    let Headers { id, timestamp, signature: signatures } = headers;
    if [id, timestamp, signatures].iter().any(|header| header.trim_ascii().is_empty()) {
        return Err(Rejected::MissingHeader);
    }
    let sent: i64 = digits(timestamp).ok_or(Rejected::BadTimestamp)?;

    let genuine = keys.iter().map(|key| signature(body, id, timestamp, key)).any(|expected| {
        signatures.split_ascii_whitespace().any(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())))
    });
    if !genuine {
        return Err(Rejected::Mismatch);
    }
    if sent < now_unix_seconds.saturating_sub(tolerance_seconds) {
        return Err(Rejected::TooOld);
    }
    if sent > now_unix_seconds.saturating_add(tolerance_seconds) {
        return Err(Rejected::TooNew);
    }
    Ok(())
}

/// `webhook-signature` for `body`, with this `webhook-id` and `webhook-timestamp`.
///
/// # Errors
/// When `secret` is none.
pub fn sign(body: &[u8], id: &str, timestamp: i64, secret: &str) -> Result<String, Rejected> {
    let key = key(secret).ok_or(Rejected::NoSecret)?;
    Ok(signature(body, id, &timestamp.to_string(), &key))
}

/// The key that a secret holds. Nothing else than `whsec_` with base64 is a secret, so that a password that somebody put
/// there by mistake is not quietly taken for one.
fn key(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64_STANDARD.decode(secret.trim_ascii().strip_prefix(PREFIX)?).ok()?;
    (!key.is_empty()).then_some(key)
}

/// A number of plain digits: no sign, no spaces.
fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn signature(body: &[u8], id: &str, timestamp: &str, key: &[u8]) -> String {
    let hmac = hmac_bytes(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    format!("{SCHEME}{}", BASE64_STANDARD.encode(hmac))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SENT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(signature: &str) -> Headers<'_> {
        Headers { id: ID, timestamp: "1614265330", signature }
    }

    fn check(signature: &str) -> Result<(), Rejected> {
        verify(BODY, headers(signature), &[SECRET], SENT, TOLERANCE_SECONDS)
    }

    #[test]
    fn the_specifications_own_example_verifies() {
        assert_eq!(sign(BODY, ID, SENT, SECRET).unwrap(), SIGNATURE);
        assert_eq!(check(SIGNATURE), Ok(()));
    }

    #[test]
    fn a_flipped_bit_anywhere_does_not_verify() {
        for (at, bit) in (0..BODY.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut altered = BODY.to_vec();
            altered[at] ^= 1 << bit;
            let verdict = verify(&altered, headers(SIGNATURE), &[SECRET], SENT, TOLERANCE_SECONDS);
            assert_eq!(verdict, Err(Rejected::Mismatch), "bit {bit} of byte {at}");
        }
        for (at, bit) in (0..SIGNATURE.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut altered = SIGNATURE.as_bytes().to_vec();
            altered[at] ^= 1 << bit;
            let altered = String::from_utf8(altered).expect("only ASCII bits were flipped");
            assert!(check(&altered).is_err(), "{altered}");
        }
    }

    #[test]
    fn the_id_and_the_time_are_signed_too() {
        let other_id = Headers { id: "msg_another", ..headers(SIGNATURE) };
        let other_time = Headers { timestamp: "1614265331", ..headers(SIGNATURE) };
        let same_time_otherwise = Headers { timestamp: "01614265330", ..headers(SIGNATURE) };
        for headers in [other_id, other_time, same_time_otherwise] {
            assert_eq!(verify(BODY, headers, &[SECRET], SENT, TOLERANCE_SECONDS), Err(Rejected::Mismatch));
        }
    }

    #[test]
    fn five_minutes_are_allowed_both_ways() {
        for (now, verdict) in [
            (SENT + 300, Ok(())),
            (SENT + 301, Err(Rejected::TooOld)),
            (SENT - 300, Ok(())),
            (SENT - 301, Err(Rejected::TooNew)),
            (i64::MAX, Err(Rejected::TooOld)),
            (i64::MIN, Err(Rejected::TooNew)),
        ] {
            assert_eq!(verify(BODY, headers(SIGNATURE), &[SECRET], now, TOLERANCE_SECONDS), verdict, "{now}");
        }
    }

    #[test]
    fn any_of_the_signatures_may_match_under_any_live_secret() {
        let other = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";
        let of_other = sign(BODY, ID, SENT, other).unwrap();
        assert_eq!(check(&of_other), Err(Rejected::Mismatch));
        assert_eq!(check(&format!("{of_other} {SIGNATURE}")), Ok(()));
        assert_eq!(check(&format!("v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw {SIGNATURE}")), Ok(()));
        let verdict = verify(BODY, headers(&of_other), &["", SECRET, other], SENT, TOLERANCE_SECONDS);
        assert_eq!(verdict, Ok(()));
    }

    #[test]
    fn what_is_no_secret_never_matches() {
        let empty_key = signature(BODY, ID, "1614265330", b"");
        for secret in ["", " ", "whsec_", "whsec_ ", "whsec_?", "password", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(
                verify(BODY, headers(&empty_key), &[secret], SENT, TOLERANCE_SECONDS),
                Err(Rejected::NoSecret),
                "{secret:?}"
            );
            assert_eq!(sign(BODY, ID, SENT, secret), Err(Rejected::NoSecret));
            assert_eq!(
                verify(BODY, headers(&empty_key), &[secret, SECRET], SENT, TOLERANCE_SECONDS),
                Err(Rejected::Mismatch),
                "{secret:?}"
            );
        }
        assert_eq!(verify(BODY, headers(SIGNATURE), &[], SENT, TOLERANCE_SECONDS), Err(Rejected::NoSecret));
    }

    #[test]
    fn each_fault_has_its_own_reason() {
        let bare = SIGNATURE.trim_start_matches(SCHEME);
        let cases = [
            (String::new(), Rejected::MissingHeader),
            (" ".to_owned(), Rejected::MissingHeader),
            (bare.to_owned(), Rejected::Mismatch),
            (format!("v2,{bare}"), Rejected::Mismatch),
            (format!("v1a,{bare}"), Rejected::Mismatch),
            (format!("v1={bare}"), Rejected::Mismatch),
            (format!("v1, {bare}"), Rejected::Mismatch),
            (format!("{SIGNATURE},{SIGNATURE}"), Rejected::Mismatch),
            ("v1,".to_owned(), Rejected::Mismatch),
        ];
        for (header, reason) in cases {
            assert_eq!(check(&header), Err(reason), "{header}");
        }
        for timestamp in
            ["-1614265330", "+1614265330", "1614265330.0", "soon", "16142653300000000000000", " 1614265330"]
        {
            let headers = Headers { timestamp, ..headers(SIGNATURE) };
            let verdict = verify(BODY, headers, &[SECRET], SENT, TOLERANCE_SECONDS);
            assert_eq!(verdict, Err(Rejected::BadTimestamp), "{timestamp:?}");
        }
        for headers in [Headers { id: "", ..headers(SIGNATURE) }, Headers { timestamp: "", ..headers(SIGNATURE) }] {
            let verdict = verify(BODY, headers, &[SECRET], SENT, TOLERANCE_SECONDS);
            assert_eq!(verdict, Err(Rejected::MissingHeader));
        }
    }
}
