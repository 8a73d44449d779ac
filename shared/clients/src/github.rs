//! GitHub: looking up accounts, inviting collaborators and removing them.
//!
//! See <https://docs.github.com/en/rest/collaborators>. The token needs "administration: write" and "metadata: read" on
//! the repositories that are sold. Writes should be made one after another: GitHub throttles accounts that make
//! many at once.

mod code;
mod credentials;
mod deliveries;
mod error;
pub mod oauth;
mod receipt;
mod repositories;
#[cfg(test)]
mod tests;
mod wire;

use domain::{Clock, GithubUserId, Secret, SecretSource};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::credentials::{Scope, Tokens};
pub use self::{
    deliveries::FailedDelivery,
    error::{GithubError, GithubErrorKind},
    receipt::{RateLimit, Receipt},
    repositories::{Collaborator, Cursor, Page, RepositoryInfo},
    wire::{Account, AccountKind, Invitation, Invited},
};
use crate::http::{Answer, Http, MAX_BODY_BYTES, NoAnswer};
pub(crate) use wire::next_page;

/// The API version asked for. GitHub keeps each for at least two years after its successor.
const API_VERSION: &str = "2022-11-28";
/// GitHub's JSON.
const JSON: &str = "application/vnd.github+json";
/// The most pages of invitations that are read, 100 to a page. A repository takes 50 new ones a day and each lives seven
/// days, but expired ones stay listed; 5,000 leaves room for months of neglect.
const MAX_PAGES: usize = 50;

/// A client of GitHub's REST API. Clones share connections and tokens.
///
/// The credentials secret is either a token's plain text or, for a GitHub App, JSON
/// `{"app_id": "…", "private_key": "-----BEGIN RSA PRIVATE KEY-----…"}`. As an App it acts on a repository with an
/// installation token narrowed to that repository, which is kept until five minutes before it expires.
/// Accounts are public, but GitHub allows anonymous callers 60 look-ups an hour, and an App's own JWT is not
/// accepted there; so an App looks them up with whatever installation token it has, and makes one if it has none.
/// Only an App that is installed nowhere asks anonymously.
#[derive(Debug, Clone)]
pub struct Github {
    http: Http,
    base_url: String,
    tokens: Tokens,
    clock: Clock,
    limit: receipt::LastSeen,
}

impl Github {
    /// A client of the API at `base_url`, without a trailing slash: `https://api.github.com`, or a double.
    pub fn new(http: Http, base_url: String, credentials: SecretSource, clock: Clock) -> Self {
        let tokens = Tokens::new(credentials);
        Self { http, base_url, tokens, clock, limit: receipt::LastSeen::default() }
    }

