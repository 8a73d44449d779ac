//! The sandbox's page: where the developer plays whoever pushes tags.

use std::fmt::Write;

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    extract::{OriginalUri, Path, State as Shared},
    http::{StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use domain::forge::ForgeKind;

use super::{
    Sandbox,
    state::{Repository, State},
};
use crate::sandbox::{escape, home, page, pairs, prefix, see_other, value};

const LABEL: &str = "GitLab and Bitbucket sandbox — neither GitLab nor Bitbucket";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new().route("/", get(show)).route("/-/{action}", post(act)).with_state(sandbox.clone())
}

async fn show(Shared(sandbox): Shared<Sandbox>, OriginalUri(original): OriginalUri, uri: Uri) -> Response {
    let (root, base) = (prefix(&original, &uri), sandbox.public_url());
    let body = sandbox.shared.state.read(|state| body(state, &root, &base));
    page(StatusCode::OK, "Repositories and tags", LABEL, &body)
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
            let (error, back) = (escape(&format!("{error:#}")), escape(&home(&root)));
            let body = format!("<p class=\"bad\">{error}</p><p><a href=\"{back}\">Back</a></p>");
            page(StatusCode::UNPROCESSABLE_ENTITY, "That did not work", LABEL, &body)
        }
    }
}

fn perform(sandbox: &Sandbox, action: &str, form: &[(String, String)]) -> anyhow::Result<()> {
    let field = |name| value(form, name).trim();
    let kind: ForgeKind = field("forge").parse()?;
    anyhow::ensure!(kind != ForgeKind::Github, "GitHub has a sandbox of its own");
    let (path, tag) = (field("path"), field("tag"));
    match action {
        "add-repository" => {
            sandbox.add_repository(kind, path_of(path)?, true);
            Ok(())
        }
        "rename" => sandbox.rename(kind, path, path_of(field("new_path"))?),
        "publish" | "privatize" => sandbox.set_private(kind, path, action == "privatize"),
        "add-tag" => {
            let tag = path_of(tag)?;
            let composer_json = sandbox.shared.state.read(|state| {
                let repository = state.find(kind, path).map(|id| &state.repositories[&id]);
                let repository = repository.context("no such repository")?;
                anyhow::Ok(repository.code.last_composer_json(&path.to_lowercase()))
            })?;
            sandbox.release(kind, path, tag, &composer_json).map(drop)
        }
        "delete-tag" => sandbox.delete_tag(kind, path, tag),
        _ => anyhow::bail!("there is no such action"),
    }
}

/// Refuses what could not be a path or a tag.
fn path_of(text: &str) -> anyhow::Result<&str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let good = (1..=200).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with(['.', '/']);
    anyhow::ensure!(good, "it has 1 to 200 letters, digits, hyphens, underscores, dots and slashes");
    Ok(text)
}

fn body(state: &State, root: &str, base: &str) -> String {
    let mut html =
        String::from("<p>Everything here lives in this process. A new tag is a new commit of the same package.</p>");
    for (id, repository) in &state.repositories {
        html.push_str(&card(root, base, *id, repository));
    }
    html.push_str("<h2>Add a private repository</h2>");
    for kind in [ForgeKind::Gitlab, ForgeKind::Bitbucket] {
        let label = format!("Add to {}", kind.title());
        html.push_str(&form(root, "add-repository", &label, &[("forge", kind.name())], &["path"]));
    }
    html
}

fn card(root: &str, base: &str, id: u64, repository: &Repository) -> String {
    let (kind, path) = (repository.kind.name(), repository.path.as_str());
    let named = [("forge", kind), ("path", path)];
    let mut html = format!(
        "<section class=\"card\" id=\"repository-{id}\"><h2>{} <span class=\"quiet\">{}, {}</span></h2>\
         <p><code>{}</code></p><table><tr><th>Tag</th><th>Commit</th><th></th></tr>",
        escape(path),
        repository.kind.title(),
        if repository.private { "private" } else { "public" },
        escape(&format!("{base}/{kind}/{path}.git")),
    );
    for (name, tag) in &repository.code.tags {
        let named = [named[0], named[1], ("tag", name.as_str())];
        let _ = write!(
            html,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}{}</td></tr>",
            escape(name),
            escape(&tag.commit[..tag.commit.len().min(7)]),
            form(root, "add-tag", "Move to a new commit", &named, &[]),
            form(root, "delete-tag", "Delete", &named, &[]),
        );
    }
    html.push_str("</table>");
    html.push_str(&form(root, "add-tag", "Commit and tag", &named, &["tag"]));
    html.push_str(&form(root, "rename", "Rename", &named, &["new_path"]));
    let switch = if repository.private { ("publish", "Make public") } else { ("privatize", "Make private") };
    html.push_str(&form(root, switch.0, switch.1, &named, &[]));
    html + "</section>\n"
}

fn form(root: &str, action: &str, label: &str, hidden: &[(&str, &str)], fields: &[&str]) -> String {
    let mut html = format!("<form method=\"post\" action=\"{}/-/{action}\">", escape(root));
    for (name, value) in hidden {
        let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    for field in fields {
        let label = field.replace('_', " ");
        let _ = write!(html, "<input name=\"{field}\" aria-label=\"{label}\" placeholder=\"{label}\" required> ");
    }
    let _ = write!(html, "<button>{label}</button></form>");
    html
}
