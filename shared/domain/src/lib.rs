//! The rules of Tollgate: types, state machines and pure functions.
//!
//! Nothing here does IO, reads a clock or draws a random number; times and random bytes are passed in.
#![warn(missing_docs)]

pub mod access;
pub mod address;
pub mod causes;
pub mod clock;
pub mod company;
pub mod customer;
pub mod dashboard;
pub mod facts;
pub mod failure;
pub mod forge;
pub mod forge_event;
pub mod github_event;
pub mod grant;
pub mod ids;
pub mod invitations;
pub mod letters;
pub mod log;
pub mod member;
pub mod money;
pub mod package;
pub mod paging;
pub mod pricing;
pub mod problem;
pub mod purchase;
pub mod random;
pub mod rate;
pub mod repository;
pub mod seal;
pub mod secret;
pub mod session;
pub mod stored;
pub mod stripe_event;
pub mod tally;
pub mod text;
pub mod token;

pub use clock::Clock;
pub use failure::Failure;
pub use ids::{CompanyId, GithubUserId, LogId, PurchaseId, RepositoryId, SessionId, UserId};
pub use jiff::Timestamp;
pub use money::Money;
pub use problem::Problem;
pub use random::Random;
pub use secret::{Secret, SecretSource, SecretUnavailable};
