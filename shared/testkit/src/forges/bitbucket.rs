//! Bitbucket's paths.

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, State as Shared},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::forge::ForgeKind::Bitbucket;
use serde_json::{Value, json};

use super::{
    Sandbox,
    code::{Commit, MAIN},
    gate::{Answered, Known, gate, missing, seen},
    state::{Repository, uuid},
    trouble,
};
use crate::sandbox::{Answer, pairs, value};

const API: &str = "/bitbucket/2.0";
const PAGES: &str = "/bitbucket";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    let of_repository = |rest: &str| format!("{API}/repositories/{{workspace}}/{{name}}{rest}");
    let (api, pages) = (sandbox.clone(), sandbox.clone());
    let api = Router::new()
        .route(&of_repository(""), get(repository))
        .route(&of_repository("/refs/{list}"), get(list))
        .route(&of_repository("/commit/{sha}"), get(commit))
        .route(&of_repository("/src/{sha}/{*path}"), get(file))
        .layer(middleware::from_fn(move |request, next| gate(api.clone(), Bitbucket, API, request, next)));
    let pages = Router::new()
        .route(&format!("{PAGES}/{{workspace}}/{{name}}/get/{{file}}"), get(archive))
        .layer(middleware::from_fn(move |request, next| gate(pages.clone(), Bitbucket, PAGES, request, next)));
    api.merge(pages).with_state(sandbox.clone())
}

/// The workspace `{}` is any.
fn named(workspace: &str, name: &str) -> String {
    if workspace == "{}" { name.to_owned() } else { format!("{workspace}/{name}") }
}

async fn repository(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((workspace, name)): Path<(String, String)>,
) -> Answered {
    let base = sandbox.public_url();
    sandbox.shared.state.read(|state| {
        let (id, repository) = seen(state, Bitbucket, known, &named(&workspace, &name))?;
        Ok(Answer::json(StatusCode::OK, object(&base, id, repository)))
    })
}

/// A repository as Bitbucket shows it, here and in webhooks.
pub(super) fn object(base: &str, id: u64, repository: &Repository) -> Value {
    let path = &repository.path;
    json!({
        "type": "repository",
        "uuid": uuid(id),
        "full_name": path,
        "name": repository.name(),
        "description": "",
        "is_private": repository.private,
        "mainbranch": { "type": "branch", "name": MAIN },
        "links": { "html": { "href": format!("{base}/bitbucket/{path}") } },
    })
}

fn shown(sha: &str, commit: &Commit) -> Value {
    let at = commit.at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    json!({ "type": "commit", "hash": sha, "date": at })
}

async fn list(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((workspace, name, list)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Answered {
    let query = pairs(query.unwrap_or_default().as_bytes());
    let number = |name, default: usize| value(&query, name).parse().unwrap_or(default).max(1);
    let (pagelen, page) = (number("pagelen", 10).min(100), number("page", 1));
    let base = sandbox.public_url();
    sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Bitbucket, known, &named(&workspace, &name))?;
        let code = &repository.code;
        let refs: Vec<(&String, &String)> = match list.as_str() {
            "tags" => code.tags.iter().map(|(name, tag)| (name, &tag.commit)).collect(),
            "branches" => code.branches.iter().collect(),
            _ => return Err(missing()),
        };
        let more = refs.len() > page * pagelen;
        let shown = |(name, sha): (&String, &String)| json!({ "name": name, "target": shown(sha, &code.commits[sha]) });
        let values: Vec<Value> = refs.into_iter().skip((page - 1) * pagelen).take(pagelen).map(shown).collect();
        let mut body = json!({ "pagelen": pagelen, "page": page, "values": values });
        if more {
            let path = format!("{base}{API}/repositories/{workspace}/{name}/refs/{list}");
            body["next"] = format!("{path}?pagelen={pagelen}&page={}", page + 1).into();
        }
        Ok(Answer::json(StatusCode::OK, body))
    })
}

async fn commit(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((workspace, name, sha)): Path<(String, String, String)>,
) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Bitbucket, known, &named(&workspace, &name))?;
        let (sha, commit) = repository.code.peel(&sha).ok_or_else(missing)?;
        Ok(Answer::json(StatusCode::OK, shown(sha, commit)))
    })
}

async fn file(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((workspace, name, sha, path)): Path<(String, String, String, String)>,
) -> Response {
    let found = sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Bitbucket, known, &named(&workspace, &name))?;
        let (_, commit) = repository.code.peel(&sha).ok_or_else(missing)?;
        commit.files.get(&path).cloned().ok_or_else(missing)
    });
    found.map_or_else(Answer::into_response, IntoResponse::into_response)
}

async fn archive(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((workspace, name, file)): Path<(String, String, String)>,
) -> Response {
    let found = sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Bitbucket, known, &named(&workspace, &name))?;
        let sha = file.strip_suffix(".zip").ok_or_else(missing)?;
        repository.code.archive(&repository.path, sha).ok_or_else(missing)
    });
    match found {
        Ok(zip) => trouble::archive(zip, sandbox.troubled(Bitbucket), &file),
        Err(refused) => refused.into_response(),
    }
}
