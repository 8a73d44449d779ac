//! GitLab's webhooks: a secret token in clear in the header `X-Gitlab-Token`, or a signature where one was asked for.
//!
//! The token proves who sends, and nothing of the body. The signature is that of [`crate::standard_webhooks`]. See
//! <https://docs.gitlab.com/user/project/integrations/webhooks/>.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{is_blank, standard_webhooks};

/// What a request says of who sent it. A header that is missing is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers<'a> {
    /// `X-Gitlab-Token`.
    pub token: &'a str,
    /// The headers of the signature.
    pub signed: standard_webhooks::Headers<'a>,
}

/// What the sender has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets<'a> {
    /// One of these tokens, which it sends in clear.
    Tokens(&'a [&'a str]),
    /// One of these keys (`whsec_…`), with which it signs. A token in clear is worth nothing then: whoever read one on its
    /// way could otherwise go on with it.
    Signing(&'a [&'a str]),
}

/// Why a webhook was not accepted. For the log only: the sender learns no more than that it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Every token is blank. A blank token is one that everybody knows.
    #[error("no token is configured")]
    NoToken,
    /// The token is missing or none of ours.
    #[error("the token does not match")]
    WrongToken,
    /// The signature was not accepted.
    #[error(transparent)]
    Signature(#[from] standard_webhooks::Rejected),
}

/// Checks that a webhook comes from someone who knows one of `secrets`: the raw `body`, if it has to be signed.
///
/// # Errors
/// The first reason for which it cannot be accepted.
pub fn verify(body: &[u8], headers: Headers<'_>, secrets: Secrets<'_>, now_unix_seconds: i64) -> Result<(), Rejected> {
    match secrets {
        Secrets::Tokens(tokens) => verify_token(headers.token, tokens),
        Secrets::Signing(keys) => {
            let tolerance = standard_webhooks::TOLERANCE_SECONDS;
            Ok(standard_webhooks::verify(body, headers.signed, keys, now_unix_seconds, tolerance)?)
        }
    }
}

/// Compares the token with all of ours in constant time, whatever their lengths are.
fn verify_token(given: &str, tokens: &[&str]) -> Result<(), Rejected> {
    if tokens.iter().all(|token| is_blank(token)) {
        return Err(Rejected::NoToken);
    }
    let given = Sha256::digest(given);
    let live = tokens.iter().filter(|token| !is_blank(token));
    let matches = live.filter(|token| bool::from(Sha256::digest(token).ct_eq(&given))).count();
    if matches > 0 { Ok(()) } else { Err(Rejected::WrongToken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "test synthetic";
    const KEY: &str = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";
    const NOW: i64 = 1_790_000_000;
    const BODY: &[u8] = br#"{"object_kind":"push"}"#;

    fn with_token(token: &str) -> Headers<'_> {
        Headers { token, ..Headers::default() }
    }

    fn check(token: &str, tokens: &[&str]) -> Result<(), Rejected> {
        verify(BODY, with_token(token), Secrets::Tokens(tokens), NOW)
    }

    #[test]
    fn a_token_has_to_be_the_very_one() {
        assert_eq!(check(TOKEN, &[TOKEN]), Ok(()));
        for wrong in
            ["", " ", "test", "test synthetic ", "TEST SYNTHETIC", "test synthetic, other", "test\u{0}synthetic"]
        {
            assert_eq!(check(wrong, &[TOKEN]), Err(Rejected::WrongToken), "{wrong:?}");
        }
    }

    #[test]
    fn any_live_token_counts_while_rotating() {
        assert_eq!(check("older", &[TOKEN, "", "older"]), Ok(()));
        assert_eq!(check("older", &[TOKEN]), Err(Rejected::WrongToken));
    }

    #[test]
    fn a_blank_token_never_matches() {
        for blank in ["", " ", "\t\r\n"] {
            assert_eq!(check(blank, &[blank]), Err(Rejected::NoToken));
            assert_eq!(check(blank, &[blank, TOKEN]), Err(Rejected::WrongToken));
        }
        assert_eq!(check(TOKEN, &[]), Err(Rejected::NoToken));
    }

    #[test]
    fn where_signatures_are_asked_for_a_token_in_clear_is_worth_nothing() {
        let signature = standard_webhooks::sign(BODY, "id", NOW, KEY).unwrap();
        let timestamp = NOW.to_string();
        let signed = standard_webhooks::Headers { id: "id", timestamp: &timestamp, signature: &signature };
        let keys = Secrets::Signing(&[KEY]);
        for token in ["", "wrong", TOKEN] {
            assert_eq!(verify(BODY, Headers { token, signed }, keys, NOW), Ok(()), "{token}");
        }
        let missing = Err(Rejected::Signature(standard_webhooks::Rejected::MissingHeader));
        for token in ["", TOKEN, KEY] {
            assert_eq!(verify(BODY, with_token(token), keys, NOW), missing, "{token}");
        }
        let old = Err(Rejected::Signature(standard_webhooks::Rejected::TooOld));
        assert_eq!(verify(BODY, Headers { token: TOKEN, signed }, keys, NOW + 301), old);
        // Nor does a signature help where a token is asked for.
        assert_eq!(
            verify(BODY, Headers { token: "", signed }, Secrets::Tokens(&[TOKEN]), NOW),
            Err(Rejected::WrongToken)
        );
    }
}
