//! The whole of Tollgate in one process: the functions' own routes and handlers behind a gateway that reads
//! `template.yaml`, embedded AWS services, pollers that take messages as Lambda does, and sandboxes of GitHub and Stripe.
#![warn(missing_docs)]

pub mod audit;
pub mod demo;
mod environment;
mod functions;
mod gateway;
pub mod options;
mod pollers;
mod sandboxes;
mod stack;
mod tickers;
pub mod welcome;

pub use functions::Functions;
pub use pollers::Settled;
pub use stack::{Stack, StackConfig, World};
