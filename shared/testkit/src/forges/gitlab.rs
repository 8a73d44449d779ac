//! GitLab's paths.

use axum::{
    Extension, Router,
    extract::{Path, RawQuery, State as Shared},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::forge::ForgeKind::Gitlab;
use serde_json::{Value, json};

use super::{
    Sandbox,
    code::{Commit, MAIN},
    gate::{Answered, Known, gate, missing, seen},
    trouble,
};
use crate::sandbox::{Answer, pairs, value};

const ROOT: &str = "/gitlab/api/v4";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    let of_project = |rest: &str| format!("{ROOT}/projects/{{id}}{rest}");
    let gated = sandbox.clone();
    Router::new()
        .route(&of_project(""), get(project))
        .route(&of_project("/repository/{list}"), get(list))
        .route(&of_project("/repository/archive.zip"), get(archive))
        .route(&of_project("/repository/commits/{sha}"), get(commit))
        .route(&of_project("/repository/files/{path}/raw"), get(file))
        .layer(middleware::from_fn(move |request, next| gate(gated.clone(), Gitlab, ROOT, request, next)))
        .with_state(sandbox.clone())
}

async fn project(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path(project): Path<String>,
) -> Answered {
    let base = sandbox.public_url();
    sandbox.shared.state.read(|state| {
        let (id, repository) = seen(state, Gitlab, known, &project)?;
        Ok(Answer::json(StatusCode::OK, object(&base, id, &repository.path, repository.name())))
    })
}

/// A project as GitLab shows it, here and in webhooks.
pub(super) fn object(base: &str, id: u64, path: &str, name: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "description": null,
        "path_with_namespace": path,
        "default_branch": MAIN,
        "web_url": format!("{base}/gitlab/{path}"),
        "git_http_url": format!("{base}/gitlab/{path}.git"),
        "http_url_to_repo": format!("{base}/gitlab/{path}.git"),
        "git_ssh_url": format!("git@gitlab.com:{path}.git"),
        "ssh_url_to_repo": format!("git@gitlab.com:{path}.git"),
    })
}

fn shown(sha: &str, commit: &Commit) -> Value {
    let at = commit.at.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string();
    json!({ "id": sha, "short_id": &sha[..8], "committed_date": at, "created_at": at, "message": "Change something" })
}

async fn list(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((project, list)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answered {
    let query = pairs(query.unwrap_or_default().as_bytes());
    let number = |name, default: usize| value(&query, name).parse().unwrap_or(default).max(1);
    let (per_page, page) = (number("per_page", 20).min(100), number("page", 1));
    sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Gitlab, known, &project)?;
        let code = &repository.code;
        let listed: Vec<Value> = match list.as_str() {
            "tags" => {
                let tags = code.tags.iter().map(|(name, tag)| {
                    let commit = shown(&tag.commit, &code.commits[&tag.commit]);
                    json!({ "name": name, "target": tag.object, "message": null, "commit": commit })
                });
                tags.collect()
            }
            "branches" => {
                let branches = code.branches.iter().map(
                    |(name, sha)| json!({ "name": name, "default": name == MAIN, "commit": shown(sha, &code.commits[sha]) }),
                );
                branches.collect()
            }
            _ => return Err(missing()),
        };
        let more = listed.len() > page * per_page;
        let listed = listed.into_iter().skip((page - 1) * per_page).take(per_page).collect();
        let next = if more { (page + 1).to_string() } else { String::new() };
        Ok(Answer::json(StatusCode::OK, Value::Array(listed)).header("x-next-page", next))
    })
}

async fn commit(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((project, sha)): Path<(String, String)>,
) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Gitlab, known, &project)?;
        let (sha, commit) = repository.code.peel(&sha).ok_or_else(missing)?;
        Ok(Answer::json(StatusCode::OK, shown(sha, commit)))
    })
}

async fn file(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path((project, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = pairs(query.unwrap_or_default().as_bytes());
    let found = sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Gitlab, known, &project)?;
        let (_, commit) = repository.code.peel(value(&query, "ref")).ok_or_else(missing)?;
        commit.files.get(&path).cloned().ok_or_else(missing)
    });
    found.map_or_else(Answer::into_response, IntoResponse::into_response)
}

async fn archive(
    Shared(sandbox): Shared<Sandbox>,
    Extension(known): Extension<Known>,
    Path(project): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let sha = value(&pairs(query.as_bytes()), "sha").to_owned();
    let found = sandbox.shared.state.read(|state| {
        let (_, repository) = seen(state, Gitlab, known, &project)?;
        repository.code.archive(&repository.path, &sha).ok_or_else(missing)
    });
    match found {
        Ok(zip) => trouble::archive(zip, sandbox.troubled(Gitlab), &format!("archive.zip?{query}")),
        Err(refused) => refused.into_response(),
    }
}
