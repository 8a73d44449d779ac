//! GitHub's JSON objects, with the fields that its API description names and that a client may want.

use domain::Timestamp;
use serde_json::{Value, json};

use super::state::{Invitation, Repository, State};

/// A "simple user".
pub(super) fn account(state: &State, base: &str, id: u64) -> Value {
    let login = state.login(id);
    let kind = state.accounts.get(&id).map_or("User", |it| it.kind.name());
    json!({
        "login": login,
        "id": id,
        "node_id": format!("SANDBOX_U_{id}"),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        "gravatar_id": "",
        "url": format!("{base}/users/{login}"),
        "html_url": format!("{base}#account-{id}"),
        "repos_url": format!("{base}/users/{login}/repos"),
        "type": kind,
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// A repository, as the list of invitations and the repository's own address show it.
pub(super) fn repository(state: &State, base: &str, id: u64, repository: &Repository) -> Value {
    let full_name = format!("{}/{}", state.login(repository.owner), repository.name);
    json!({
        "id": id,
        "node_id": format!("SANDBOX_R_{id}"),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.private,
        "visibility": if repository.private { "private" } else { "public" },
        "owner": account(state, base, repository.owner),
        "html_url": format!("{base}#repository-{id}"),
        "url": format!("{base}/repos/{full_name}"),
        "clone_url": format!("{base}/{full_name}.git"),
        "ssh_url": format!("git@github.com:{full_name}.git"),
        "description": repository.description,
        "fork": false,
        "archived": repository.archived,
        "disabled": false,
        "default_branch": "main",
        "stargazers_count": repository.stars,
        "permissions": { "admin": true, "maintain": true, "push": true, "triage": true, "pull": true },
        "pushed_at": "2026-01-01T00:00:00Z",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": repository.updated_at.map_or_else(|| "2026-01-01T00:00:00Z".to_owned(), seconds),
    })
}

/// A repository invitation.
pub(super) fn invitation(
    state: &State,
    base: &str,
    repository_id: u64,
    id: u64,
    invitation: &Invitation,
    now: Timestamp,
) -> Value {
    let at = &state.repositories[&repository_id];
    // An invitation speaks of read and write where a collaborator is given pull and push.
    let permissions = match invitation.permission.as_str() {
        "pull" => "read",
        "push" => "write",
        other => other,
    };
    json!({
        "id": id,
        "node_id": format!("SANDBOX_RI_{id}"),
        "repository": repository(state, base, repository_id, at),
        "invitee": account(state, base, invitation.invitee),
        "inviter": account(state, base, at.owner),
        "permissions": permissions,
        "created_at": seconds(invitation.created_at),
        "expired": invitation.is_expired(now),
        "url": format!("{base}/user/repository_invitations/{id}"),
        "html_url": format!("{base}#invitation-{id}"),
    })
}

/// The App's installation on an account. Its number is the account's.
pub(super) fn installation(state: &State, base: &str, account_id: u64) -> Value {
    let kind = state.accounts.get(&account_id);
    json!({
        "id": account_id,
        "account": account(state, base, account_id),
        "repository_selection": "all",
        "access_tokens_url": format!("{base}/app/installations/{account_id}/access_tokens"),
        "html_url": format!("{base}#account-{account_id}"),
        "app_id": 1,
        "target_id": account_id,
        "target_type": kind.map_or("User", |it| it.kind.name()),
        "permissions": { "administration": "write", "contents": "read", "metadata": "read" },
        "events": [],
        "suspended_at": kind.filter(|it| it.suspended).map(|_| "2026-01-01T00:00:00Z"),
    })
}

/// A time the way GitHub writes it.
pub(super) fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).map_or_else(|_| at.to_string(), |at| at.to_string())
}
