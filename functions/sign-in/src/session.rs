//! The session itself.

pub(crate) mod me;
pub(crate) mod sign_out;
