//! The paths under which GitHub shows code: tags, commits, files, archives.

use std::collections::BTreeMap;

use axum::{
    Extension, Router,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde_json::{Value, json};

use super::{
    Sandbox,
    gate::{Call, Caller, refuse},
    objects,
    rest::{Answered, Params, find, missing, ok},
    state::{Repository, State},
};
use crate::{
    forges::{Trouble, code::Code, trouble},
    sandbox::{Answer, pairs, value},
};

/// Lists come in pages of so many. GitHub shows all refs at once up to some number that it does not document.
const REFS: usize = 1000;

/// The paths below a repository's, and what answers there.
pub(super) fn paths() -> [(&'static str, MethodRouter<Sandbox>); 6] {
    [
        ("/git/matching-refs/tags/", get(tags)),
        ("/git/matching-refs/heads/", get(branches)),
        ("/git/tags/{sha}", get(tag)),
        ("/git/commits/{sha}", get(commit)),
        ("/contents/{*path}", get(file)),
        ("/zipball/{sha}", get(zipball)),
    ]
}

/// The host that archives come from. It is another than the API's, and passes none of its gates.
pub(super) fn codeload(sandbox: &Sandbox) -> Router {
    Router::new().route("/codeload/{repository}/{sha}", get(download)).with_state(sandbox.clone())
}

/// The repository's code, if the caller may read it.
fn readable<'a>(
    state: &'a State,
    call: &Call,
    params: &BTreeMap<String, String>,
) -> Result<(u64, &'a Repository), Answer> {
    let (id, repository) = find(state, call, params)?;
    match &call.caller {
        Caller::Installation(token) if !token.contents => {
            Err(refuse(StatusCode::FORBIDDEN, "Resource not accessible by integration"))
        }
        _ => Ok((id, repository)),
    }
}

async fn tags(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>, Path(params): Params) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = readable(state, &call, &params)?;
        let tags = repository.code.tags.iter();
        Ok(page(&call, tags.map(|(name, tag)| ("tags", name, &tag.object, tag.is_annotated()))))
    })
}

async fn branches(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = readable(state, &call, &params)?;
        let branches = repository.code.branches.iter();
        Ok(page(&call, branches.map(|(name, commit)| ("heads", name, commit, false))))
    })
}

fn page<'a>(call: &Call, refs: impl Iterator<Item = (&'a str, &'a String, &'a String, bool)>) -> Answer {
    let query = pairs(call.query.as_deref().unwrap_or_default().as_bytes());
    let page: usize = value(&query, "page").parse().unwrap_or(1).max(1);
    let mut refs = refs.skip((page - 1) * REFS);
    let shown: Vec<Value> = refs
        .by_ref()
        .take(REFS)
        .map(|(folder, name, object, annotated)| {
            json!({
                "ref": format!("refs/{folder}/{name}"),
                "node_id": "SANDBOX_REF",
                "url": format!("{}{}", call.base, call.path),
                "object": { "sha": object, "type": if annotated { "tag" } else { "commit" }, "url": call.base },
            })
        })
        .collect();
    let answer = ok(Value::Array(shown));
    match refs.next() {
        Some(_) => answer.header("link", format!("<{}{}?page={}>; rel=\"next\"", call.base, call.path, page + 1)),
        None => answer,
    }
}

async fn tag(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>, Path(params): Params) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = readable(state, &call, &params)?;
        let mut tags = repository.code.tags.iter().filter(|(_, tag)| tag.is_annotated());
        let (name, tag) = tags.find(|(_, tag)| tag.object == params["sha"]).ok_or_else(missing)?;
        let object = json!({ "sha": tag.commit, "type": "commit" });
        Ok(ok(json!({ "tag": name, "sha": tag.object, "object": object })))
    })
}

async fn commit(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>, Path(params): Params) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = readable(state, &call, &params)?;
        let sha = &params["sha"];
        let commit = repository.code.commits.get(sha).ok_or_else(missing)?;
        let person = json!({ "name": "Sandbox", "email": "sandbox@example.com", "date": objects::seconds(commit.at) });
        let message = "Change something";
        Ok(ok(json!({ "sha": sha, "author": person, "committer": person, "message": message, "parents": [] })))
    })
}

async fn file(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>, Path(params): Params) -> Response {
    let found = sandbox.shared.state.read(|state| {
        let (_, repository) = readable(state, &call, &params)?;
        let query = pairs(call.query.as_deref().unwrap_or_default().as_bytes());
        let commit = repository.code.commits.get(value(&query, "ref")).ok_or_else(missing)?;
        commit.files.get(&params["path"]).cloned().ok_or_else(missing)
    });
    found.map_or_else(Answer::into_response, IntoResponse::into_response)
}

async fn zipball(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>, Path(params): Params) -> Answered {
    let (codeload, trouble) = (sandbox.codeload_url(), sandbox.trouble());
    sandbox.shared.state.read(|state| {
        let (id, repository) = readable(state, &call, &params)?;
        let (sha, _) = repository.code.peel(&params["sha"]).ok_or_else(missing)?;
        let to = match trouble {
            Some(Trouble::EndlessRedirect) => format!("{}{}", call.base, call.path),
            Some(Trouble::ToMetadata) => "http://169.254.169.254/latest/meta-data/".to_owned(),
            Some(Trouble::To(address)) => address.to_owned(),
            _ => format!("{codeload}/codeload/{id}/{sha}?token={}", pass(id, sha)),
        };
        Ok(Answer::empty(StatusCode::FOUND).header("location", to))
    })
}

/// Whoever has the address may have the archive: a credential besides is one that went to the wrong host.
async fn download(
    Shared(sandbox): Shared<Sandbox>,
    uri: Uri,
    headers: HeaderMap,
    Path((id, sha)): Path<(u64, String)>,
) -> Response {
    sandbox.note(format!("GET /codeload/{id}/{sha}"));
    if headers.contains_key(header::AUTHORIZATION) {
        return refuse(StatusCode::BAD_REQUEST, "A credential does not belong here").into_response();
    }
    let query = pairs(uri.query().unwrap_or_default().as_bytes());
    let zip = sandbox.shared.state.read(|state| {
        let repository = state.repositories.get(&id).filter(|_| value(&query, "token") == pass(id, &sha))?;
        let path = format!("{}/{}", state.login(repository.owner), repository.name);
        Code::archive(&repository.code, &path, &sha)
    });
    zip.map_or_else(|| missing().into_response(), |zip| trouble::archive(zip, sandbox.trouble(), &uri.to_string()))
}

/// What GitHub's addresses of archives of private repositories have in them.
fn pass(repository: u64, sha: &str) -> String {
    format!("PASS{repository}{sha}")
}
