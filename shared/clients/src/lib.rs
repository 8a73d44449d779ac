//! Outbound calls: GitHub, other forges and Stripe, as plain structs with a base URL, and mail by Amazon SES.
//!
//! The base URL is configuration, so that a double on the loopback can stand in for the real service. Errors and `Debug`
//! output never hold a credential.
#![warn(missing_docs)]

pub mod archive;
pub mod forge;
pub mod github;
pub mod http;
pub mod mail;
pub mod stripe;

#[cfg(test)]
mod loopback;

pub use forge::Forges;
pub use github::{
    Github,
    oauth::{AccessToken, GithubOAuth, OAuthError, OAuthUser},
};
pub use http::Http;
pub use mail::Mail;
pub use stripe::Stripe;
