//! Looking at repositories, and at who is in them, page by page.

use domain::{GithubUserId, Timestamp};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

use super::{AccountKind, Github, GithubError, GithubErrorKind, Invitation, credentials::Scope, read, wire};
use crate::http::Answer;

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Shown")]
pub struct RepositoryInfo {
    /// Its number, which stays when it is renamed or transferred.
    pub id: u64,
    /// Its owner's name at present.
    pub owner: String,
    /// Whose it is. On a person's repository every collaborator can push, whatever was asked for.
    pub owner_kind: AccountKind,
    /// Its name at present.
    pub name: String,
    /// Whether only collaborators can read it. What is public cannot be sold.
    pub private: bool,
    /// Whether it can only be read; nobody can be invited then.
    pub archived: bool,
    /// How many people marked it.
    pub stars: u64,
    /// Its description, unless there is none.
    pub description: Option<String>,
    /// When something was last pushed.
    pub pushed_at: Option<Timestamp>,
    /// When something about it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// Somebody who was let into a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Collaborator {
    /// The account's number.
    pub id: GithubUserId,
    /// The account's name at present.
    pub login: String,
    /// What it may do: `read`, `triage`, `write`, `maintain`, `admin`, or a role of the organisation's own.
    #[serde(default, rename = "role_name")]
    pub role: String,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it, up to a hundred.
    pub items: Vec<T>,
    /// Where the list goes on; `None` at its end.
    pub next: Option<Cursor>,
}

/// A place in a list, to be asked for later. Lists that change meanwhile shift: what moves across a page's edge is
/// missed or seen twice, so a look at the whole list is to be repeated some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(u32);

#[derive(Deserialize)]
struct Shown {
    id: u64,
    name: String,
    owner: Owner,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    stargazers_count: u64,
    description: Option<String>,
    pushed_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Owner {
    login: String,
    #[serde(rename = "type")]
    kind: AccountKind,
}

impl From<Shown> for RepositoryInfo {
    fn from(shown: Shown) -> Self {
        Self {
            id: shown.id,
            owner: shown.owner.login,
            owner_kind: shown.owner.kind,
            name: shown.name,
            private: shown.private,
            archived: shown.archived,
            stars: shown.stargazers_count,
            description: shown.description.filter(|text| !text.trim().is_empty()),
            pushed_at: shown.pushed_at,
            updated_at: shown.updated_at,
        }
    }
}

impl Github {
    /// The repository that has, or had, this name; look at the owner and the name of the answer. `None` when it is not
    /// there, hidden from these credentials, or the App is not installed on it.
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say.
    pub async fn repository(&self, owner: &str, name: &str) -> Result<Option<RepositoryInfo>, GithubError> {
        let url = self.repository_url(owner, name, "")?;
        self.look_at_repository(self.in_repository(Method::GET, owner, name, &url, None).await)
    }

    /// The repository of this number, whatever it is called now and whosever it is. `None` as for [`Self::repository`].
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say.
    pub async fn repository_by_id(&self, id: u64) -> Result<Option<RepositoryInfo>, GithubError> {
        let url = format!("{}/repositories/{id}", self.base_url);
        self.look_at_repository(self.with_token(Scope::RepositoryById(id), Method::GET, &url, None).await)
    }

    fn look_at_repository(&self, answer: Result<Answer, GithubError>) -> Result<Option<RepositoryInfo>, GithubError> {
        let answer = match answer {
            Err(error) if matches!(error.kind, GithubErrorKind::NotFound) => return Ok(None),
            other => other?,
        };
        match answer.status {
            StatusCode::OK => Ok(Some(read(&answer)?)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.refused(&answer)),
        }
    }

    /// A page of those who were let into the repository themselves, not by way of an organisation or a team. A person's
    /// repository counts its owner among them. `from` is where to begin, `None` for the beginning.
    ///
    /// # Errors
    /// `NotFound` when the repository is not there or hidden.
    pub async fn collaborators(
        &self,
        owner: &str,
        name: &str,
        from: Option<Cursor>,
    ) -> Result<Page<Collaborator>, GithubError> {
        self.page(owner, name, "/collaborators?affiliation=direct&per_page=100", from).await
    }

    /// A page of the repository's open invitations, expired ones included. See also [`Github::invitations`], for all.
    ///
    /// # Errors
    /// `NotFound` when the repository is not there or hidden.
    pub async fn invitations_page(
        &self,
        owner: &str,
        name: &str,
        from: Option<Cursor>,
    ) -> Result<Page<Invitation>, GithubError> {
        self.page(owner, name, "/invitations?per_page=100", from).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        owner: &str,
        name: &str,
        list: &str,
        from: Option<Cursor>,
    ) -> Result<Page<T>, GithubError> {
        let Cursor(page) = from.unwrap_or(Cursor(1));
        let url = self.repository_url(owner, name, &format!("{list}&page={page}"))?;
        let answer = self.in_repository(Method::GET, owner, name, &url, None).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer));
        }
        // Only whether there is a next page is believed: its address may be another, after a redirect.
        let next = answer.header("link").and_then(wire::next_page).map(|_| Cursor(page.saturating_add(1)));
        Ok(Page { items: read(&answer)?, next })
    }
}
