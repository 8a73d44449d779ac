//! From credentials to callers, and how often they may call: the guards of all that needs a caller or a limit.
//!
//! A credential is an operator's token, or the session of a member who signed in.
//!
//! A guard reads the credential off the request and refuses garbage without asking anyone. Whether the credential is
//! good is looked up while the handler's own read is under way ([`Caller::reading`]) or before it writes
//! ([`Caller::confirmed`]); only there does a handler learn the company, so no handler can forget to ask.
//! Of a request that is refused before it gets there, the credential is confirmed first ([`api::Unconfirmed`]).
//! Requests are counted at the same time ([`Limiter`]), and those of strangers by [`Visitor`].
#![warn(missing_docs)]

mod authenticator;
mod credential;
mod customer;
mod guards;
mod jwt;
mod limits;
pub mod pkce;
mod purchase_links;
mod sessions;
mod visitor;

pub use authenticator::{Authenticator, Confirmed};
pub use customer::Customer;
pub use guards::{Admin, AtLeast, Caller, Owner, SignedIn, Viewer};
pub use limits::Limiter;
pub use purchase_links::{Buyer, PurchaseLinks};
pub use sessions::{Issued, Sessions};
pub use visitor::Visitor;
