//! Packages: what is synced from forges, and what deleted ones leave behind.

mod fetch;
mod forget;
mod gather;
mod lease;
pub(crate) mod purchase;
mod pushed;
mod refs;
mod sync;

pub(crate) use forget::{forget_bundle, forget_package};
pub(crate) use pushed::pushed;
pub(crate) use sync::sync;
