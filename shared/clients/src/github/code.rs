//! Reading the code of repositories, for [`crate::Forges`].
//!
//! An App needs "contents: read" for it. Without credentials, or where the App is not installed, what is public can be read.

use domain::{Secret, SecretUnavailable, forge::ForgeRepository};
use reqwest::{Method, StatusCode, header::HeaderMap};

use super::{API_VERSION, Github, GithubError, GithubErrorKind, JSON, credentials::Scope};
use crate::http::Answer;

impl Github {
    /// The address of something of a repository: `rest` begins with a slash.
    pub(crate) fn code_url(&self, repository: &ForgeRepository, rest: &str) -> Result<String, GithubError> {
        if let Scope::CodeById(id) = code_scope(repository)? {
            return Ok(format!("{}/repositories/{id}{rest}", self.base_url));
        }
        let (owner, name) = repository.path.split_once('/').unwrap_or_default();
        self.repository_url(owner, name, rest)
    }

    /// Reads something of a repository. The answer may have any status.
    pub(crate) async fn read_code(
        &self,
        repository: &ForgeRepository,
        url: &str,
        accept: Option<&'static str>,
        limit: usize,
    ) -> Result<Answer, GithubError> {
        let token = self.code_token(repository).await?;
        let request = self.http.request(Method::GET, url).map_err(GithubError::no_answer)?;
        let answer = self.send(request.header("accept", accept.unwrap_or(JSON)), token.as_ref(), None, limit).await?;
        self.forget_refused(repository, answer.status)?;
        Ok(answer)
    }

    /// The headers of a download from a repository.
    pub(crate) async fn code_headers(&self, repository: &ForgeRepository) -> Result<HeaderMap, GithubError> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", reqwest::header::HeaderValue::from_static(JSON));
        headers.insert("x-github-api-version", reqwest::header::HeaderValue::from_static(API_VERSION));
        if let Some(token) = self.code_token(repository).await? {
            let unusable = |_| GithubErrorKind::UnusableCredentials("the token has characters no token has");
            headers.insert("authorization", format!("Bearer {}", token.reveal()).parse().map_err(unusable)?);
        }
        Ok(headers)
    }

    /// Takes note of a download's answer: what it tells of the rate limit, and whether its token was good.
    pub(crate) fn note_download(&self, repository: &ForgeRepository, answer: &Answer) -> Result<(), GithubError> {
        self.limit.note(answer);
        self.forget_refused(repository, answer.status)
    }

    fn forget_refused(&self, repository: &ForgeRepository, status: StatusCode) -> Result<(), GithubError> {
        if status == StatusCode::UNAUTHORIZED {
            self.tokens.forget(&code_scope(repository)?);
        }
        Ok(())
    }

    async fn code_token(&self, repository: &ForgeRepository) -> Result<Option<Secret>, GithubError> {
        match self.token(&code_scope(repository)?).await {
            Err(error)
                if matches!(
                    error.kind,
                    GithubErrorKind::NotFound | GithubErrorKind::Credentials(SecretUnavailable::Missing { .. })
                ) =>
            {
                Ok(None)
            }
            other => other,
        }
    }
}

/// By the number, where it is known.
fn code_scope(repository: &ForgeRepository) -> Result<Scope, GithubError> {
    if let Some(id) = repository.id.as_deref().and_then(|id| id.parse().ok()) {
        return Ok(Scope::CodeById(id));
    }
    let invalid = || GithubError::invalid("not a repository's name on GitHub");
    let (owner, name) = repository.path.split_once('/').ok_or_else(invalid)?;
    Ok(Scope::Code { owner: owner.to_owned(), name: name.to_owned() })
}
