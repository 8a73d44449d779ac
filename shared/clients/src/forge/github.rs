//! GitHub: see <https://docs.github.com/en/rest/git/refs> and <https://docs.github.com/en/rest/repos/contents>.

use bytes::Bytes;
use domain::{
    Timestamp,
    forge::{ForgeCommit, ForgeKind, ForgeRef, ForgeRepository, RefKind, RepositorySeen, Sha},
};
use reqwest::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    ForgeError, ForgeErrorKind, MAX_FILE, MAX_LIST, MAX_PAGES,
    download::{Downloads, Fetch},
    error::{UNDOCUMENTED, malformed},
    listed,
};
use crate::{
    Github,
    github::next_page,
    http::{Answer, NoAnswer},
};

/// The media type that a file comes in as it is.
const RAW: &str = "application/vnd.github.raw+json";

#[derive(Deserialize)]
struct Repository {
    id: u64,
    full_name: String,
    default_branch: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    name: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: Sha,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Tag {
    object: Object,
}

#[derive(Deserialize)]
struct Commit {
    sha: Sha,
    committer: Committer,
}

#[derive(Deserialize)]
struct Committer {
    date: Timestamp,
}

pub(super) async fn repository(github: &Github, repository: &ForgeRepository) -> Result<RepositorySeen, ForgeError> {
    let found: Repository = read(github, repository, "").await?;
    Ok(RepositorySeen {
        id: found.id.to_string(),
        path: found.full_name,
        default_branch: found.default_branch,
        description: found.description.filter(|text| !text.trim().is_empty()),
    })
}

pub(super) async fn refs(
    github: &Github,
    repository: &ForgeRepository,
    kind: RefKind,
) -> Result<Vec<ForgeRef>, ForgeError> {
    let (rest, prefix) = match kind {
        RefKind::Tag => ("/git/matching-refs/tags/", "refs/tags/"),
        RefKind::Branch => ("/git/matching-refs/heads/", "refs/heads/"),
    };
    let mut url = github.code_url(repository, rest).map_err(of_list)?;
    let mut refs = Vec::new();
    // They are documented to come all at once; a page is followed all the same if there is one.
    for _ in 0..MAX_PAGES {
        let answer = github.read_code(repository, &url, None, MAX_LIST).await.map_err(of_list)?;
        let page: Vec<Reference> = succeeded(github, &answer)?;
        refs.extend(page.into_iter().filter_map(|it| {
            let name = it.name.strip_prefix(prefix)?;
            let commit = (it.object.kind == "commit").then(|| it.object.sha.clone());
            Some(ForgeRef { commit, ..listed(kind, name, it.object.sha) })
        }));
        match answer.header("link").and_then(next_page) {
            None => return Ok(refs),
            Some(next) if github.is_ours(next) => next.clone_into(&mut url),
            Some(_) => return Err(ForgeError::no_answer(ForgeKind::Github, NoAnswer::EndlessList, MAX_LIST)),
        }
    }
    Err(ForgeError::new(ForgeKind::Github, ForgeErrorKind::TooLarge { limit: MAX_LIST }))
}

/// The commit itself; of an annotated tag, which is an object of its own, that is read first. `/commits/{sha}` would find
/// both, but it works out what the commit changed, and fails for good where that takes too long.
pub(super) async fn commit(
    github: &Github,
    repository: &ForgeRepository,
    at: &ForgeRef,
) -> Result<ForgeCommit, ForgeError> {
    let sha = match &at.commit {
        Some(sha) => sha.clone(),
        None => tagged(github, repository, &at.sha).await?,
    };
    let found: Commit = read(github, repository, &format!("/git/commits/{sha}")).await?;
    Ok(ForgeCommit { sha: found.sha, time: found.committer.date })
}

/// What a tag object is of.
async fn tagged(github: &Github, repository: &ForgeRepository, sha: &Sha) -> Result<Sha, ForgeError> {
    let tag: Tag = read(github, repository, &format!("/git/tags/{sha}")).await?;
    if tag.object.kind == "commit" {
        return Ok(tag.object.sha);
    }
    Err(ForgeError::new(ForgeKind::Github, malformed("the tag is of no commit")))
}

pub(super) async fn file(
    github: &Github,
    repository: &ForgeRepository,
    path: &str,
    commit: &Sha,
) -> Result<Bytes, ForgeError> {
    let path: Vec<String> = path.split('/').map(super::rest::encoded).collect();
    let rest = format!("/contents/{}?ref={commit}", path.join("/"));
    let url = github.code_url(repository, &rest).map_err(of_list)?;
    let answer = github.read_code(repository, &url, Some(RAW), MAX_FILE).await;
    let answer = answer.map_err(|error| ForgeError::of_github(error, MAX_FILE))?;
    if answer.status == StatusCode::OK { Ok(answer.body.into()) } else { Err(of_list(github.refused(&answer))) }
}

pub(super) async fn archive(
    github: &Github,
    downloads: &Downloads,
    repository: &ForgeRepository,
    commit: &Sha,
    limit: usize,
) -> Result<Bytes, ForgeError> {
    let url = github.code_url(repository, &format!("/zipball/{commit}")).map_err(of_list)?;
    let headers = github.code_headers(repository).await.map_err(of_list)?;
    let fetched = downloads.fetch(ForgeKind::Github, Fetch { url: &url, headers, limit, also_ours: None }).await?;
    github.note_download(repository, &fetched).map_err(of_list)?;
    if fetched.status != StatusCode::OK {
        return Err(of_list(github.refused(&fetched)));
    }
    super::download::zip(ForgeKind::Github, fetched)
}

async fn read<T: DeserializeOwned>(github: &Github, repository: &ForgeRepository, rest: &str) -> Result<T, ForgeError> {
    let url = github.code_url(repository, rest).map_err(of_list)?;
    let answer = github.read_code(repository, &url, None, MAX_LIST).await.map_err(of_list)?;
    succeeded(github, &answer)
}

fn succeeded<T: DeserializeOwned>(github: &Github, answer: &Answer) -> Result<T, ForgeError> {
    match answer.status {
        StatusCode::OK => answer.json().map_err(|error| ForgeError::no_answer(ForgeKind::Github, error, MAX_LIST)),
        // An empty repository.
        StatusCode::CONFLICT => Err(ForgeError::new(ForgeKind::Github, ForgeErrorKind::NotFound)),
        StatusCode::UNPROCESSABLE_ENTITY => Err(ForgeError::new(ForgeKind::Github, malformed(UNDOCUMENTED))),
        _ => Err(of_list(github.refused(answer))),
    }
}

fn of_list(error: crate::github::GithubError) -> ForgeError {
    ForgeError::of_github(error, MAX_LIST)
}
