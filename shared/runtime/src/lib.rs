//! Where the functions meet the world: the only crate that knows Lambda and the environment.
//!
//! A function's `main` asks [`Services`] for what it stands on, and hands its router to [`serve`], its job handler to
//! [`consume`], or what the clock calls to [`schedule`]. The local stack makes [`Services`] from settings of its own and does the rest itself.
#![warn(missing_docs)]

mod edges;
mod gateway;
mod lambda;
mod logging;
mod secrets;
mod services;
mod settings;

pub use edges::Edges;
pub use lambda::{consume, schedule, serve};
pub use services::Services;
pub use settings::{NEEDS, Settings};

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A variable is missing from the environment.
    #[error("the environment variable {0} is not set")]
    MissingSetting(&'static str),
    /// A variable holds something that it cannot mean.
    #[error("the environment variable {name} must be {expected}")]
    BadSetting {
        /// The variable.
        name: &'static str,
        /// What it may hold.
        expected: &'static str,
    },
    /// Lambda's own loop ended.
    #[error("the Lambda runtime ended")]
    Lambda(#[source] lambda_runtime::Error),
}
