//! GitHub's `X-Hub-Signature-256` header.
//!
//! The header reads `sha256=<hex>`: the HMAC-SHA256 of the raw body under the webhook's secret, in lower case. See
//! <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>. Neither a time nor the other
//! headers are signed: a delivery that is sent again is told only by its `X-GitHub-Delivery`.

use subtle::ConstantTimeEq;

use crate::{hmac_hex, is_blank};

/// What the header begins with. `sha1=` of the older header `X-Hub-Signature` counts for nothing.
const SCHEME: &str = "sha256=";

/// Why a signature was not accepted. For the log only: the sender learns no more than that it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Every secret is blank. A blank secret is a key that anybody can sign with.
    #[error("no secret is configured")]
    NoSecret,
    /// There is no body. GitHub sends none without.
    #[error("the body is empty")]
    EmptyBody,
    /// The body is not UTF-8.
    #[error("the body is not UTF-8")]
    BodyNotUtf8,
    /// The header is missing or of another scheme.
    #[error("the header does not begin with sha256=")]
    NotSha256,
    /// The signature does not belong to this body under any of the secrets.
    #[error("no signature matches")]
    Mismatch,
}

/// Checks that `body` was signed as `header` says, by someone who knows one of `secrets`.
///
/// `body` must be the raw bytes as received, also when they are a form. Secrets are used whole; blank ones are passed
/// over. The header is compared as a whole, in constant time.
///
/// # Errors
/// The first reason for which it cannot be accepted.
pub fn verify(body: &[u8], header: &str, secrets: &[&str]) -> Result<(), Rejected> {
    if secrets.iter().all(|secret| is_blank(secret)) {
        return Err(Rejected::NoSecret);
    }
    if body.is_empty() {
        return Err(Rejected::EmptyBody);
    }
    if std::str::from_utf8(body).is_err() {
        return Err(Rejected::BodyNotUtf8);
    }
    if !header.starts_with(SCHEME) {
        return Err(Rejected::NotSha256);
    }
    let genuine = secrets
        .iter()
        .filter(|secret| !is_blank(secret))
        .any(|secret| bool::from(header.as_bytes().ct_eq(sign(body, secret).as_bytes())));
    if genuine { Ok(()) } else { Err(Rejected::Mismatch) }
}

/// The header for `body` signed with `secret`, as GitHub sends it.
pub fn sign(body: &[u8], secret: &str) -> String {
    format!("{SCHEME}{}", hmac_hex(secret, &[body]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "test synthetic";
    const BODY: &[u8] = br#"{"action":"added"}"#;

    #[test]
    fn githubs_own_example_verifies() {
        let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert_eq!(verify(b"Hello, World!", header, &["It's a Secret to Everybody"]), Ok(()));
    }

    #[test]
    fn a_flipped_bit_anywhere_does_not_verify() {
        let header = sign(BODY, SECRET);
        for (at, bit) in (0..BODY.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut altered = BODY.to_vec();
            altered[at] ^= 1 << bit;
            assert_eq!(verify(&altered, &header, &[SECRET]), Err(Rejected::Mismatch), "bit {bit} of byte {at}");
        }
        for (at, bit) in (0..header.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut altered = header.clone().into_bytes();
            altered[at] ^= 1 << bit;
            let altered = String::from_utf8(altered).expect("only ASCII bits were flipped");
            assert!(verify(BODY, &altered, &[SECRET]).is_err(), "{altered}");
        }
    }

    #[test]
    fn any_live_secret_may_match_while_rotating() {
        let header = sign(BODY, "older");
        assert_eq!(verify(BODY, &header, &[SECRET, "", "older"]), Ok(()));
        assert_eq!(verify(BODY, &header, &[SECRET]), Err(Rejected::Mismatch));
    }

    #[test]
    fn a_blank_secret_never_matches() {
        for blank in ["", " ", "\t\r\n"] {
            let header = sign(BODY, blank);
            assert_eq!(verify(BODY, &header, &[blank]), Err(Rejected::NoSecret));
            assert_eq!(verify(BODY, &header, &[blank, SECRET]), Err(Rejected::Mismatch));
        }
        assert_eq!(verify(BODY, &sign(BODY, ""), &[]), Err(Rejected::NoSecret));
    }

    #[test]
    fn each_fault_has_its_own_reason() {
        let hex = hmac_hex(SECRET, &[BODY]);
        let cases = [
            (String::new(), Rejected::NotSha256),
            (hex.clone(), Rejected::NotSha256),
            (format!("sha1={hex}"), Rejected::NotSha256),
            (format!("SHA256={hex}"), Rejected::NotSha256),
            ("sha256=".to_owned(), Rejected::Mismatch),
            (format!("sha256={}", hex.to_uppercase()), Rejected::Mismatch),
            (format!("sha256={hex},sha256={hex}"), Rejected::Mismatch),
            (format!("sha256={hex} "), Rejected::Mismatch),
        ];
        for (header, reason) in cases {
            assert_eq!(verify(BODY, &header, &[SECRET]), Err(reason), "{header}");
        }
        assert_eq!(verify(b"", &sign(b"", SECRET), &[SECRET]), Err(Rejected::EmptyBody));
        assert_eq!(verify(b"\xff", &sign(b"\xff", SECRET), &[SECRET]), Err(Rejected::BodyNotUtf8));
    }
}
