//! GitLab: see <https://docs.gitlab.com/api/tags/> and <https://docs.gitlab.com/api/repositories/>.

use bytes::Bytes;
use domain::{
    Timestamp,
    forge::{ForgeCommit, ForgeRef, ForgeRepository, RefKind, RepositorySeen, Sha},
};
use reqwest::StatusCode;
use serde::Deserialize;

use super::{
    ForgeError, ForgeErrorKind, MAX_FILE, MAX_LIST, MAX_PAGES,
    download::{Downloads, Fetch, zip},
    listed,
    rest::{Api, encoded},
};
use crate::github::next_page;

#[derive(Deserialize)]
struct Project {
    id: u64,
    path_with_namespace: String,
    default_branch: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    /// Of an annotated tag its own object; branches have none.
    target: Option<Sha>,
    commit: Commit,
    #[serde(default)]
    default: bool,
}

#[derive(Deserialize)]
struct Commit {
    id: Sha,
    committed_date: Timestamp,
}

/// The address of something of a project: `rest` begins with a slash.
fn url(api: &Api, repository: &ForgeRepository, rest: &str) -> String {
    let project = encoded(repository.id.as_deref().unwrap_or(&repository.path));
    format!("{}/projects/{project}{rest}", api.place.api_url)
}

pub(super) async fn repository(api: &Api, repository: &ForgeRepository) -> Result<RepositorySeen, ForgeError> {
    let found: Project = api.read(&url(api, repository, "")).await?;
    Ok(RepositorySeen {
        id: found.id.to_string(),
        path: found.path_with_namespace,
        default_branch: found.default_branch,
        description: found.description.filter(|text| !text.trim().is_empty()),
    })
}

pub(super) async fn refs(api: &Api, repository: &ForgeRepository, kind: RefKind) -> Result<Vec<ForgeRef>, ForgeError> {
    let list = if kind == RefKind::Tag { "tags" } else { "branches" };
    let mut refs = Vec::new();
    for page in 1..=MAX_PAGES {
        let url = url(api, repository, &format!("/repository/{list}?per_page=100&page={page}"));
        let answer = api.get(&url, MAX_LIST).await?;
        let found: Vec<Reference> = api.json(&answer)?;
        refs.extend(found.into_iter().map(|it| ForgeRef {
            commit: Some(it.commit.id.clone()),
            time: Some(it.commit.committed_date),
            is_default: it.default,
            ..listed(kind, &it.name, it.target.unwrap_or(it.commit.id))
        }));
        // Only whether there is a next page is believed: behind a proxy its address may be another.
        let told = answer.header("x-next-page").is_some_and(|page| !page.trim().is_empty());
        if !told && answer.header("link").and_then(next_page).is_none() {
            return Ok(refs);
        }
    }
    Err(api.error(ForgeErrorKind::TooLarge { limit: MAX_LIST }))
}

pub(super) async fn commit(api: &Api, repository: &ForgeRepository, sha: &Sha) -> Result<ForgeCommit, ForgeError> {
    let found: Commit = api.read(&url(api, repository, &format!("/repository/commits/{sha}"))).await?;
    Ok(ForgeCommit { sha: found.id, time: found.committed_date })
}

pub(super) async fn file(
    api: &Api,
    repository: &ForgeRepository,
    path: &str,
    commit: &Sha,
) -> Result<Bytes, ForgeError> {
    let rest = format!("/repository/files/{}/raw?ref={commit}", encoded(path));
    Ok(api.get(&url(api, repository, &rest), MAX_FILE).await?.body.into())
}

pub(super) async fn archive(
    api: &Api,
    downloads: &Downloads,
    repository: &ForgeRepository,
    commit: &Sha,
    limit: usize,
) -> Result<Bytes, ForgeError> {
    let url = url(api, repository, &format!("/repository/archive.zip?sha={commit}"));
    let headers = api.headers().await?;
    let also_ours = Some(api.place.web_url.as_str());
    let fetched = downloads.fetch(api.kind, Fetch { url: &url, headers, limit, also_ours }).await?;
    if fetched.status == StatusCode::OK { zip(api.kind, fetched) } else { Err(api.refused(&fetched)) }
}
