//! Webhooks: what GitHub tells of what happens, in the shapes of its schema.
//!
//! GitHub sends each once and never again by itself; what was not answered 2xx is listed at `/app/hook/deliveries` for an
//! App that asks, which may have it sent again. Declined and expired invitations are told to nobody.

use std::time::Duration;

use axum::{
    Extension, Router,
    extract::{Path, State as Shared},
    http::StatusCode,
    routing::{get, post},
};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Sandbox,
    app::app_only,
    gate::Call,
    objects,
    rest::{Answered, missing, ok},
    state::State,
};
use crate::sandbox::{Answer, http_client, pairs, value};

/// How many webhooks are remembered.
const REMEMBERED: usize = 300;
/// How often the loop looks for new ones.
const LOOK: Duration = Duration::from_millis(200);
/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is written down when the endpoint did not answer at all. GitHub writes 502 or 504 then.
const NO_ANSWER: u16 = 502;

/// A webhook, ready to be sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The number of this attempt.
    pub id: u64,
    /// `X-GitHub-Delivery`: the same when it is sent again.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// `X-Hub-Signature-256`.
    pub signature: String,
}

/// A webhook that was or is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hook {
    id: u64,
    guid: String,
    event: String,
    action: Value,
    installation: u64,
    repository: Value,
    body: String,
    at: Timestamp,
    redelivery: bool,
    /// The status that it was answered with.
    answer: Option<u16>,
}

/// Whose deed is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender {
    Account(u64),
    /// The App, which acts under a name of its own.
    App,
    /// The owner of what it is about.
    Owner,
}

/// Who tells, and when.
pub(super) struct Teller {
    base: String,
    now: Timestamp,
    sender: Sender,
}

impl Teller {
    /// Somebody became a collaborator (`added`) or is none any more (`removed`).
    pub(super) fn member(&self, state: &mut State, repository: u64, user: u64, action: &str) {
        let member = objects::account(state, &self.base, user);
        let changes = json!({ "permission": { "to": "read" }, "role_name": { "to": "read" } });
        let mut told = json!({ "action": action, "member": member });
        if action == "added" {
            told["changes"] = changes;
        }
        self.of_repository(state, "member", repository, told);
    }

    /// Something became of a repository: `renamed`, `deleted`.
    pub(super) fn repository(&self, state: &mut State, repository: u64, action: &str, changes: &Value) {
        let mut told = json!({ "action": action });
        if !changes.is_null() {
            told["changes"] = changes.clone();
        }
        self.of_repository(state, "repository", repository, told);
    }

    /// Something became of the App's installation on an account: `deleted`, `suspend`.
    pub(super) fn installation(&self, state: &mut State, account: u64, action: &str) {
        let told = json!({ "action": action, "repositories": self.listed(state, account, |_| true) });
        self.tell(state, "installation", account, told);
    }

    /// One repository was taken out of an installation (`removed`) or put back (`added`).
    pub(super) fn selection(&self, state: &mut State, account: u64, repository: u64, action: &str) {
        let mut told = json!({
            "action": action,
            "repository_selection": "selected",
            "repositories_added": [],
            "repositories_removed": [],
            "requester": null,
        });
        told[format!("repositories_{action}")] = self.listed(state, account, |id| id == repository);
        self.tell(state, "installation_repositories", account, told);
    }

    /// What GitHub sends when a webhook is registered.
    pub(super) fn ping(&self, state: &mut State, account: u64) {
        let told = json!({
            "zen": "Design for failure.",
            "hook_id": 1,
            "hook": { "type": "App", "id": 1, "name": "web", "active": true, "events": ["member", "repository"] },
        });
        self.tell(state, "ping", account, told);
    }

    /// The short form in which an installation's repositories are listed.
    fn listed(&self, state: &State, account: u64, wanted: impl Fn(u64) -> bool) -> Value {
        let owned = state.repositories.iter().filter(|(id, it)| it.owner == account && wanted(**id));
        let listed = owned.map(|(id, it)| {
            let whole = objects::repository(state, &self.base, *id, it);
            let fields = ["id", "node_id", "name", "full_name", "private"];
            fields.map(|field| (field.to_owned(), whole[field].clone())).into_iter().collect::<Value>()
        });
        listed.collect()
    }

    pub(super) fn of_repository(&self, state: &mut State, event: &str, id: u64, mut told: Value) {
        let Some(repository) = state.repositories.get(&id) else { return };
        let owner = repository.owner;
        told["repository"] = objects::repository(state, &self.base, id, repository);
        let account = objects::account(state, &self.base, owner);
        if account["type"] == "Organization" {
            told["organization"] = account;
        }
        told["installation"] = json!({ "id": owner, "node_id": format!("SANDBOX_I_{owner}") });
        self.tell(state, event, owner, told);
    }

    /// Puts a webhook down to be sent. The App hears only of accounts that it is installed on.
    fn tell(&self, state: &mut State, event: &str, account: u64, mut told: Value) {
        let installed = state.accounts.get(&account).is_some_and(|it| it.has_app);
        if state.hooks_dropped || !installed {
            return;
        }
        told["sender"] = match self.sender {
            Sender::Account(id) => objects::account(state, &self.base, id),
            Sender::Owner => objects::account(state, &self.base, account),
            Sender::App => json!({ "login": "tollgate-sandbox[bot]", "id": 1, "type": "Bot", "site_admin": false }),
        };
        if told["installation"].is_null() && event != "ping" {
            told["installation"] = objects::installation(state, &self.base, account);
        }
        let id = state.new_id();
        state.remember(Hook {
            id,
            guid: format!("{id:08x}-0000-4000-8000-{id:012x}"),
            event: event.to_owned(),
            action: told["action"].clone(),
            installation: account,
            repository: told["repository"]["id"].clone(),
            body: told.to_string(),
            at: self.now,
            redelivery: false,
            answer: None,
        });
    }
}

