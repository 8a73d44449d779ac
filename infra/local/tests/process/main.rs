//! The program as its users have it: a process that is started, talked to over HTTP, interrupted and killed.
#![expect(clippy::unwrap_used, reason = "in a test, what is missing is a failure")]

mod composer;
mod forges;
mod kills;
mod outside;
mod program;
mod starts;
mod walk;
