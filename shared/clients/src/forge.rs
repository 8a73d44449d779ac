//! The forges that packages come from: their tags, their commits, and archives of these.
//!
//! A sync asks little: one call for GitHub's tags, however many; nothing for a tag that is where it was; for a new one its
//! commit (which GitLab and Bitbucket tell with the tag) and its archive. Without a credential no header is sent: what is
//! public can be read.

mod bitbucket;
mod download;
mod error;
mod github;
mod gitlab;
mod rest;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use domain::{
    Clock,
    forge::{ForgeCommit, ForgeKind, ForgeRef, ForgeRepository, RefKind, RepositorySeen, Sha},
};
use reqwest::Url;

use self::{download::Downloads, rest::Api};
pub use self::{
    error::{ForgeError, ForgeErrorKind},
    rest::Place,
};
use crate::{Github, Http};

/// The largest archive that is taken, in bytes.
pub const MAX_ARCHIVE: usize = 64 * 1024 * 1024;
/// The largest file that is read by itself, in bytes.
pub const MAX_FILE: usize = 1024 * 1024;
/// The largest list, in bytes: GitHub answers with all tags at once, about 350 bytes each.
const MAX_LIST: usize = 8 * 1024 * 1024;
/// How an address is written that has no origin.
const NO_ORIGIN: &str = "null";
/// The most pages of a list, 100 to a page.
const MAX_PAGES: u32 = 100;

/// A client of the three forges. Clones share connections and tokens.
#[derive(Debug, Clone)]
pub struct Forges {
    github: Github,
    gitlab: Api,
    bitbucket: Api,
    downloads: Downloads,
}

impl Forges {
    /// A client.
    ///
    /// `download_origins` are those that archives may be redirected to though they are not of the public internet, besides
    /// the forges' own: `https://storage.internal`. What is no address among them is passed over.
    pub fn new<'a>(
        http: &Http,
        github: Github,
        gitlab: Place,
        bitbucket: Place,
        download_origins: impl IntoIterator<Item = &'a str>,
        clock: &Clock,
    ) -> Self {
        let origin = |text: &str| Some(Url::parse(text).ok()?.origin().ascii_serialization());
        let others = download_origins.into_iter().filter_map(origin).filter(|origin| origin != NO_ORIGIN).collect();
        Self {
            github,
            gitlab: Api::new(ForgeKind::Gitlab, http.clone(), gitlab, clock.clone()),
            bitbucket: Api::new(ForgeKind::Bitbucket, http.clone(), bitbucket, clock.clone()),
            downloads: Downloads { http: http.clone(), others },
        }
    }

    /// What the forge says of the repository, under whatever name it has now.
    ///
    /// # Errors
    /// `NotFound` when it is not there or hidden from our credentials; whatever else keeps the forge from saying.
    pub async fn repository(&self, repository: &ForgeRepository) -> Result<RepositorySeen, ForgeError> {
        match repository.kind {
            ForgeKind::Github => github::repository(&self.github, repository).await,
            ForgeKind::Gitlab => gitlab::repository(&self.gitlab, repository).await,
            ForgeKind::Bitbucket => bitbucket::repository(&self.bitbucket, repository).await,
        }
    }

    /// All its tags, and its branches as well if they are asked for.
    ///
    /// # Errors
    /// As for [`Self::repository`]. `TooLarge` when there are more than 10,000, or more than 8 MiB tell of.
    pub async fn refs(&self, repository: &ForgeRepository, branches: bool) -> Result<Vec<ForgeRef>, ForgeError> {
        let mut refs = self.refs_of(repository, RefKind::Tag).await?;
        if branches {
            let mut found = self.refs_of(repository, RefKind::Branch).await?;
            if !found.iter().any(|it| it.is_default) && !found.is_empty() {
                let default = self.repository(repository).await?.default_branch;
                for branch in &mut found {
                    branch.is_default = default.as_ref() == Some(&branch.name);
                }
            }
            refs.extend(found);
        }
        Ok(refs)
    }

    async fn refs_of(&self, repository: &ForgeRepository, kind: RefKind) -> Result<Vec<ForgeRef>, ForgeError> {
        match repository.kind {
            ForgeKind::Github => github::refs(&self.github, repository, kind).await,
            ForgeKind::Gitlab => gitlab::refs(&self.gitlab, repository, kind).await,
            ForgeKind::Bitbucket => bitbucket::refs(&self.bitbucket, repository, kind).await,
        }
    }

    /// The commit that a ref is at.
    ///
    /// # Errors
    /// As for [`Self::repository`]; `NotFound` also when there is no such commit.
    pub async fn commit(&self, repository: &ForgeRepository, at: &ForgeRef) -> Result<ForgeCommit, ForgeError> {
        match repository.kind {
            ForgeKind::Github => github::commit(&self.github, repository, at).await,
            ForgeKind::Gitlab => gitlab::commit(&self.gitlab, repository, &at.sha).await,
            ForgeKind::Bitbucket => bitbucket::commit(&self.bitbucket, repository, &at.sha).await,
        }
    }

    /// A file of a commit, `None` if there is no such file (or no such repository).
    ///
    /// # Errors
    /// As for [`Self::repository`]. `TooLarge` when it has more than 1 MiB.
    pub async fn file(
        &self,
        repository: &ForgeRepository,
        path: &str,
        commit: &Sha,
    ) -> Result<Option<Bytes>, ForgeError> {
        let file = match repository.kind {
            ForgeKind::Github => github::file(&self.github, repository, path, commit).await,
            ForgeKind::Gitlab => gitlab::file(&self.gitlab, repository, path, commit).await,
            ForgeKind::Bitbucket => bitbucket::file(&self.bitbucket, repository, path, commit).await,
        };
        match file {
            Err(ForgeError { kind: ForgeErrorKind::NotFound, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// A zip archive of a commit, of up to `limit` bytes. Two of one commit may differ in their bytes.
    ///
    /// # Errors
    /// As for [`Self::repository`]. `TooLarge`, `Malformed` when what comes is no zip archive, `Refused` when it is
    /// somewhere that nobody else may send us to.
    pub async fn archive(&self, repository: &ForgeRepository, commit: &Sha, limit: usize) -> Result<Bytes, ForgeError> {
        match repository.kind {
            ForgeKind::Github => github::archive(&self.github, &self.downloads, repository, commit, limit).await,
            ForgeKind::Gitlab => gitlab::archive(&self.gitlab, &self.downloads, repository, commit, limit).await,
            ForgeKind::Bitbucket => {
                bitbucket::archive(&self.bitbucket, &self.downloads, repository, commit, limit).await
            }
        }
    }
}

/// A ref from what a list says of it.
fn listed(kind: RefKind, name: &str, sha: Sha) -> ForgeRef {
    ForgeRef { name: name.to_owned(), kind, sha, commit: None, time: None, is_default: false }
}
