//! Webhook signatures: verifying what arrives and signing what we send.
//!
//! Pure functions over bytes. The time and the secrets are passed in.
#![warn(missing_docs)]

pub mod stripe;
