//! The sandbox's page: an inbox of everybody.

use std::fmt::Write;

use axum::{
    Router,
    extract::{OriginalUri, Path, State as Shared},
    http::{StatusCode, Uri},
    response::Response,
    routing::get,
};

use super::{Message, Sandbox};
use crate::sandbox::{escape, home, page, prefix};

const LABEL: &str = "Mail sandbox — nothing is sent";

/// What a letter's frame may do: open its links in tabs of their own, and nothing else.
const FRAME: &str = "allow-popups allow-popups-to-escape-sandbox";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new().route("/", get(list)).route("/messages/{id}", get(show)).with_state(sandbox.clone())
}

async fn list(Shared(sandbox): Shared<Sandbox>, OriginalUri(original): OriginalUri, uri: Uri) -> Response {
    let (root, messages) = (prefix(&original, &uri), sandbox.messages());
    if messages.is_empty() {
        return page(StatusCode::OK, "Inbox", LABEL, "<p class=\"quiet\">Nothing has been sent yet.</p>");
    }
    let mut html = String::new();
    for message in messages.iter().rev() {
        let _ = write!(
            html,
            "<p style=\"overflow-wrap:anywhere\"><a href=\"{}/messages/{}\">{}</a><br>\
             <span class=\"quiet\">{} · {:.0}</span></p>",
            escape(&root),
            escape(&message.id),
            escape(&message.subject),
            escape(&message.to.join(", ")),
            message.at,
        );
    }
    page(StatusCode::OK, "Inbox", LABEL, &html)
}

async fn show(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    let back = format!("<p><a href=\"{}\">Inbox</a></p>", escape(&home(&prefix(&original, &uri))));
    match sandbox.messages().into_iter().find(|message| message.id == id) {
        Some(message) => page(StatusCode::OK, &message.subject, LABEL, &(back + &body(&message))),
        None => page(StatusCode::NOT_FOUND, "No such message", LABEL, &back),
    }
}

fn body(message: &Message) -> String {
    let mut html = String::from("<table>");
    let added = message.headers.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let usual = [
        ("From", message.from.clone()),
        ("To", message.to.join(", ")),
        ("Reply-To", message.reply_to.join(", ")),
        ("Date", format!("{:.0}", message.at)),
        ("Message id", message.id.clone()),
        ("Configuration set", message.configuration_set.clone().unwrap_or_default()),
    ];
    for (name, value) in usual.into_iter().chain(added).filter(|(_, value)| !value.is_empty()) {
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}</th><td style=\"overflow-wrap:anywhere\">{}</td></tr>",
            escape(name),
            escape(&value)
        );
    }
    html.push_str("</table>");
    if !message.html.is_empty() {
        let _ = write!(
            html,
            "<h2>As HTML</h2><iframe title=\"The letter\" sandbox=\"{FRAME}\" srcdoc=\"{}\" \
             style=\"width:100%;height:36rem;border:1px solid var(--line);border-radius:.6rem;resize:both\"></iframe>",
            escape(&in_tabs(&message.html)),
        );
    }
    let _ = write!(
        html,
        "<h2>As text</h2><pre class=\"card\" style=\"white-space:pre-wrap;overflow-wrap:anywhere\">{}</pre>",
        escape(&message.text),
    );
    html
}

/// The letter, with links that open beside it.
fn in_tabs(html: &str) -> String {
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}
