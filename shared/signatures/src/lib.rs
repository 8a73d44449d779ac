//! Webhook signatures: verifying what arrives and signing what we send.
//!
//! Pure functions over bytes. The time and the secrets are passed in.
#![warn(missing_docs)]

pub mod bitbucket;
pub mod github;
pub mod gitlab;
pub mod standard_webhooks;
pub mod stripe;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A blank secret is a key that anybody can sign with.
fn is_blank(secret: &str) -> bool {
    secret.trim_ascii().is_empty()
}

/// The HMAC-SHA256 of the parts, one after another.
fn hmac_bytes(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { unreachable!("HMAC takes a key of any length") };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Lower-case hex of the HMAC-SHA256 of the parts, one after another.
fn hmac_hex(secret: &str, parts: &[&[u8]]) -> String {
    use std::fmt::Write;

    hmac_bytes(secret.as_bytes(), parts).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
