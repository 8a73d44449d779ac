//! PKCE (RFC 7636): who redeems a code has to know what only who asked for it knows.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Random;
use sha2::{Digest, Sha256};

/// A new code verifier: 43 characters for 32 random bytes, the least that the RFC allows.
pub fn verifier(random: &Random) -> String {
    URL_SAFE_NO_PAD.encode(random.bytes::<32>())
}

/// What the beginning of a sign-in tells of its verifier: method S256.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_rfcs_example() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_is_as_long_as_the_rfc_asks() {
        assert_eq!(verifier(&Random::new(|bytes| bytes.fill(0xFF))).len(), 43);
    }
}
