//! Webhooks of GitHub, GitLab and Bitbucket about what is in their repositories, in the shapes of their documents.

use axum::body::Body;
use domain::forge::ForgeKind;
use serde_json::{Value, json};

use crate::{Answer, BITBUCKET_WEBHOOK_SECRET, GITHUB_WEBHOOK_SECRET, GITLAB_WEBHOOK_SECRET, TestStack};

/// What a forge tells of a tag that was pushed: the header of the event, and the body.
pub fn tag_pushed(forge: ForgeKind, tag: &str) -> ((&'static str, &'static str), Value) {
    match forge {
        ForgeKind::Github => (("x-github-event", "push"), github_push(tag)),
        ForgeKind::Gitlab => (("x-gitlab-event", "Tag Push Hook"), gitlab_push(tag)),
        ForgeKind::Bitbucket => (("x-event-key", "repo:push"), bitbucket_push(tag)),
    }
}

fn github_push(tag: &str) -> Value {
    json!({
        "ref": format!("refs/tags/{tag}"),
        "before": "0000000000000000000000000000000000000000",
        "after": "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7",
        "created": true, "deleted": false, "forced": false,
        "repository": {
            "id": 186_853_002, "full_name": "acme-corp/toolkit", "private": true,
            "html_url": "https://github.com/acme-corp/toolkit",
            "clone_url": "https://github.com/acme-corp/toolkit.git",
            "ssh_url": "git@github.com:acme-corp/toolkit.git",
        },
        "sender": { "login": "ctrimm", "id": 1 },
    })
}

fn gitlab_push(tag: &str) -> Value {
    json!({
        "object_kind": "tag_push", "event_name": "tag_push",
        "before": "0000000000000000000000000000000000000000",
        "after": "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7",
        "ref": format!("refs/tags/{tag}"),
        "checkout_sha": "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7",
        "user_id": 1, "user_username": "jsmith", "project_id": 15,
        "project": {
            "id": 15, "name": "Reports", "path_with_namespace": "acme-corp/reports", "default_branch": "main",
            "web_url": "https://gitlab.com/acme-corp/reports",
            "git_ssh_url": "git@gitlab.com:acme-corp/reports.git",
            "git_http_url": "https://gitlab.com/acme-corp/reports.git",
        },
        "commits": [], "total_commits_count": 0,
    })
}

fn bitbucket_push(tag: &str) -> Value {
    let target = json!({ "type": "commit", "hash": "82b3d5ae55f7080f1e6022629cdb57bfae7cccc7" });
    json!({
        "actor": { "type": "user", "nickname": "jsmith" },
        "repository": {
            "type": "repository", "uuid": "{5b6cc2a1-4841-469e-aebe-b0b58e14ffd3}",
            "full_name": "acme-corp/charts", "is_private": true,
            "links": { "html": { "href": "https://bitbucket.org/acme-corp/charts" } },
        },
        "push": { "changes": [{
            "old": null, "new": { "type": "tag", "name": tag, "target": target },
            "created": true, "closed": false, "forced": false, "truncated": false,
        }] },
    })
}

/// The header that proves who sends `body`, with the usual secret.
pub fn proof(forge: ForgeKind, body: &[u8]) -> (&'static str, String) {
    match forge {
        ForgeKind::Github => ("x-hub-signature-256", signatures::github::sign(body, GITHUB_WEBHOOK_SECRET)),
        ForgeKind::Gitlab => ("x-gitlab-token", GITLAB_WEBHOOK_SECRET.to_owned()),
        ForgeKind::Bitbucket => ("x-hub-signature", signatures::bitbucket::sign(body, BITBUCKET_WEBHOOK_SECRET)),
    }
}

impl TestStack {
    /// Posts to a forge's webhook with these headers, and with a number of the delivery.
    pub async fn post_forge(&self, forge: ForgeKind, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let number = match forge {
            ForgeKind::Github => "x-github-delivery",
            ForgeKind::Gitlab => "x-gitlab-event-uuid",
            ForgeKind::Bitbucket => "x-request-uuid",
        };
        let request = http::Request::post(format!("/api/webhooks/{forge}"));
        let request = request.header(number, "13792a34-cac6-4fda-95a8-c58e00a3954e");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Posts what a forge tells of a tag, as it would send it.
    pub async fn push_tag(&self, forge: ForgeKind, tag: &str) -> Answer {
        let ((name, event), body) = tag_pushed(forge, tag);
        let body = body.to_string();
        let (proof, value) = proof(forge, body.as_bytes());
        self.post_forge(forge, &[(name, event), (proof, &value)], body).await
    }
}
