//! GitHub's webhooks, read into what they mean for Tollgate.
//!
//! Knows nothing of HTTP or signatures. See <https://docs.github.com/en/webhooks/webhook-events-and-payloads>. A webhook
//! holds no time of its own, may come twice with the same number, late, in any order, or never: it is a reason to look at
//! GitHub, and only what it tells of the past (who did it) is believed.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::Value;

use crate::{
    GithubUserId,
    text::{GithubLogin, GithubRepositoryName},
};

/// A webhook of GitHub's that Tollgate has to act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GithubEvent {
    /// GitHub's number of the delivery, the same when it is sent again.
    pub delivery: String,
    /// Whose deed it was, as far as GitHub tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Account>,
    /// What happened.
    pub about: About,
}

/// What happened on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum About {
    /// Somebody became a collaborator: by accepting an invitation, or added by hand.
    MemberAdded {
        /// Of which repository.
        repository: Repository,
        /// Who.
        account: Account,
    },
    /// Somebody is no collaborator any more, whoever removed them; it may have been Tollgate.
    MemberRemoved {
        /// Of which repository.
        repository: Repository,
        /// Who.
        account: Account,
    },
    /// A repository has another name.
    RepositoryRenamed {
        /// With the new name.
        repository: Repository,
    },
    /// A repository has another owner, and perhaps another name.
    RepositoryTransferred {
        /// With the new owner.
        repository: Repository,
    },
    /// A repository is gone.
    RepositoryDeleted {
        /// As it was.
        repository: Repository,
    },
    /// Anybody can read a repository now: there is nothing left to sell.
    RepositoryPublicized {
        /// Which.
        repository: Repository,
    },
    /// A repository is private again.
    RepositoryPrivatized {
        /// Which.
        repository: Repository,
    },
    /// A repository can only be read from now on.
    RepositoryArchived {
        /// Which.
        repository: Repository,
    },
    /// A repository is worked on again.
    RepositoryUnarchived {
        /// Which.
        repository: Repository,
    },
    /// The GitHub App was installed by an account, or given more repositories.
    RepositoriesAdded {
        /// The installation's number.
        installation: u64,
        /// The repositories' numbers.
        repositories: Vec<u64>,
    },
    /// Repositories were taken out of an installation of the GitHub App.
    RepositoriesTakenOff {
        /// The installation's number.
        installation: u64,
        /// The repositories' numbers.
        repositories: Vec<u64>,
    },
    /// The GitHub App was uninstalled: it can do nothing any more.
    InstallationGone {
        /// The installation's number.
        installation: u64,
        /// The repositories' numbers, if GitHub tells them.
        repositories: Vec<u64>,
    },
    /// The GitHub App may do nothing for the time being.
    InstallationSuspended {
        /// The installation's number.
        installation: u64,
        /// The repositories' numbers, if GitHub tells them.
        repositories: Vec<u64>,
    },
    /// The GitHub App may act again.
    InstallationUnsuspended {
        /// The installation's number.
        installation: u64,
        /// The repositories' numbers, if GitHub tells them.
        repositories: Vec<u64>,
    },
}

/// A repository as a webhook names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Its number, which stays.
    pub id: u64,
    /// Its owner after what happened.
    pub owner: GithubLogin,
    /// Its name after what happened.
    pub name: GithubRepositoryName,
}

/// An account as a webhook names it. An App's deeds are those of an account like `tollgate[bot]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number, which stays.
    pub id: GithubUserId,
    /// Its name at that time.
    pub login: String,
}

/// What a signed body turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// An event to act on.
    Relevant(Box<GithubEvent>),
    /// Nothing to act on: it is answered and dropped.
    Irrelevant {
        /// Why, for the log.
        reason: &'static str,
    },
}

/// The body is not a webhook's, or not that of the event it is said to be.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a GitHub event")]
pub struct NotAnEvent(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    action: String,
    sender: Option<Account>,
}

#[derive(Deserialize)]
struct OfMember {
    member: Account,
    repository: NamedRepository,
}

#[derive(Deserialize)]
struct OfRepository {
    repository: NamedRepository,
}

#[derive(Deserialize)]
struct NamedRepository {
    id: u64,
    name: String,
    owner: Owner,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
}