impl State {
    fn remember(&mut self, hook: Hook) {
        self.hooks.push(hook);
        let surplus = self.hooks.len().saturating_sub(REMEMBERED);
        self.hooks.drain(..surplus);
    }
}

impl Sandbox {
    /// Tells of `sender`'s deeds, now.
    pub(super) fn teller(&self, sender: Sender) -> Teller {
        Teller { base: self.public_url(), now: self.now(), sender }
    }

    /// Whether webhooks get lost from now on: neither sent nor listed, as if GitHub had never thought of them.
    pub fn drop_webhooks(&self, drop: bool) {
        self.change(|state| state.hooks_dropped = drop);
    }

    /// Tells that the webhook is registered on `login`'s installation.
    pub fn ping(&self, login: &str) {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            if let Some(account) = state.account(login) {
                teller.ping(state, account);
            }
        });
    }

    /// The webhooks that were not sent yet, in the order in which things happened.
    pub fn undelivered(&self) -> Vec<Delivery> {
        let secret = self.webhook_secret.as_ref().map_or("", domain::Secret::reveal);
        let ready = |hook: &Hook| {
            let (content_type, body) = if self.sends_forms {
                let form = serde_urlencoded::to_string([("payload", &hook.body)]).unwrap_or_default();
                ("application/x-www-form-urlencoded", form)
            } else {
                ("application/json", hook.body.clone())
            };
            Delivery {
                id: hook.id,
                guid: hook.guid.clone(),
                event: hook.event.clone(),
                content_type,
                signature: signatures::github::sign(body.as_bytes(), secret),
                body: body.into_bytes(),
            }
        };
        self.shared.state.read(|state| state.hooks.iter().filter(|it| it.answer.is_none()).map(ready).collect())
    }

    /// Says what the endpoint answered to an attempt. It is not sent again, whatever the answer was.
    pub fn delivered(&self, id: u64, status: u16) {
        self.change(|state| {
            if let Some(hook) = state.hooks.iter_mut().find(|hook| hook.id == id) {
                hook.answer = Some(status);
            }
        });
    }

    /// Sends webhooks to `url` for ever, each once. To be spawned.
    ///
    /// # Errors
    /// When the HTTP client cannot be made. Otherwise it never returns.
    pub async fn deliver_to(&self, url: String) -> anyhow::Result<()> {
        let client = http_client("GitHub-Hookshot/sandbox", PATIENCE)?;
        loop {
            for delivery in self.undelivered() {
                let request = client
                    .post(&url)
                    .header("content-type", delivery.content_type)
                    .header("x-github-delivery", &delivery.guid)
                    .header("x-github-event", &delivery.event)
                    .header("x-hub-signature-256", &delivery.signature)
                    .body(delivery.body);
                let status = request.send().await.map_or(NO_ANSWER, |answer| answer.status().as_u16());
                if status >= 400 {
                    tracing::warn!(status, event = delivery.event, "a webhook of the GitHub sandbox was not taken");
                }
                self.delivered(delivery.id, status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

pub(super) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/app/hook/deliveries", get(list_deliveries))
        .route("/app/hook/deliveries/{id}/attempts", post(redeliver))
}

/// Newest first, in pages that are told apart by a cursor.
async fn list_deliveries(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>) -> Answered {
    app_only(&call)?;
    let query = pairs(call.query.as_deref().unwrap_or_default().as_bytes());
    let per_page = usize::clamp(value(&query, "per_page").parse().unwrap_or(30), 1, 100);
    let before: u64 = value(&query, "cursor").parse().unwrap_or(u64::MAX);
    sandbox.shared.state.read(|state| {
        let mut sent = state.hooks.iter().rev().filter(|it| it.id < before && it.answer.is_some());
        let page: Vec<&Hook> = sent.by_ref().take(per_page).collect();
        let answer = ok(page.iter().map(|hook| shown(hook)).collect());
        Ok(match (page.last(), sent.next()) {
            (Some(last), Some(_)) => {
                let Call { base, path, .. } = &call;
                let next = format!("<{base}{path}?per_page={per_page}&cursor={}>; rel=\"next\"", last.id);
                answer.header("link", next)
            }
            _ => answer,
        })
    })
}

fn shown(hook: &Hook) -> Value {
    let status = hook.answer.unwrap_or_default();
    json!({
        "id": hook.id,
        "guid": hook.guid,
        "delivered_at": objects::seconds(hook.at),
        "redelivery": hook.redelivery,
        "duration": 0.1,
        "status": if (200..300).contains(&status) { "OK" } else { "Invalid HTTP Response" },
        "status_code": status,
        "event": hook.event,
        "action": hook.action,
        "installation_id": hook.installation,
        "repository_id": hook.repository,
        "throttled_at": null,
    })
}

async fn redeliver(
    Shared(sandbox): Shared<Sandbox>,
    Extension(call): Extension<Call>,
    Path(id): Path<String>,
) -> Answered {
    app_only(&call)?;
    let now = sandbox.now();
    sandbox.change(|state| {
        let wanted = id.parse::<u64>().ok();
        let hook = state.hooks.iter().find(|hook| Some(hook.id) == wanted).cloned().ok_or_else(missing)?;
        let id = state.new_id();
        state.remember(Hook { id, at: now, redelivery: true, answer: None, ..hook });
        Ok(Answer::json(StatusCode::ACCEPTED, json!({})))
    })
}