    /// What the last answer told of the rate limit, if one has. Each installation of an App has a limit of its own; this
    /// is that of whichever was used last.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.limit.get()
    }

    /// The account that has this login now, or `None` if there is none.
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<Account>, GithubError> {
        if !is_name(login) {
            return Ok(None);
        }
        self.account(&format!("{}/users/{login}", self.base_url)).await
    }

    /// The account with this number, under whatever login it has now, or `None` if it is gone.
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say.
    pub async fn account_by_id(&self, id: GithubUserId) -> Result<Option<Account>, GithubError> {
        self.account(&format!("{}/user/{id}", self.base_url)).await
    }

    /// Whether the credentials can see this repository. GitHub answers alike for what is not there and what is hidden;
    /// so does this for an App that is not installed there.
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say.
    pub async fn repository_exists(&self, owner: &str, name: &str) -> Result<bool, GithubError> {
        let url = self.repository_url(owner, name, "")?;
        let answer = match self.in_repository(Method::GET, owner, name, &url, None).await {
            Err(error) if matches!(error.kind, GithubErrorKind::NotFound) => return Ok(false),
            other => other?,
        };
        match answer.status {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refused(&answer)),
        }
    }

    /// Invites the account to read the repository. Repeating it does no harm.
    ///
    /// # Errors
    /// `NotFound` when either the repository or the account is not there or hidden; `Invalid` when GitHub will not
    /// invite this account. That a repository takes 50 invitations in 24 hours is taken to come as `RateLimited`.
    pub async fn invite(&self, owner: &str, name: &str, login: &str) -> Result<(Invited, Receipt), GithubError> {
        // On repositories of persons GitHub ignores the permission: every collaborator there can push.
        let body = json!({ "permission": "pull" });
        let url = self.collaborator_url(owner, name, login)?;
        let answer = self.in_repository(Method::PUT, owner, name, &url, Some(&body)).await?;
        match answer.status {
            StatusCode::CREATED => {
                let invitation: wire::Created = read(&answer)?;
                Ok((Invited::Pending { invitation_id: invitation.id }, Receipt::of(&answer)))
            }
            StatusCode::NO_CONTENT => Ok((Invited::Already, Receipt::of(&answer))),
            _ => Err(self.refused(&answer)),
        }
    }

    /// The repository's open invitations, expired ones included: those stay listed and stand in the way of new ones.
    ///
    /// # Errors
    /// `NotFound` when the repository is not there or hidden. `Unavailable` also when there are more than 5,000: a
    /// part of the list could be taken for the whole.
    pub async fn invitations(&self, owner: &str, name: &str) -> Result<Vec<Invitation>, GithubError> {
        let mut url = self.repository_url(owner, name, "/invitations?per_page=100")?;
        let mut invitations = Vec::new();
        for _ in 0..MAX_PAGES {
            let answer = self.in_repository(Method::GET, owner, name, &url, None).await?;
            if answer.status != StatusCode::OK {
                return Err(self.refused(&answer));
            }
            invitations.extend(read::<Vec<Invitation>>(&answer)?);
            match answer.header("link").and_then(wire::next_page) {
                None => return Ok(invitations),
                Some(next) if self.is_ours(next) => next.clone_into(&mut url),
                Some(_) => break,
            }
        }
        Err(GithubError::no_answer(NoAnswer::EndlessList))
    }

    /// Withdraws an invitation. One that is gone (accepted, declined, withdrawn) counts as withdrawn; so it does when the
    /// whole repository is hidden, which [`Github::repository_exists`] tells.
    ///
    /// # Errors
    /// When GitHub cannot or does not want to.
    pub async fn delete_invitation(&self, owner: &str, name: &str, id: u64) -> Result<Receipt, GithubError> {
        let url = self.repository_url(owner, name, &format!("/invitations/{id}"))?;
        let answer = self.in_repository(Method::DELETE, owner, name, &url, None).await?;
        match answer.status {
            StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok(Receipt::of(&answer)),
            _ => Err(self.refused(&answer)),
        }
    }

    /// Removes a collaborator. Access through teams, the organisation's base permission or membership remains, and
    /// GitHub finishes in the background: look again with [`Github::is_collaborator`].
    ///
    /// # Errors
    /// `NotFound` may mean that the account or that the whole repository is not there or hidden. Only the former is as good
    /// as removed: ask [`Github::repository_exists`].
    pub async fn remove_collaborator(&self, owner: &str, name: &str, login: &str) -> Result<Receipt, GithubError> {
        let url = self.collaborator_url(owner, name, login)?;
        let answer = self.in_repository(Method::DELETE, owner, name, &url, None).await?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(Receipt::of(&answer)),
            _ => Err(self.refused(&answer)),
        }
    }

    /// Whether the account has access now, by whatever means. `false` also when the whole repository is hidden:
    /// before taking it for success ask [`Github::repository_exists`].
    ///
    /// # Errors
    /// When GitHub cannot or does not want to say; `NotFound` when the App is not installed on the repository.
    pub async fn is_collaborator(&self, owner: &str, name: &str, login: &str) -> Result<bool, GithubError> {
        let url = self.collaborator_url(owner, name, login)?;
        let answer = self.in_repository(Method::GET, owner, name, &url, None).await?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refused(&answer)),
        }
    }

    async fn account(&self, url: &str) -> Result<Option<Account>, GithubError> {
        let answer = self.with_token(Scope::Accounts, Method::GET, url, None).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(read(&answer)?)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.refused(&answer)),
        }
    }

    fn repository_url(&self, owner: &str, name: &str, rest: &str) -> Result<String, GithubError> {
        if is_name(owner) && is_name(name) {
            Ok(format!("{}/repos/{owner}/{name}{rest}", self.base_url))
        } else {
            Err(GithubError::invalid("not a repository's name on GitHub"))
        }
    }

    fn collaborator_url(&self, owner: &str, name: &str, login: &str) -> Result<String, GithubError> {
        if is_name(login) {
            self.repository_url(owner, name, &format!("/collaborators/{login}"))
        } else {
            Err(GithubError::invalid("not an account's name on GitHub"))
        }
    }

    async fn in_repository(
        &self,
        method: Method,
        owner: &str,
        name: &str,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Answer, GithubError> {
        self.with_token(Scope::repository(owner, name), method, url, body).await
    }

    async fn with_token(
        &self,
        scope: Scope,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Answer, GithubError> {
        let token = self.token(&scope).await?;
        let answer = self.call(method, url, token.as_ref(), body).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // Revoked before its time; the next try makes a new one.
            self.tokens.forget(&scope);
        }
        Ok(answer)
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        bearer: Option<&Secret>,
        body: Option<&Value>,
    ) -> Result<Answer, GithubError> {
        let request = self.http.request(method, url).map_err(GithubError::no_answer)?;
        self.send(request.header("accept", JSON), bearer, body, MAX_BODY_BYTES).await
    }

    async fn send(
        &self,
        request: RequestBuilder,
        bearer: Option<&Secret>,
        body: Option<&Value>,
        limit: usize,
    ) -> Result<Answer, GithubError> {
        let mut request = request.header("x-github-api-version", API_VERSION);
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.reveal());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let request = request.build().map_err(|error| GithubError::no_answer(error.into()))?;
        let answer = self.http.send_for(request, limit).await.map_err(GithubError::no_answer)?;
        self.limit.note(&answer);
        Ok(answer)
    }

    /// Whether a list may be followed to this address: the token goes nowhere else.
    pub(crate) fn is_ours(&self, url: &str) -> bool {
        url.strip_prefix(&self.base_url).is_some_and(|rest| rest.starts_with('/'))
    }

    pub(crate) fn refused(&self, answer: &Answer) -> GithubError {
        error::classify(answer, self.clock.now())
    }
}

/// The body of a success.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, GithubError> {
    answer.json().map_err(|source| GithubError::unreadable(answer, source))
}

/// Whether `text` could name an account or a repository. GitHub's names need no escaping in a path; what is not of its
/// alphabet names nothing there and could only change the path.
fn is_name(text: &str) -> bool {
    let of_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=100).contains(&text.len()) && text.bytes().all(of_alphabet) && text != "." && text != ".."
}
