//! Webhooks of GitLab and Bitbucket, in the shapes of their documentation.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Secret, Timestamp, forge::ForgeKind};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Sandbox, bitbucket,
    code::{Moved, NOTHING},
    gitlab,
    state::State,
};
use crate::sandbox::http_client;

/// How many webhooks are remembered.
const REMEMBERED: usize = 300;
/// How often the loop looks for new ones.
const LOOK: Duration = Duration::from_millis(200);
/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is written down when the endpoint did not answer at all.
const NO_ANSWER: u16 = 502;
/// GitLab tells nothing of a push of more tags, or branches, than that.
const TOLD_AT_ONCE: usize = 3;

/// A webhook, ready to be sent.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its number.
    pub id: u64,
    /// Its headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A webhook that was or is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hook {
    id: u64,
    kind: ForgeKind,
    event: String,
    body: String,
    at: Timestamp,
    /// The status that it was answered with.
    answer: Option<u16>,
}

/// Puts down what is to be told of a push.
pub(super) fn tell(state: &mut State, base: &str, now: Timestamp, kind: ForgeKind, path: &str, moved: &[Moved]) {
    let Some(id) = state.find(kind, path) else { return };
    let repository = &state.repositories[&id];
    let mut told: Vec<(&str, Value)> = Vec::new();
    match kind {
        ForgeKind::Gitlab => {
            let project = gitlab::object(base, id, &repository.path, repository.name());
            for is_tag in [false, true] {
                let of_kind = moved.iter().filter(|moved| moved.is_tag == is_tag);
                if of_kind.clone().count() <= TOLD_AT_ONCE {
                    told.extend(of_kind.map(|moved| gitlab_push(id, &project, moved)));
                }
            }
        }
        _ if moved.is_empty() => {}
        _ => {
            let changes: Vec<Value> = moved.iter().map(bitbucket_change).collect();
            let repository = bitbucket::object(base, id, repository);
            let actor = json!({ "type": "user", "display_name": "Sandbox" });
            told.push((
                "repo:push",
                json!({ "push": { "changes": changes }, "repository": repository, "actor": actor }),
            ));
        }
    }
    let told: Vec<(String, String)> =
        told.into_iter().map(|(event, body)| (event.to_owned(), body.to_string())).collect();
    for (event, body) in told {
        let id = state.new_id();
        state.hooks.push(Hook { id, kind, event, body, at: now, answer: None });
    }
    let surplus = state.hooks.len().saturating_sub(REMEMBERED);
    state.hooks.drain(..surplus);
}

fn gitlab_push(id: u64, project: &Value, moved: &Moved) -> (&'static str, Value) {
    let (event, name, folder) =
        if moved.is_tag { ("Tag Push Hook", "tag_push", "tags") } else { ("Push Hook", "push", "heads") };
    let body = json!({
        "object_kind": name,
        "event_name": name,
        "before": moved.before.as_deref().unwrap_or(NOTHING),
        "after": moved.after.as_deref().unwrap_or(NOTHING),
        "ref": format!("refs/{folder}/{}", moved.name),
        "checkout_sha": moved.after,
        "project_id": id,
        "project": project,
        "commits": [],
        "total_commits_count": 0,
    });
    (event, body)
}

fn bitbucket_change(moved: &Moved) -> Value {
    let kind = if moved.is_tag { "tag" } else { "branch" };
    let side = |sha: &Option<String>| {
        sha.as_ref().map(|sha| json!({ "type": kind, "name": moved.name, "target": { "type": "commit", "hash": sha } }))
    };
    json!({
        "old": side(&moved.before),
        "new": side(&moved.after),
        "created": moved.before.is_none(),
        "closed": moved.after.is_none(),
        "forced": moved.is_tag && moved.before.is_some(),
        "truncated": false,
    })
}

impl Sandbox {
    /// The webhooks of a forge that were not sent yet, in the order in which things happened.
    pub fn undelivered(&self, kind: ForgeKind) -> Vec<Delivery> {
        let ready =
            |hook: &Hook| Delivery { id: hook.id, headers: self.headers(hook), body: hook.body.clone().into_bytes() };
        self.shared.state.read(|state| {
            let waiting = state.hooks.iter().filter(|hook| hook.kind == kind && hook.answer.is_none());
            waiting.map(ready).collect()
        })
    }

    fn headers(&self, hook: &Hook) -> Vec<(&'static str, String)> {
        let guid = format!("{:08x}-0000-4000-8000-{:012x}", hook.id, hook.id);
        let secret = self.secrets.get(&hook.kind).map(Secret::reveal);
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if hook.kind == ForgeKind::Gitlab {
            headers.extend([
                ("x-gitlab-event", hook.event.clone()),
                ("x-gitlab-event-uuid", guid.clone()),
                ("idempotency-key", guid.clone()),
            ]);
            headers.extend(secret.map(|secret| ("x-gitlab-token", secret.to_owned())));
            if let Some(signature) =
                self.signing_token.as_ref().and_then(|token| standard_signature(token, &guid, hook))
            {
                let at = hook.at.as_second().to_string();
                headers.extend([("webhook-id", guid), ("webhook-timestamp", at), ("webhook-signature", signature)]);
            }
        } else {
            headers.extend([
                ("x-event-key", hook.event.clone()),
                ("x-request-uuid", guid),
                ("x-hook-uuid", "00000000-0000-4000-8000-000000000001".to_owned()),
                ("x-attempt-number", "1".to_owned()),
            ]);
            // The same scheme as GitHub's, under the name that GitHub's older scheme has.
            let signature = secret.map(|secret| signatures::github::sign(hook.body.as_bytes(), secret));
            headers.extend(signature.map(|signature| ("x-hub-signature", signature)));
        }
        headers
    }

    /// Says what the endpoint answered. It is not sent again, whatever the answer was.
    pub fn delivered(&self, id: u64, status: u16) {
        self.shared.state.change(|state| {
            if let Some(hook) = state.hooks.iter_mut().find(|hook| hook.id == id) {
                hook.answer = Some(status);
            }
        });
    }

    /// Sends a forge's webhooks to `url` for ever, each once. To be spawned.
    ///
    /// # Errors
    /// When the HTTP client cannot be made. Otherwise it never returns.
    pub async fn deliver_to(&self, kind: ForgeKind, url: String) -> anyhow::Result<()> {
        let client = http_client(&format!("{}/sandbox", kind.title()), PATIENCE)?;
        loop {
            for delivery in self.undelivered(kind) {
                let mut request = client.post(&url).body(delivery.body);
                for (name, value) in delivery.headers {
                    request = request.header(name, value);
                }
                let status = request.send().await.map_or(NO_ANSWER, |answer| answer.status().as_u16());
                if status >= 400 {
                    tracing::warn!(status, forge = kind.name(), "a webhook of the forges' sandbox was not taken");
                }
                self.delivered(delivery.id, status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// `v1,` and the HMAC of id, time and body, as <https://www.standardwebhooks.com> has it.
fn standard_signature(token: &Secret, guid: &str, hook: &Hook) -> Option<String> {
    let key = STANDARD.decode(token.reveal().trim().strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{guid}.{}.{}", hook.at.as_second(), hook.body).as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
