//! The paths that a GitHub App uses to get its tokens.

use std::collections::BTreeSet;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Sandbox,
    gate::{Call, Caller, installed, refuse, token_end},
    objects,
    rest::{Answered, Params, json_body, locate, missing, ok},
    state::{State, Token},
};
use crate::sandbox::Answer;

pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/app/installations", get(list_installations))
        .route("/app/installations/{id}/access_tokens", post(access_token))
}

/// The installation that covers a repository.
pub(super) async fn installation(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    app_only(&call)?;
    sandbox.shared.state.read(|state| {
        let id = locate(state, &call, &params)?;
        let owner = state.repositories[&id].owner;
        let installed = state.accounts.get(&owner).is_some_and(|it| it.has_app);
        if !installed || state.repositories[&id].taken_off {
            return Err(missing());
        }
        Ok(ok(objects::installation(state, &call.base, owner)))
    })
}

async fn list_installations(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>) -> Answered {
    app_only(&call)?;
    sandbox.shared.state.read(|state| {
        let installed = state.accounts.iter().filter(|(_, account)| account.has_app);
        let shown = installed.map(|(id, _)| objects::installation(state, &call.base, *id));
        Ok(ok(shown.collect()))
    })
}

async fn access_token(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answered {
    app_only(&call)?;
    let wanted = json_body(&body)?;
    let now = sandbox.now();
    sandbox.change(|state| {
        let account = id.parse().ok();
        let account = account.filter(|id| state.accounts.get(id).is_some_and(|account| account.has_app));
        let account = account.ok_or_else(missing)?;
        installed(state, account)?;
        let repositories = narrowed(state, account, &wanted)?;
        let permissions = match &wanted["permissions"] {
            Value::Object(asked) if !asked.is_empty() => Value::Object(asked.clone()),
            _ => json!({ "administration": "write", "contents": "read", "metadata": "read" }),
        };
        let selection = if repositories.is_some() { "selected" } else { "all" };
        let token = Token {
            account,
            expires_at: token_end(now),
            repositories,
            administration: permissions["administration"] == "write",
            contents: !permissions["contents"].is_null(),
        };
        let body = json!({
            "token": format!("ghs_sandbox{:029}", state.new_id()),
            "expires_at": objects::seconds(token.expires_at),
            "permissions": permissions,
            "repository_selection": selection,
        });
        state.tokens.retain(|_, token| now < token.expires_at);
        let text = body["token"].as_str().unwrap_or_default().to_owned();
        state.tokens.insert(text, token);
        Ok(Answer::json(StatusCode::CREATED, body))
    })
}

/// The repositories a token is to be narrowed to, by number or by name: all of them the installation's.
fn narrowed(state: &State, account: u64, wanted: &Value) -> Result<Option<BTreeSet<u64>>, Answer> {
    let ((Value::Array(asked), _) | (_, Value::Array(asked))) = (&wanted["repository_ids"], &wanted["repositories"])
    else {
        return Ok(None);
    };
    let known = |asked: &Value| {
        let owned = state.repositories.iter().filter(|(_, it)| it.owner == account && !it.hidden && !it.taken_off);
        let mut owned = owned.map(|(id, it)| (*id, it.name.as_str()));
        let is_it = |(id, name): &(u64, &str)| {
            asked.as_u64() == Some(*id) || asked.as_str().is_some_and(|asked| asked.eq_ignore_ascii_case(name))
        };
        owned.find(is_it).map(|(id, _)| id)
    };
    let known: Option<BTreeSet<u64>> = asked.iter().map(known).collect();
    known.map(Some).ok_or_else(|| {
        refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    })
}

pub(super) fn app_only(call: &Call) -> Result<(), Answer> {
    match call.caller {
        Caller::App => Ok(()),
        _ => Err(refuse(StatusCode::UNAUTHORIZED, "A JSON web token could not be decoded")),
    }
}
