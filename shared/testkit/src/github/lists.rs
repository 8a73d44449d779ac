//! Lists in pages: collaborators and invitations.

use axum::{
    Extension,
    extract::{Path, State as Shared},
};
use serde_json::{Value, json};

use super::{
    Sandbox,
    gate::Call,
    objects,
    rest::{Answered, Params, administered, ok},
    state::{Kind, Repository, State},
};
use crate::sandbox::{Answer, pairs, value};

pub(super) async fn invitations(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    let now = sandbox.now();
    sandbox.shared.state.read(|state| {
        let (id, repository) = administered(state, &call, &params)?;
        let shown = |(number, it): (&u64, &_)| objects::invitation(state, &call.base, id, *number, it, now);
        Ok(paged(&call, repository.invitations.iter().map(shown).collect()))
    })
}

/// Those with access by the means that `affiliation` names: `direct` for collaborators alone, `outside` for those of them
/// who are not members, `all` for members, too. A person's repository counts its owner among all of them.
pub(super) async fn collaborators(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(params): Params,
) -> Answered {
    sandbox.shared.state.read(|state| {
        let (_, repository) = administered(state, &call, &params)?;
        let query = pairs(call.query.as_deref().unwrap_or_default().as_bytes());
        let who = with_access(state, repository, value(&query, "affiliation"));
        let shown = who.into_iter().map(|(id, role)| {
            let mut shown = objects::account(state, &call.base, id);
            let permissions = ["pull", "triage", "push", "maintain", "admin"];
            let rank = |role: &str| permissions.iter().position(|it| *it == role).unwrap_or(0);
            shown["permissions"] = permissions.map(|it| (it.to_owned(), rank(it) <= rank(&role))).into_iter().collect();
            // Roles are called read and write where permissions are called pull and push.
            shown["role_name"] = json!(match role.as_str() {
                "pull" => "read",
                "push" => "write",
                other => other,
            });
            shown
        });
        Ok(paged(&call, shown.collect()))
    })
}

fn with_access(state: &State, repository: &Repository, affiliation: &str) -> Vec<(u64, String)> {
    let owner = state.accounts.get(&repository.owner);
    let is_member = |id: &u64| owner.is_some_and(|owner| owner.members.contains(id));
    let direct = repository.collaborators.iter().map(|(id, role)| (*id, role.clone()));
    let mut found: Vec<(u64, String)> = match affiliation {
        "outside" => return direct.filter(|(id, _)| !is_member(id)).collect(),
        "direct" => direct.collect(),
        _ => {
            let members = owner.into_iter().flat_map(|owner| &owner.members);
            let members = members.filter(|id| !repository.collaborators.contains_key(id));
            direct.chain(members.map(|id| (*id, "pull".to_owned()))).collect()
        }
    };
    if owner.is_some_and(|owner| owner.kind == Kind::User) {
        found.insert(0, (repository.owner, "admin".to_owned()));
    }
    found
}

/// The page that the query asks for, with a `Link` header unless it is the only one.
fn paged(call: &Call, all: Vec<Value>) -> Answer {
    let query = pairs(call.query.as_deref().unwrap_or_default().as_bytes());
    let per_page = usize::clamp(value(&query, "per_page").parse().unwrap_or(30), 1, 100);
    let page = value(&query, "page").parse().unwrap_or(1_usize).max(1);
    let pages = all.len().div_ceil(per_page);
    let shown = all.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let answer = ok(Value::Array(shown));
    match link(call, &query, page, pages) {
        Some(link) => answer.header("link", link),
        None => answer,
    }
}

/// The `Link` header of page `page` of `pages`; a list of one page has none.
fn link(call: &Call, query: &[(String, String)], page: usize, pages: usize) -> Option<String> {
    let others: Vec<_> = query.iter().filter(|(name, _)| name != "page").collect();
    let others = serde_urlencoded::to_string(others).unwrap_or_default();
    let to = |page: usize, rel: &str| {
        let Call { base, path, .. } = call;
        let separator = if others.is_empty() { "" } else { "&" };
        format!("<{base}{path}?{others}{separator}page={page}>; rel=\"{rel}\"")
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(to(page - 1, "prev"));
    }
    if page < pages {
        links.push(to(page + 1, "next"));
        links.push(to(pages, "last"));
    }
    if page > 1 {
        links.push(to(1, "first"));
    }
    (!links.is_empty()).then(|| links.join(", "))
}
