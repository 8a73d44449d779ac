//! Stripe's `Stripe-Signature` header, scheme `v1`.
//!
//! The header reads `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`. Each `v1` is the HMAC-SHA256 of `<t>.<raw body>` under one
//! of the endpoint's secrets; while a secret is being rotated Stripe sends one `v1` for each that is live.
//! See <https://docs.stripe.com/webhooks/signature>. In the corners where Stripe's own clients differ from one another,
//! this follows the Python client, which made the test vectors.

use subtle::ConstantTimeEq;

use crate::{hmac_hex, is_blank};

/// The only scheme that counts. Test events also carry `v0`, which is no proof of anything.
const SCHEME: &str = "v1";

/// Why a signature was not accepted. For the log only: the sender learns no more than that it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Every secret is blank. A blank secret is a key that anybody can sign with.
    #[error("no secret is configured")]
    NoSecret,
    /// The body is not UTF-8.
    #[error("the body is not UTF-8")]
    BodyNotUtf8,
    /// A `t` or `v1` without a value.
    #[error("the header is malformed")]
    MalformedHeader,
    /// There is no `t`, or it is not an integer.
    #[error("the header has no usable timestamp")]
    NoTimestamp,
    /// There is no `v1`.
    #[error("the header has no v1 signature")]
    NoSignature,
    /// No `v1` belongs to this body under any of the secrets.
    #[error("no signature matches")]
    Mismatch,
    /// The signature is right, but was made too long ago.
    #[error("the signature is too old")]
    TooOld,
}

/// Checks that `body` was signed as `header` says, by someone who knows one of `secrets`.
///
/// `body` must be the raw bytes as received. Blank secrets are passed over. `tolerance_seconds` is the greatest age
/// allowed, inclusive; 0 allows any. Timestamps in the future are accepted, as Stripe's own clients do.
///
/// # Errors
/// The first reason for which it cannot be accepted. The signature is checked before the age.
pub fn verify(
    body: &[u8],
    header: &str,
    secrets: &[&str],
    now_unix_seconds: i64,
    tolerance_seconds: i64,
) -> Result<(), Rejected> {
    if secrets.iter().all(|secret| is_blank(secret)) {
        return Err(Rejected::NoSecret);
    }
    if std::str::from_utf8(body).is_err() {
        return Err(Rejected::BodyNotUtf8);
    }
    let SignatureHeader { timestamp, signatures } = SignatureHeader::parse(header)?;

    let genuine = secrets
        .iter()
        .filter(|secret| !is_blank(secret))
        .map(|secret| signature(body, secret, timestamp))
        .any(|expected| signatures.iter().any(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes()))));
    if !genuine {
        return Err(Rejected::Mismatch);
    }
    if tolerance_seconds != 0 && timestamp < now_unix_seconds.saturating_sub(tolerance_seconds) {
        return Err(Rejected::TooOld);
    }
    Ok(())
}

/// The header for `body` signed with `secret` at `timestamp` (unix seconds), as Stripe sends it.
pub fn sign(body: &[u8], secret: &str, timestamp: i64) -> String {
    format!("t={timestamp},{SCHEME}={}", signature(body, secret, timestamp))
}

/// What the header says.
struct SignatureHeader<'a> {
    timestamp: i64,
    signatures: Vec<&'a str>,
}

impl<'a> SignatureHeader<'a> {
    /// Keys are compared exactly: a space after a comma makes another key. The first `t` counts and every `v1`.
    fn parse(header: &'a str) -> Result<Self, Rejected> {
        let mut timestamp = None;
        let mut signatures = Vec::new();
        for item in header.split(',') {
            let mut parts = item.split('=');
            let key = parts.next().unwrap_or_default();
            if key != "t" && key != SCHEME {
                continue;
            }
            // A second `=` ends the value.
            let value = parts.next().ok_or(Rejected::MalformedHeader)?;
            if key == SCHEME {
                signatures.push(value);
            } else if timestamp.is_none() {
                timestamp = Some(integer(value).ok_or(Rejected::NoTimestamp)?);
            }
        }
        let timestamp = timestamp.ok_or(Rejected::NoTimestamp)?;
        if signatures.is_empty() {
            return Err(Rejected::NoSignature);
        }
        Ok(Self { timestamp, signatures })
    }
}

