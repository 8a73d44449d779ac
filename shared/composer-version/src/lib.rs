//! Composer's versions and version constraints, read and compared as Composer's own library does it.
//!
//! The rules are those of composer/semver 3.4 (`VersionParser`, `Constraint`, `Comparator`) and of PHP's
//! `version_compare`, down to their oddities: what a constraint admits here, a Composer client installs. Two things
//! differ on purpose: numbers may be of any length (PHP rounds those above 2^63), and text is never too long (PHP's
//! patterns give up on megabytes).
//!
//! Everything takes time linear in its input, and nothing recurses.
//!
//! ```
//! use composer_version::{Constraint, Version};
//!
//! let constraint = Constraint::parse("^1.2 || dev-main")?;
//! assert!(constraint.matches(&Version::parse("v1.9.0-RC1")?));
//! assert!(!constraint.matches(&Version::parse("2.0")?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod branch;
mod constraint;
mod date;
#[cfg(test)]
mod linear;
mod modifier;
mod normalize;
mod order;
mod scan;
mod stability;
mod version;

pub use constraint::{Constraint, ConstraintError, Problem};
pub use stability::{Stability, StabilityError};
pub use version::{Version, VersionError};
