//! Forges: where vendors keep the code of their packages. GitHub, GitLab and Bitbucket Cloud.

mod url;

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::url::{ForgeHosts, NotARepositoryUrl, NotOnForge, RepositoryUrl};

/// Which forge. It is a package's `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForgeKind {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Bitbucket Cloud.
    Bitbucket,
}

impl ForgeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Github, Self::Gitlab, Self::Bitbucket];

    /// Its name in the API and in what is stored: `github`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Bitbucket => "bitbucket",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
            Self::Bitbucket => "Bitbucket",
        }
    }

    /// The host that it is known by.
    pub const fn public_host(self) -> &'static str {
        match self {
            Self::Github => "github.com",
            Self::Gitlab => "gitlab.com",
            Self::Bitbucket => "bitbucket.org",
        }
    }
}

impl fmt::Display for ForgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ForgeKind {
    type Err = NotAForge;

    fn from_str(text: &str) -> Result<Self, NotAForge> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(NotAForge)
    }
}

/// The text names no forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of github, gitlab and bitbucket")]
pub struct NotAForge;

/// A Git object's name: 40 or, of the newer kind, 64 hexadecimal digits in lower case. It is safe in a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha(String);

impl Sha {
    /// Reads one; digits in upper case are taken, too.
    pub fn parse(text: &str) -> Option<Self> {
        let whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        whole.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Sha> for String {
    fn from(sha: Sha) -> Self {
        sha.0
    }
}

impl TryFrom<String> for Sha {
    type Error = NotASha;

    fn try_from(text: String) -> Result<Self, NotASha> {
        Self::parse(&text).ok_or(NotASha)
    }
}

/// The text is not the name of a Git object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 40 or 64 hexadecimal digits")]
pub struct NotASha;

/// A repository on a forge. [`ForgeHosts::locate`] makes one of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeRepository {
    /// Which forge it is on.
    pub kind: ForgeKind,
    /// `owner/name`; on GitLab there may be more groups before the name. As it was written, without `.git`.
    pub path: String,
    /// The forge's own number or id of it, which stays when it is renamed. Calls go by it if it is known.
    pub id: Option<String>,
}

impl ForgeRepository {
    /// The same, found by the forge's own id from now on.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// The same for all spellings of its address, for comparing and for keys: `github/acme-corp/toolkit`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind, self.path.to_lowercase())
    }
}

/// What a forge says of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySeen {
    /// The forge's own number or id of it, which stays when it is renamed.
    pub id: String,
    /// Its path at present.
    pub path: String,
    /// The branch that is shown first; an empty repository may have none.
    pub default_branch: Option<String>,
    /// Its description, unless there is none.
    pub description: Option<String>,
}

/// Whether a ref stays or moves on with each commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefKind {
    /// A tag.
    Tag,
    /// A branch.
    Branch,
}

/// A tag or a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeRef {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// What it is.
    pub kind: RefKind,
    /// What it points to: a commit, or the tag object of an annotated tag. While it is the same, so is the commit.
    pub sha: Sha,
    /// The commit, where the list tells.
    pub commit: Option<Sha>,
    /// The commit's date, where the list tells.
    pub time: Option<Timestamp>,
    /// Whether it is the branch that is shown first.
    pub is_default: bool,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeCommit {
    /// Its name.
    pub sha: Sha,
    /// When it was committed.
    pub time: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forge_is_called_the_same_everywhere() {
        for kind in ForgeKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
        }
        assert_eq!("git".parse::<ForgeKind>(), Err(NotAForge));
    }

    #[test]
    fn a_sha_has_as_many_digits_as_git_writes() {
        let sha = "6DCB09B5B57875F334F61AEBED695E2E4193DB5E";
        assert_eq!(Sha::parse(sha).map(String::from), Some(sha.to_lowercase()));
        assert!(Sha::parse(&"a".repeat(64)).is_some());
        for wrong in ["", "6dcb09b", &"g".repeat(40), &"a".repeat(41), "../../../../../../../../../../../../../x"] {
            assert_eq!(Sha::parse(wrong), None, "{wrong}");
            assert!(serde_json::from_value::<Sha>(wrong.into()).is_err());
        }
    }
}
