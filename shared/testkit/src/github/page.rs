//! The sandbox's page: where the developer plays the people whom GitHub asks.

use std::fmt::Write;

use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, Path, State as Shared},
    http::{StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use domain::Timestamp;

use super::{
    Sandbox,
    state::{Account, Kind, Repository, State},
    tags,
};
use crate::sandbox::{escape, home, page, pairs, prefix, see_other, value};

const LABEL: &str = "GitHub sandbox — not GitHub";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new().route("/", get(show)).route("/-/{action}", post(act)).with_state(sandbox.clone())
}

async fn show(Shared(sandbox): Shared<Sandbox>, OriginalUri(original): OriginalUri, uri: Uri) -> Response {
    let (root, now) = (prefix(&original, &uri), sandbox.now());
    let body = sandbox.shared.state.read(|state| body(state, &root, now));
    page(StatusCode::OK, "Repositories and invitations", LABEL, &body)
}

async fn act(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(action): Path<String>,
    form: Bytes,
) -> Response {
    let root = prefix(&original, &uri);
    match perform(&sandbox, &action, &pairs(&form)) {
        Ok(()) => see_other(&home(&root)),
        Err(error) => {
            let body = format!(
                "<p class=\"bad\">{}</p><p><a href=\"{}\">Back</a></p>",
                escape(&format!("{error:#}")),
                escape(&home(&root)),
            );
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(status, "That did not work", LABEL, &body)
        }
    }
}

fn perform(sandbox: &Sandbox, action: &str, form: &[(String, String)]) -> anyhow::Result<()> {
    let field = |name| value(form, name).trim();
    let (owner, name, login) = (field("owner"), field("name"), field("login"));
    match action {
        "accept" => sandbox.accept(owner, name, login),
        "decline" => sandbox.decline(owner, name, login),
        "expire" => sandbox.expire(owner, name, login),
        "remove" => sandbox.remove_collaborator(owner, name, login),
        "add-user" => {
            sandbox.add_user(name_of(login)?);
            Ok(())
        }
        "add-repository" => {
            let (owner, name) = (name_of(owner)?, name_of(name)?);
            sandbox.add_repository(owner, name, true);
            Ok(())
        }
        "rename-user" => sandbox.rename_user(login, name_of(field("new_login"))?),
        "add" => sandbox.add_collaborator(owner, name, login),
        "rename" => sandbox.rename_repository(owner, name, name_of(field("new_name"))?),
        "transfer" => sandbox.transfer_repository(owner, name, field("new_owner"), name),
        "publish" | "privatize" => sandbox.set_private(owner, name, action == "privatize"),
        "archive" | "unarchive" => sandbox.set_archived(owner, name, action == "archive"),
        "take-off" | "put-back" => sandbox.take_off(owner, name, action == "take-off"),
        "add-tag" => match (name_of(field("tag"))?, field("composer_json")) {
            (tag, "") => sandbox.release_again(owner, name, tag),
            (tag, composer_json) => sandbox.release(owner, name, tag, composer_json).map(drop),
        },
        "delete-tag" => sandbox.delete_tag(owner, name, field("tag")),
        "delete" => {
            sandbox.delete_repository(owner, name);
            Ok(())
        }
        "install" | "uninstall" => sandbox.set_installed(login, action == "install"),
        "suspend" | "unsuspend" => sandbox.set_suspended(login, action == "suspend"),
        "lose-webhooks" | "send-webhooks" => {
            sandbox.drop_webhooks(action == "lose-webhooks");
            Ok(())
        }
        _ => anyhow::bail!("there is no such action"),
    }
}

/// Refuses what could not be a part of a GitHub address.
fn name_of(text: &str) -> anyhow::Result<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=100).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('.') {
        Ok(text)
    } else {
        anyhow::bail!("a name has 1 to 100 letters, digits, hyphens, underscores and dots")
    }
}

fn body(state: &State, root: &str, now: Timestamp) -> String {
    let mut html = String::from(
        "<p>Everything here lives in this process. Accept or decline an invitation in its invitee's place, or play the owner.</p>",
    );
    for (id, repository) in &state.repositories {
        html.push_str(&repository_card(state, root, *id, repository, now));
    }
    html.push_str("<h2>Accounts</h2><table><tr><th scope=\"col\">Name</th><th scope=\"col\">Number</th><th scope=\"col\">Kind</th><th scope=\"col\">The App</th></tr>");
    for (id, account) in &state.accounts {
        html.push_str(&account_row(root, *id, account));
    }
    html.push_str("</table>\n<h2>Change something</h2>");
    let forms = [
        ("add-user", "Add a user", &["login"][..]),
        ("add-repository", "Add a private repository", &["owner", "name"]),
        ("rename-user", "Rename a user", &["login", "new_login"]),
    ];
    for (action, label, fields) in forms {
        let _ = write!(html, "{}{}<button>{label}</button></form><br>", open_form(root, action), inputs(&[], fields));
    }
    let webhooks = if state.hooks_dropped {
        ("send-webhooks", "Send webhooks again")
    } else {
        ("lose-webhooks", "Lose webhooks from now on")
    };
    html.push_str(&button(root, webhooks.0, webhooks.1, &[], ""));
    html
}

