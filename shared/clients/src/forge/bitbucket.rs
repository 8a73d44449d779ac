//! Bitbucket Cloud: see <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/>.

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
    error::malformed,
    listed,
    rest::{Api, encoded},
};

#[derive(Deserialize)]
struct Repository {
    uuid: String,
    full_name: String,
    mainbranch: Option<Named>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Page {
    values: Vec<Reference>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    target: Commit,
}

#[derive(Deserialize)]
struct Commit {
    hash: Sha,
    date: Timestamp,
}

/// The address of something of a repository: `rest` begins with a slash. By its id it is found in whatever workspace.
fn url(api: &Api, repository: &ForgeRepository, rest: &str) -> String {
    let path = match &repository.id {
        Some(id) => format!("{}/{}", encoded("{}"), encoded(id)),
        None => repository.path.split('/').map(encoded).collect::<Vec<_>>().join("/"),
    };
    format!("{}/repositories/{path}{rest}", api.place.api_url)
}

pub(super) async fn repository(api: &Api, repository: &ForgeRepository) -> Result<RepositorySeen, ForgeError> {
    let found: Repository = api.read(&url(api, repository, "")).await?;
    Ok(RepositorySeen {
        id: found.uuid,
        path: found.full_name,
        default_branch: found.mainbranch.map(|it| it.name),
        description: found.description.filter(|text| !text.trim().is_empty()),
    })
}

pub(super) async fn refs(api: &Api, repository: &ForgeRepository, kind: RefKind) -> Result<Vec<ForgeRef>, ForgeError> {
    let list = if kind == RefKind::Tag { "tags" } else { "branches" };
    let fields = "fields=next,values.name,values.target.hash,values.target.date";
    let mut url = url(api, repository, &format!("/refs/{list}?pagelen=100&{fields}"));
    let mut refs = Vec::new();
    for _ in 0..MAX_PAGES {
        let page: Page = api.read(&url).await?;
        refs.extend(page.values.into_iter().map(|it| ForgeRef {
            commit: Some(it.target.hash.clone()),
            time: Some(it.target.date),
            ..listed(kind, &it.name, it.target.hash)
        }));
        match page.next {
            None => return Ok(refs),
            // The token goes nowhere else.
            Some(next) if next.strip_prefix(&api.place.api_url).is_some_and(|rest| rest.starts_with('/')) => url = next,
            Some(_) => return Err(api.error(malformed("the list's next page is elsewhere"))),
        }
    }
    Err(api.error(ForgeErrorKind::TooLarge { limit: MAX_LIST }))
}

pub(super) async fn commit(api: &Api, repository: &ForgeRepository, sha: &Sha) -> Result<ForgeCommit, ForgeError> {
    let found: Commit = api.read(&url(api, repository, &format!("/commit/{sha}"))).await?;
    Ok(ForgeCommit { sha: found.hash, time: found.date })
}

pub(super) async fn file(
    api: &Api,
    repository: &ForgeRepository,
    path: &str,
    commit: &Sha,
) -> Result<Bytes, ForgeError> {
    let path: Vec<String> = path.split('/').map(encoded).collect();
    let url = url(api, repository, &format!("/src/{commit}/{}", path.join("/")));
    Ok(api.get(&url, MAX_FILE).await?.body.into())
}

/// Archives are among the web pages, by the repository's path alone.
pub(super) async fn archive(
    api: &Api,
    downloads: &Downloads,
    repository: &ForgeRepository,
    commit: &Sha,
    limit: usize,
) -> Result<Bytes, ForgeError> {
    let path: Vec<String> = repository.path.split('/').map(encoded).collect();
    let url = format!("{}/{}/get/{commit}.zip", api.place.web_url, path.join("/"));
    let headers = api.headers().await?;
    let also_ours = Some(api.place.api_url.as_str());
    let fetched = downloads.fetch(api.kind, Fetch { url: &url, headers, limit, also_ours }).await?;
    if fetched.status == StatusCode::OK { zip(api.kind, fetched) } else { Err(api.refused(&fetched)) }
}
