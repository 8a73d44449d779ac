//! Signing in by a link that is mailed (ruling 2).
//!
//! The link opens a page, and the page's button signs in: programs that look at links in mail, and fetch them, use nothing up.

pub(crate) mod page;
pub(crate) mod request;
pub(crate) mod verify;