fn repository_card(state: &State, root: &str, id: u64, repository: &Repository, now: Timestamp) -> String {
    let owner = state.login(repository.owner);
    let archived = if repository.archived { ", archived" } else { "" };
    let mut html = format!(
        "<section class=\"card\" id=\"repository-{id}\"><h2>{}/{} <span class=\"quiet\">{}{archived}</span></h2>",
        escape(owner),
        escape(&repository.name),
        if repository.private { "private" } else { "public" },
    );
    let named = [("owner", owner), ("name", repository.name.as_str())];
    if repository.collaborators.is_empty() && repository.invitations.is_empty() {
        html.push_str("<p class=\"quiet\">No collaborators and no invitations.</p>");
    } else {
        html.push_str(&people(state, root, repository, &named, now));
    }
    for (action, label, field) in [
        ("add", "Add a collaborator by hand", "login"),
        ("rename", "Rename", "new_name"),
        ("transfer", "Transfer", "new_owner"),
    ] {
        let _ = write!(html, "{}{}<button>{label}</button></form>", open_form(root, action), inputs(&named, &[field]));
    }
    html.push_str("<br>");
    html.push_str(&tags::card(root, repository, &named));
    let actions = [
        if repository.private { ("publish", "Make public") } else { ("privatize", "Make private") },
        if repository.archived { ("unarchive", "Unarchive") } else { ("archive", "Archive") },
        if repository.taken_off { ("put-back", "Give to the App") } else { ("take-off", "Take from the App") },
        ("delete", "Delete"),
    ];
    for (action, label) in actions {
        html.push_str(&button(root, action, label, &named, ""));
    }
    html + "</section>\n"
}

/// Who is in, and who is invited.
fn people(state: &State, root: &str, repository: &Repository, named: &[(&str, &str); 2], now: Timestamp) -> String {
    let mut html = String::from(
        "<table><tr><th scope=\"col\">Who</th><th scope=\"col\">May</th><th scope=\"col\">State</th><td></td></tr>",
    );
    let button = |action: &str, label: &str, login: &str, class: &str| {
        button(root, action, label, &[named[0], named[1], ("login", login)], class)
    };
    for (user, permission) in &repository.collaborators {
        let login = state.login(*user);
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{}</td><td>collaborator</td><td>{}</td></tr>",
            escape(login),
            escape(permission),
            button("remove", "Remove", login, ""),
        );
    }
    for (number, invitation) in &repository.invitations {
        let login = state.login(invitation.invitee);
        let expired = invitation.is_expired(now);
        let buttons = if expired {
            button("decline", "Decline", login, "")
        } else {
            button("accept", "Accept", login, " class=\"main\"")
                + &button("decline", "Decline", login, "")
                + &button("expire", "Expire", login, "")
        };
        let _ = write!(
            html,
            "<tr id=\"invitation-{number}\"><td>{}</td><td>{}</td><td>{} {:.0}</td><td>{buttons}</td></tr>",
            escape(login),
            escape(&invitation.permission),
            if expired { "invitation expired, sent" } else { "invited" },
            invitation.created_at,
        );
    }
    html + "</table>"
}

fn account_row(root: &str, id: u64, account: &Account) -> String {
    let kind = match account.kind {
        Kind::User => "user",
        Kind::Organization => "organisation",
    };
    let named = [("login", account.login.as_str())];
    let buttons = if account.has_app {
        let suspended = if account.suspended { ("unsuspend", "Unsuspend") } else { ("suspend", "Suspend") };
        button(root, suspended.0, suspended.1, &named, "") + &button(root, "uninstall", "Uninstall", &named, "")
    } else {
        button(root, "install", "Install", &named, "")
    };
    let login = escape(&account.login);
    format!("<tr id=\"account-{id}\"><td>{login}</td><td>{id}</td><td>{kind}</td><td>{buttons}</td></tr>")
}

/// A form of nothing but a button.
pub(super) fn button(root: &str, action: &str, label: &str, hidden: &[(&str, &str)], class: &str) -> String {
    format!("{}{}<button{class}>{label}</button></form>", open_form(root, action), inputs(hidden, &[]))
}

pub(super) fn inputs(hidden: &[(&str, &str)], fields: &[&str]) -> String {
    let mut html = String::new();
    for (name, value) in hidden {
        let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    for field in fields {
        let label = field.replace('_', " ");
        let _ = write!(html, "<input name=\"{field}\" aria-label=\"{label}\" placeholder=\"{label}\" required> ");
    }
    html
}

pub(super) fn open_form(root: &str, action: &str) -> String {
    format!("<form method=\"post\" action=\"{}/-/{action}\">", escape(root))
}
