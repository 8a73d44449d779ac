//! GitHub's REST paths.

use std::collections::BTreeMap;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::{Method, StatusCode},
    middleware,
    routing::{delete, get, put},
};
use domain::Timestamp;
use serde_json::{Value, json};

use super::{
    Sandbox, app, code,
    gate::{Call, Caller, gate, refuse, secondary, seconds_until},
    hooks::{self, Sender},
    lists, oauth, objects,
    state::{Found, Invited, NotInvited, Repository, State},
};
use crate::sandbox::Answer;

pub(super) type Params = Path<BTreeMap<String, String>>;
pub(super) type Answered = Result<Answer, Answer>;

/// Each path about a repository exists twice: by its name, and by its number, where redirects lead.
pub(super) fn router(sandbox: &Sandbox) -> Router {
    let mut router = Router::new()
        .route("/users/{login}", get(user_by_login))
        .route("/user/{id}", get(user_by_id))
        .merge(app::routes())
        .merge(hooks::routes())
        .merge(oauth::routes());
    for root in ["/repos/{owner}/{name}", "/repositories/{repository}"] {
        router = router
            .route(root, get(repository))
            .route(&format!("{root}/installation"), get(app::installation))
            .route(&format!("{root}/invitations"), get(lists::invitations))
            .route(&format!("{root}/invitations/{{invitation}}"), delete(delete_invitation))
            .route(&format!("{root}/collaborators"), get(lists::collaborators))
            .route(&format!("{root}/collaborators/{{login}}"), put(invite).delete(remove).get(is_collaborator));
        for (path, answer) in code::paths() {
            router = router.route(&format!("{root}{path}"), answer);
        }
    }
    router.layer(middleware::from_fn_with_state(sandbox.clone(), gate)).with_state(sandbox.clone())
}

/// What is not there, or not to be seen.
pub(super) async fn not_found() -> Answer {
    missing()
}

pub(super) fn missing() -> Answer {
    refuse(StatusCode::NOT_FOUND, "Not Found")
}

async fn user_by_login(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(login): Path<String>,
) -> Answered {
    not_app(&call)?;
    sandbox.shared.state.read(|state| {
        let id = state.account(&login).ok_or_else(missing)?;
        Ok(ok(objects::account(state, &call.base, id)))
    })
}

async fn user_by_id(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(id): Path<String>,
) -> Answered {
    not_app(&call)?;
    sandbox.shared.state.read(|state| {
        let id = id.parse().ok();
        let id = id.filter(|id| state.accounts.contains_key(id));
        Ok(ok(objects::account(state, &call.base, id.ok_or_else(missing)?)))
    })
}

async fn repository(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    sandbox.shared.state.read(|state| {
        let (id, repository) = find(state, &call, &params)?;
        Ok(ok(objects::repository(state, &call.base, id, repository)))
    })
}

async fn invite(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
    body: Bytes,
) -> Answered {
    let permission = permission(&body)?;
    let now = sandbox.now();
    let invited = sandbox.change(|state| {
        let (id, _) = administered(state, &call, &params)?;
        match state.invite(id, &params["login"], &permission, now) {
            Ok(Invited::Present) => Ok(None),
            Ok(Invited::Standing(invitation)) => {
                let found = &state.repositories[&id].invitations[&invitation];
                let body = objects::invitation(state, &call.base, id, invitation, found, now);
                Ok(Some(body))
            }
            Err(reason) => Err(not_invited(reason, now)),
        }
    })?;
    Ok(match invited {
        Some(invitation) => Answer::json(StatusCode::CREATED, invitation),
        None => Answer::empty(StatusCode::NO_CONTENT),
    })
}

/// The invitations' daily limit is documented without its answer. Assumed: the answer of a secondary limit, with
/// `retry-after` until the oldest of the fifty invitations is a day old.
fn not_invited(reason: NotInvited, now: Timestamp) -> Answer {
    match reason {
        NotInvited::NoSuchUser => missing(),
        NotInvited::Organisation => invalid("An organization cannot be added as a collaborator"),
        NotInvited::Refused(message) => invalid(&message),
        NotInvited::TooMany(until) => {
            secondary(StatusCode::FORBIDDEN).header("retry-after", seconds_until(until, now).to_string())
        }
    }
}

async fn remove(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>, Path(params): Params) -> Answered {
    let teller = sandbox.teller(match call.caller {
        Caller::Installation(_) => Sender::App,
        _ => Sender::Owner,
    });
    sandbox.change(|state| {
        let (id, _) = administered(state, &call, &params)?;
        let user = state.account(&params["login"]).ok_or_else(missing)?;
        state.remove_collaborator(id, user, &teller);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    })
}

async fn is_collaborator(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = administered(state, &call, &params)?;
        let user = state.account(&params["login"]);
        match user.filter(|user| state.has_access(repository, *user)) {
            Some(_) => Ok(Answer::empty(StatusCode::NO_CONTENT)),
            None => Err(missing()),
        }
    })
}

