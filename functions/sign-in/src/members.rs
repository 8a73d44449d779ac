//! Who may sign in to the company.

pub(crate) mod change;
pub(crate) mod invite;
pub(crate) mod list;
pub(crate) mod remove;

use api::{ApiError, Kind};
use domain::{log::LogEntry, member::Member};
use store::MemberChange;

/// The line says which member it is about.
pub(crate) fn about(entry: LogEntry, member: &Member) -> LogEntry {
    entry.with("memberId", Some(member.id.to_string())).with("memberName", Some(member.name()))
}

/// What is told when a change of a member was not made.
fn refusal(change: MemberChange) -> ApiError {
    let message = match change {
        MemberChange::Owners => "The company needs an owner: make another member one first",
        MemberChange::Taken => "This person is a member already",
        MemberChange::Stale | MemberChange::Made => "Others changed this member at the same time; please try again",
    };
    ApiError::new(Kind::Conflict, message)
}