/// A decimal integer as Python's `int()` reads it: white space around, a sign, leading zeros, and single underscores
/// between digits are allowed.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// Lower-case hex of the HMAC. The secret is used whole, with its `whsec_`.
fn signature(body: &[u8], secret: &str, timestamp: i64) -> String {
    hmac_hex(secret, &[timestamp.to_string().as_bytes(), b".", body])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test_synthetic";
    const NOW: i64 = 1_790_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1","type":"charge.succeeded"}"#;

    fn check(header: &str) -> Result<(), Rejected> {
        verify(BODY, header, &[SECRET], NOW, 300)
    }

    #[test]
    fn what_is_signed_verifies() {
        let bodies = [b"".as_slice(), b"{}", BODY, "naïve \u{feff}\r\n".as_bytes(), &b"x".repeat(70_000)];
        for body in bodies {
            for timestamp in [0, 1, NOW - 300, NOW, NOW + 9_000, i64::MAX] {
                let tolerance = if timestamp < NOW - 300 { 0 } else { 300 };
                let header = sign(body, SECRET, timestamp);
                assert_eq!(verify(body, &header, &[SECRET], NOW, tolerance), Ok(()), "{header}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_in_the_body_does_not_verify() {
        let header = sign(BODY, SECRET, NOW);
        // The eighth bit would make it something other than UTF-8.
        for (at, bit) in (0..BODY.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut altered = BODY.to_vec();
            altered[at] ^= 1 << bit;
            let verdict = verify(&altered, &header, &[SECRET], NOW, 300);
            assert_eq!(verdict, Err(Rejected::Mismatch), "bit {bit} of byte {at}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_in_the_header_does_not_verify() {
        let header = sign(BODY, SECRET, NOW);
        for (at, bit) in (0..header.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut altered = header.clone().into_bytes();
            altered[at] ^= 1 << bit;
            let altered = String::from_utf8(altered).expect("only ASCII bits were flipped");
            assert!(check(&altered).is_err(), "{altered}");
        }
    }

    #[test]
    fn any_live_secret_may_match_while_rotating() {
        let header = sign(BODY, "whsec_test_older", NOW);
        let live = [SECRET, "", "whsec_test_older"];
        assert_eq!(verify(BODY, &header, &live, NOW, 300), Ok(()));
        assert_eq!(verify(BODY, &header, &[SECRET], NOW, 300), Err(Rejected::Mismatch));
    }

    #[test]
    fn a_blank_secret_never_matches() {
        for blank in ["", " ", "\t\r\n"] {
            let header = sign(BODY, blank, NOW);
            assert_eq!(verify(BODY, &header, &[blank], NOW, 300), Err(Rejected::NoSecret));
            assert_eq!(verify(BODY, &header, &[blank, SECRET], NOW, 300), Err(Rejected::Mismatch));
        }
        assert_eq!(verify(BODY, &sign(BODY, "", NOW), &[], NOW, 300), Err(Rejected::NoSecret));
    }

    #[test]
    fn each_fault_has_its_own_reason() {
        let v1 = signature(BODY, SECRET, NOW);
        let cases = [
            (String::new(), Rejected::NoTimestamp),
            (format!("v1={v1}"), Rejected::NoTimestamp),
            (format!("t=soon,v1={v1}"), Rejected::NoTimestamp),
            (format!("t={NOW}"), Rejected::NoSignature),
            (format!("t={NOW}, v1={v1}"), Rejected::NoSignature),
            (format!("t={NOW},v0={v1}"), Rejected::NoSignature),
            (format!("t={NOW},v1"), Rejected::MalformedHeader),
            (format!("t={NOW},v1="), Rejected::Mismatch),
            (format!("t={},v1={v1}", NOW - 1), Rejected::Mismatch),
            (sign(BODY, SECRET, NOW - 301), Rejected::TooOld),
        ];
        for (header, reason) in cases {
            assert_eq!(check(&header), Err(reason), "{header}");
        }
        assert_eq!(verify(b"\xff", &sign(b"\xff", SECRET, NOW), &[SECRET], NOW, 300), Err(Rejected::BodyNotUtf8));
    }

    #[test]
    fn a_forged_signature_is_not_called_old() {
        let header = sign(BODY, "whsec_test_other", NOW - 9_000);
        assert_eq!(check(&header), Err(Rejected::Mismatch));
    }

    #[test]
    fn timestamps_read_as_the_python_client_reads_them() {
        for (text, value) in [
            ("1790000000", Some(NOW)),
            (" +01790000000\t", Some(NOW)),
            ("1_790_000_000", Some(NOW)),
            ("-5", Some(-5)),
            ("", None),
            ("+", None),
            ("+-5", None),
            ("_5", None),
            ("5_", None),
            ("5__0", None),
            ("5.0", None),
            ("0x5", None),
        ] {
            assert_eq!(integer(text), value, "{text:?}");
        }
    }
}