async fn delete_invitation(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    sandbox.change(|state| {
        let (id, _) = administered(state, &call, &params)?;
        let invitation = params["invitation"].parse::<u64>().ok();
        let repository = state.repositories.get_mut(&id);
        repository
            .zip(invitation)
            .and_then(|(repository, invitation)| repository.invitations.remove(&invitation))
            .map(|_| Answer::empty(StatusCode::NO_CONTENT))
            .ok_or_else(missing)
    })
}

/// Refuses the App itself: its JWT is for its own addresses, all else takes an installation's token.
fn not_app(call: &Call) -> Result<(), Answer> {
    match call.caller {
        Caller::App => Err(refuse(StatusCode::UNAUTHORIZED, "Bad credentials")),
        Caller::Nobody => Err(refuse(StatusCode::UNAUTHORIZED, "Requires authentication")),
        _ => Ok(()),
    }
}

/// The repository that the path names, wherever it is now. A former name answers with a redirect: 301 for reading and
/// 307 for the rest, as a client must repeat the method.
pub(super) fn locate(state: &State, call: &Call, params: &BTreeMap<String, String>) -> Result<u64, Answer> {
    if let Some(id) = params.get("repository") {
        let id = id.parse().ok();
        return id.filter(|id| state.repositories.contains_key(id)).ok_or_else(missing);
    }
    match state.find(&params["owner"], &params["name"]) {
        Found::Here(id) => Ok(id),
        Found::Nowhere => Err(missing()),
        Found::Moved(id) => {
            let rest = call.path.splitn(5, '/').nth(4);
            let rest = rest.map_or_else(String::new, |rest| format!("/{rest}"));
            let query = call.query.as_ref();
            let query = query.map_or_else(String::new, |query| format!("?{query}"));
            let url = format!("{}/repositories/{id}{rest}{query}", call.base);
            let (status, message) = if call.method == Method::GET {
                (StatusCode::MOVED_PERMANENTLY, "Moved Permanently")
            } else {
                (StatusCode::TEMPORARY_REDIRECT, "Temporary Redirect")
            };
            let body = json!({
                "message": message,
                "url": url,
                "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
            });
            Err(Answer::json(status, body).header("location", url))
        }
    }
}

/// The repository, if the caller can see it.
pub(super) fn find<'a>(
    state: &'a State,
    call: &Call,
    params: &BTreeMap<String, String>,
) -> Result<(u64, &'a Repository), Answer> {
    let nobody = matches!(call.caller, Caller::Nobody);
    if !nobody {
        not_app(call)?;
    }
    let id = locate(state, call, params)?;
    let repository = &state.repositories[&id];
    let taken_off = repository.taken_off && matches!(call.caller, Caller::Installation(_));
    let sees = if nobody { !repository.private } else { call.caller.sees(repository.owner, id) };
    if repository.hidden || taken_off || !sees {
        return Err(missing());
    }
    Ok((id, repository))
}

/// The repository, if the caller may decide who has access to it.
pub(super) fn administered<'a>(
    state: &'a State,
    call: &Call,
    params: &BTreeMap<String, String>,
) -> Result<(u64, &'a Repository), Answer> {
    let (id, repository) = find(state, call, params)?;
    if let Some(message) = &repository.forbidden {
        return Err(refuse(StatusCode::FORBIDDEN, message));
    }
    if repository.archived && call.method != Method::GET {
        return Err(refuse(StatusCode::FORBIDDEN, "Repository was archived so is read-only."));
    }
    if !call.caller.administers() {
        return Err(refuse(StatusCode::FORBIDDEN, "Resource not accessible by integration"));
    }
    Ok((id, repository))
}

/// The permission that the body asks for; `push` if it does not say.
fn permission(body: &[u8]) -> Result<String, Answer> {
    let body = json_body(body)?;
    match &body["permission"] {
        Value::Null => Ok("push".to_owned()),
        Value::String(name) if ["pull", "triage", "push", "maintain", "admin"].contains(&name.as_str()) => {
            Ok(name.clone())
        }
        _ => Err(invalid("permission is not a known role")),
    }
}

pub(super) fn json_body(body: &[u8]) -> Result<Value, Answer> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let parsed = serde_json::from_slice::<Value>(body).ok();
    parsed.filter(Value::is_object).ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "Problems parsing JSON"))
}

fn invalid(message: &str) -> Answer {
    Answer::json(
        StatusCode::UNPROCESSABLE_ENTITY,
        json!({
            "message": "Validation Failed",
            "errors": [{ "resource": "Repository", "code": "custom", "message": message }],
            "documentation_url": "https://docs.github.com/rest/collaborators/collaborators#add-a-repository-collaborator",
            "status": "422",
        }),
    )
}

pub(super) fn ok(body: Value) -> Answer {
    Answer::json(StatusCode::OK, body)
}
