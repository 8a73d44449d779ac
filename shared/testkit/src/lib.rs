//! What tests and the local stack stand on: embedded AWS services, doubles of GitHub, other forges, Stripe and SES, fault plans.
#![warn(missing_docs)]

pub mod connector;
pub mod embedded;
pub mod faults;
pub mod forges;
pub mod github;
pub mod mail;
pub mod sam;
mod sandbox;
pub mod stripe;
#[cfg(test)]
mod testing;
