//! Webhooks that did not reach us.

use serde_json::{Value, json};

use super::{
    NOW, TOKEN,
    app::{PKCS1, app_credentials},
    client, time,
};
use crate::{
    github::{Github, GithubErrorKind},
    loopback::{Loopback, Reply},
};

fn attempt(id: u64, guid: &str, status: u16, ago: i64) -> Value {
    json!({
        "id": id,
        "guid": guid,
        "delivered_at": time(NOW - ago).to_string(),
        "redelivery": false,
        "duration": 0.27,
        "status": if status == 200 { "OK" } else { "Invalid HTTP Response" },
        "status_code": status,
        "event": "member",
        "action": "removed",
        "installation_id": 42,
        "repository_id": null,
    })
}

/// Attempts in pages of two, newest first.
async fn app(attempts: Vec<Value>) -> (Loopback, Github) {
    let server = Loopback::start(move |seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/app/hook/deliveries") => {
            let from: usize = seen.query.split("cursor=").nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
            let page: Vec<_> = attempts.iter().skip(from).take(2).cloned().collect();
            let reply = Reply::json(200, &json!(page));
            if from + 2 >= attempts.len() {
                return reply;
            }
            let next =
                format!("<http://{}{}?per_page=100&cursor={}>; rel=\"next\"", seen.header("host"), seen.path, from + 2);
            reply.with("link", &next)
        }
        ("POST", "/app/hook/deliveries/4/attempts") => Reply::json(202, &json!({})),
        _ => Reply::json(404, &json!({ "message": "Not Found" })),
    })
    .await;
    let github = client(&server, &app_credentials(PKCS1));
    (server, github)
}

#[tokio::test]
async fn what_failed_and_did_not_come_later_is_told_oldest_first() {
    let (server, github) = app(vec![
        attempt(6, "came later", 200, 10),
        attempt(5, "failed twice", 502, 20),
        attempt(4, "failed", 503, 30),
        attempt(3, "failed twice", 0, 40),
        attempt(2, "came later", 500, 50),
        attempt(1, "long ago", 500, 500),
        attempt(0, "longer ago", 500, 600),
    ])
    .await;
    let failed = github.failed_deliveries(time(NOW - 100)).await.expect("a list");
    let told: Vec<_> = failed.iter().map(|it| (it.id, it.guid.as_str(), it.status_code)).collect();
    assert_eq!(told, [(4, "failed", 503), (5, "failed twice", 502)]);
    assert_eq!((failed[0].event.as_str(), failed[0].action.as_deref()), ("member", Some("removed")));
    assert_eq!(server.seen().len(), 3, "what is older than asked for is not read");
    assert!(server.seen()[0].header("authorization").matches('.').count() == 2, "the App itself asks");
}

#[tokio::test]
async fn a_webhook_is_sent_again_when_it_is_asked_for() {
    let (_server, github) = app(Vec::new()).await;
    assert!(github.failed_deliveries(time(NOW)).await.expect("a list").is_empty());
    github.redeliver(4).await.expect("asked");
    let error = github.redeliver(5).await.expect_err("too long ago");
    assert!(matches!(error.kind, GithubErrorKind::NotFound));
}

#[tokio::test]
async fn a_token_can_neither_list_nor_repeat() {
    let server = Loopback::start(|_| Reply::empty(500)).await;
    let github = client(&server, TOKEN);
    assert!(github.failed_deliveries(time(NOW)).await.expect("none").is_empty());
    let error = github.redeliver(4).await.expect_err("not an App");
    assert!(matches!(error.kind, GithubErrorKind::Invalid { .. }));
    assert!(server.seen().is_empty());
}
