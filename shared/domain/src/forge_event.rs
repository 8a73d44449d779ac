//! Webhooks of the forges about what is in their repositories, read into what they mean for packages: *this repository
//! changed*, and nothing else.
//!
//! What changed is looked up at the forge: webhooks are lost (none is sent when more than three tags are pushed at once, by
//! GitHub and GitLab alike), come twice and overtake one another. So nothing in one is needed but what names the repository,
//! and a field that is missing or of another type is as if it were not there.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::Value;

use crate::forge::ForgeKind;

/// The longest text that is taken over, in bytes. A longer one names nothing.
const LONGEST: usize = 1000;

/// A repository changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeEvent {
    /// Where.
    pub forge: ForgeKind,
    /// The forge's number of the delivery, the same when it is sent again; for the log. It may be empty.
    pub delivery: String,
    /// The forge's own id of the repository, which survives renames: a number, at Bitbucket Cloud a UUID in braces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// Its path on the forge, as it is spelled there: `acme-corp/toolkit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its addresses as they were told, of pages and for cloning, not normalised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// What is said to have happened, for the log: `push refs/tags/v1.0.0`.
    pub what: String,
}

/// What a signed body turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// An event to act on.
    Relevant(Box<ForgeEvent>),
    /// Nothing to act on: it is answered and dropped.
    Irrelevant {
        /// Why, for the log.
        reason: &'static str,
    },
}

/// The body is not a webhook's.
#[derive(Debug, thiserror::Error)]
#[error("the body is not a JSON object")]
pub struct NotAnEvent(#[from] serde_json::Error);

/// Reads a signed body. `event` is what `X-GitHub-Event`, `X-Gitlab-Event` or `X-Event-Key` says, `delivery` the number of
/// the delivery, if there is one.
///
/// # Errors
/// When the body is not a JSON object.
pub fn read(forge: ForgeKind, event: &str, delivery: &str, body: &[u8]) -> Result<Received, NotAnEvent> {
    let value: Value = serde_json::from_slice(body)?;
    if !value.is_object() {
        return Err(serde_json::Error::custom("not an object").into());
    }
    if matches!(event, "ping" | "diagnostics:ping") {
        return Ok(Received::Irrelevant { reason: "a ping" });
    }
    if !is_of_interest(forge, event, &value) {
        return Ok(Received::Irrelevant { reason: "unknown event" });
    }
    let named = match forge {
        ForgeKind::Github => on_github(&value),
        ForgeKind::Gitlab => on_gitlab(&value),
        ForgeKind::Bitbucket => on_bitbucket(&value),
    };
    let Named { id, path, urls } = named;
    if id.is_none() && path.is_none() && urls.is_empty() {
        return Ok(Received::Irrelevant { reason: "it names no repository" });
    }
    let (delivery, what) = (delivery.to_owned(), what(event, &value));
    Ok(Received::Relevant(Box::new(ForgeEvent { forge, delivery, repository_id: id, path, urls, what })))
}

/// Whether an event can mean other versions, or another place to look for them.
fn is_of_interest(forge: ForgeKind, event: &str, value: &Value) -> bool {
    match (forge, event) {
        (ForgeKind::Github, "push" | "create" | "delete" | "release")
        | (ForgeKind::Gitlab, "Push Hook" | "Tag Push Hook")
        // Of Bitbucket Cloud and of Data Center.
        | (ForgeKind::Bitbucket, "repo:push" | "repo:refs_changed") => true,
        (ForgeKind::Github, "repository") => matches!(value["action"].as_str(), Some("renamed" | "transferred")),
        // Of a GitLab of one's own, for all of its projects.
        (ForgeKind::Gitlab, "System Hook") => {
            matches!(value["event_name"].as_str(), Some("push" | "tag_push" | "repository_update"))
        }
        _ => false,
    }
}

/// What names a repository.
struct Named {
    id: Option<String>,
    path: Option<String>,
    urls: Vec<String>,
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads>
fn on_github(value: &Value) -> Named {
    let repository = &value["repository"];
    Named {
        id: id(&repository["id"]),
        path: text(&repository["full_name"]),
        urls: urls(["clone_url", "ssh_url", "html_url"].map(|name| &repository[name])),
    }
}

/// <https://docs.gitlab.com/user/project/integrations/webhook_events/>
fn on_gitlab(value: &Value) -> Named {
    let (project, repository) = (&value["project"], &value["repository"]);
    let of_project = ["git_http_url", "git_ssh_url", "web_url", "http_url", "ssh_url"].map(|name| &project[name]);
    let of_repository = ["git_http_url", "git_ssh_url", "homepage", "url"].map(|name| &repository[name]);
    Named {
        id: id(&project["id"]).or_else(|| id(&value["project_id"])),
        path: text(&project["path_with_namespace"]),
        urls: urls(of_project.into_iter().chain(of_repository)),
    }
}

/// <https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/> and, of Data Center, where a repository has a number
/// and a list of links, <https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html>
fn on_bitbucket(value: &Value) -> Named {
    let repository = &value["repository"];
    let links = &repository["links"];
    let cloned = links["clone"].as_array().into_iter().flatten().map(|link| &link["href"]);
    let of_data_center = text(&repository["project"]["key"]).zip(text(&repository["slug"]));
    Named {
        id: id(&repository["uuid"]).or_else(|| id(&repository["id"])),
        path: text(&repository["full_name"])
            .or_else(|| of_data_center.map(|(project, slug)| format!("{project}/{slug}"))),
        urls: urls(cloned.chain([&links["html"]["href"]])),
    }
}

/// For the log: the event, and what it says was pushed.
fn what(event: &str, value: &Value) -> String {
    let of = |value: &Value| text(value).filter(|text| text.len() <= 200);
    let change = value["push"]["changes"].get(0).or_else(|| value["changes"].get(0)).unwrap_or(&Value::Null);
    let told = [&value["ref"], &change["new"]["name"], &change["old"]["name"], &change["ref"]["id"], &value["action"]];
    told.into_iter().find_map(of).map_or_else(|| event.to_owned(), |told| format!("{event} {told}"))
}

/// A number or a text.
fn id(value: &Value) -> Option<String> {
    value.as_u64().map(|number| number.to_string()).or_else(|| text(value))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| (1..=LONGEST).contains(&text.len())).map(str::to_owned)
}

/// Each once.
fn urls<'a>(values: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut urls: Vec<String> = Vec::new();
    // A repository has a handful of addresses; a list of thousands is no list of addresses.
    for url in values.into_iter().take(20).filter_map(text) {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}
