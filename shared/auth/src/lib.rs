//! From credentials to callers: the guards of `/api/admin/*`.
//!
//! A guard reads the credential off the request and refuses garbage without asking anyone. Whether the credential is
//! good is looked up while the handler's own read is under way ([`Caller::reading`]) or before it writes
//! ([`Caller::confirmed`]); only there does a handler learn the company, so no handler can forget to ask.
#![warn(missing_docs)]

mod authenticator;
mod credential;
mod guards;

pub use authenticator::Authenticator;
pub use guards::{Admin, AtLeast, Caller, Viewer};
