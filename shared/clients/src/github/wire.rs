//! What GitHub's answers hold, as far as it is used.

use domain::{GithubUserId, Timestamp};
use serde::Deserialize;

/// An account: a person's or an organisation's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Its number, which stays.
    pub id: GithubUserId,
    /// Its name at present. Once renamed, the old name is free for anybody.
    pub login: String,
    /// Whose it is.
    #[serde(rename = "type")]
    pub kind: AccountKind,
    /// Its picture.
    #[serde(default)]
    pub avatar_url: String,
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum AccountKind {
    /// A person's: the only kind that can be invited.
    User,
    /// An organisation's.
    Organization,
    /// A bot's, or a kind that is new.
    #[serde(other)]
    Other,
}

/// What became of an invitation that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// It was sent, or is still open; there is no access until it is accepted.
    Pending {
        /// Its number within GitHub.
        invitation_id: u64,
    },
    /// None was needed: the account has access, by this means or another.
    Already,
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "ListedInvitation")]
pub struct Invitation {
    /// Its number.
    pub id: u64,
    /// Who was invited; `None` for one sent to an e-mail address.
    pub invitee: Option<GithubUserId>,
    /// Whether it lapsed (after seven days). It can't be accepted any more and must be deleted before the next.
    pub expired: bool,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// An invitation just made.
#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) id: u64,
}

#[derive(Deserialize)]
struct ListedInvitation {
    id: u64,
    invitee: Option<Invitee>,
    #[serde(default)]
    expired: bool,
    created_at: Timestamp,
}

#[derive(Deserialize)]
struct Invitee {
    id: GithubUserId,
}

impl From<ListedInvitation> for Invitation {
    fn from(listed: ListedInvitation) -> Self {
        Self {
            id: listed.id,
            invitee: listed.invitee.map(|invitee| invitee.id),
            expired: listed.expired,
            created_at: listed.created_at,
        }
    }
}

/// The URL with `rel="next"` of a `Link` header.
pub(crate) fn next_page(link: &str) -> Option<&str> {
    let next = link.split(',').find(|part| part.contains(r#"rel="next""#))?;
    let (_, rest) = next.split_once('<')?;
    Some(rest.split_once('>')?.0)
}