#[derive(Deserialize)]
struct OfInstallation {
    installation: Numbered,
    #[serde(default)]
    repositories: Option<Vec<Numbered>>,
    #[serde(default)]
    repositories_added: Vec<Numbered>,
    #[serde(default)]
    repositories_removed: Vec<Numbered>,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

/// Reads a signed body. `event` is what `X-GitHub-Event` says, `delivery` what `X-GitHub-Delivery` says.
///
/// Fields, actions and events that are not known here never make it fail.
///
/// # Errors
/// When the body is not JSON, or lacks what every webhook of its kind has.
pub fn read(event: &str, delivery: &str, body: &[u8]) -> Result<Received, NotAnEvent> {
    let value: Value = serde_json::from_slice(body)?;
    if !value.is_object() {
        return Err(serde_json::Error::custom("not an object").into());
    }
    let about = match event {
        "member" => member(value.clone())?,
        "repository" => repository(value.clone())?,
        "installation" | "installation_repositories" => installation(event, value.clone())?,
        "ping" => return Ok(Received::Irrelevant { reason: "a ping" }),
        _ => return Ok(Received::Irrelevant { reason: "unknown event" }),
    };
    let Some(about) = about else {
        return Ok(Received::Irrelevant { reason: "unknown action" });
    };
    let Envelope { sender, .. } = serde_json::from_value(value)?;
    Ok(Received::Relevant(Box::new(GithubEvent { delivery: delivery.to_owned(), sender, about })))
}

fn action(value: &Value) -> Result<String, serde_json::Error> {
    Ok(Envelope::deserialize(value)?.action)
}

fn member(value: Value) -> Result<Option<About>, serde_json::Error> {
    let told: fn(Repository, Account) -> About = match action(&value)?.as_str() {
        "added" => |repository, account| About::MemberAdded { repository, account },
        "removed" => |repository, account| About::MemberRemoved { repository, account },
        _ => return Ok(None),
    };
    let OfMember { member, repository } = serde_json::from_value(value)?;
    Ok(Some(told(repository.try_into()?, member)))
}

fn repository(value: Value) -> Result<Option<About>, serde_json::Error> {
    let told: fn(Repository) -> About = match action(&value)?.as_str() {
        "renamed" => |repository| About::RepositoryRenamed { repository },
        "transferred" => |repository| About::RepositoryTransferred { repository },
        "deleted" => |repository| About::RepositoryDeleted { repository },
        "publicized" => |repository| About::RepositoryPublicized { repository },
        "privatized" => |repository| About::RepositoryPrivatized { repository },
        "archived" => |repository| About::RepositoryArchived { repository },
        "unarchived" => |repository| About::RepositoryUnarchived { repository },
        _ => return Ok(None),
    };
    let OfRepository { repository } = serde_json::from_value(value)?;
    Ok(Some(told(repository.try_into()?)))
}

fn installation(event: &str, value: Value) -> Result<Option<About>, serde_json::Error> {
    let action = action(&value)?;
    let told: OfInstallation = serde_json::from_value(value)?;
    let installation = told.installation.id;
    let repositories = numbers(told.repositories.unwrap_or_default());
    Ok(match (event, action.as_str()) {
        ("installation", "created") => Some(About::RepositoriesAdded { installation, repositories }),
        ("installation", "deleted") => Some(About::InstallationGone { installation, repositories }),
        ("installation", "suspend") => Some(About::InstallationSuspended { installation, repositories }),
        ("installation", "unsuspend") => Some(About::InstallationUnsuspended { installation, repositories }),
        ("installation_repositories", "added") => {
            Some(About::RepositoriesAdded { installation, repositories: numbers(told.repositories_added) })
        }
        ("installation_repositories", "removed") => {
            Some(About::RepositoriesTakenOff { installation, repositories: numbers(told.repositories_removed) })
        }
        _ => None,
    })
}

fn numbers(repositories: Vec<Numbered>) -> Vec<u64> {
    repositories.into_iter().map(|repository| repository.id).collect()
}

impl TryFrom<NamedRepository> for Repository {
    type Error = serde_json::Error;

    fn try_from(named: NamedRepository) -> Result<Self, Self::Error> {
        Ok(Self {
            id: named.id,
            owner: GithubLogin::parse(&named.owner.login).map_err(serde_json::Error::custom)?,
            name: GithubRepositoryName::parse(&named.name).map_err(serde_json::Error::custom)?,
        })
    }
}
