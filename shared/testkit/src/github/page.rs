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
        "<p>Everything here lives in this process. Accept or decline an invitation in its invitee's place.</p>",
    );
    for (id, repository) in &state.repositories {
        html.push_str(&repository_card(state, root, *id, repository, now));
    }
    html.push_str("<h2>Accounts</h2><table><tr><th>Name</th><th>Number</th><th>Kind</th></tr>");
    for (id, account) in &state.accounts {
        html.push_str(&account_row(*id, account));
    }
    html.push_str("</table>\n<h2>Change something</h2>");
    let forms = [
        ("add-user", "Add a user", &["login"][..]),
        ("add-repository", "Add a private repository", &["owner", "name"]),
        ("rename-user", "Rename a user", &["login", "new_login"]),
    ];
    for (action, label, fields) in forms {
        html.push_str(&open_form(root, action));
        for field in fields {
            let label = field.replace('_', " ");
            let _ = write!(html, "<input name=\"{field}\" aria-label=\"{label}\" placeholder=\"{label}\" required> ");
        }
        let _ = write!(html, "<button>{label}</button></form><br>");
    }
    html
}

fn repository_card(state: &State, root: &str, id: u64, repository: &Repository, now: Timestamp) -> String {
    let owner = state.login(repository.owner);
    let mut html = format!(
        "<section class=\"card\" id=\"repository-{id}\"><h2>{}/{} <span class=\"quiet\">{}</span></h2>",
        escape(owner),
        escape(&repository.name),
        if repository.private { "private" } else { "public" },
    );
    if repository.collaborators.is_empty() && repository.invitations.is_empty() {
        html.push_str("<p class=\"quiet\">No collaborators and no invitations.</p></section>\n");
        return html;
    }
    html.push_str("<table><tr><th>Who</th><th>May</th><th>State</th><th></th></tr>");
    let button = |action: &str, label: &str, login: &str, class: &str| {
        let hidden = [("owner", owner), ("name", repository.name.as_str()), ("login", login)];
        let mut form = open_form(root, action);
        for (name, value) in hidden {
            let value = escape(value);
            let _ = write!(form, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        }
        form + &format!("<button{class}>{label}</button></form>")
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
    html + "</table></section>\n"
}

fn account_row(id: u64, account: &Account) -> String {
    let kind = match account.kind {
        Kind::User => "user",
        Kind::Organization => "organisation",
    };
    let login = escape(&account.login);
    format!("<tr id=\"account-{id}\"><td>{login}</td><td>{id}</td><td>{kind}</td></tr>")
}

fn open_form(root: &str, action: &str) -> String {
    format!("<form method=\"post\" action=\"{}/-/{action}\">", escape(root))
}
