//! GitHub's webhook: what is taken, what is refused, and what is taken and dropped.

use axum::body::Body;
use domain::forge::ForgeKind;
use http::Request;
use journeys::{Answer, GITHUB_WEBHOOK_SECRET, Options, TestStack, tag_pushed};
use serde_json::json;
use testkit::faults::Faults;

const INVALID_SIGNATURE: &[u8] = br#"{"error":"Invalid signature"}"#;
const PATH: &str = "/api/webhooks/github";

/// A webhook of a collaborator who was added, as the sandbox sends it.
fn added(t: &TestStack) -> Vec<u8> {
    t.github().add_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    t.github().undelivered().remove(0).body
}

fn request(event: &str, signature: &str) -> http::request::Builder {
    Request::post(PATH)
        .header("x-github-event", event)
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .header("x-hub-signature-256", signature)
}

async fn post(t: &TestStack, event: &str, body: &[u8], secret: &str) -> Answer {
    let signature = signatures::github::sign(body, secret);
    t.send(request(event, &signature).body(Body::from(body.to_vec())).unwrap()).await
}

#[tokio::test]
async fn what_the_sandbox_tells_is_taken_and_reaches_the_worker() {
    let t = TestStack::start().await;
    let github = t.github();
    github.ping("acme-corp");
    github.add_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    github.remove_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    github.set_archived("acme-corp", "toolkit", true).unwrap();
    github.set_archived("acme-corp", "toolkit", false).unwrap();
    github.set_private("acme-corp", "toolkit", false).unwrap();
    github.set_private("acme-corp", "toolkit", true).unwrap();
    github.rename_repository("acme-corp", "toolkit", "toolbox").unwrap();
    github.transfer_repository("acme-corp", "toolbox", "ctrimm", "toolbox").unwrap();
    github.delete_repository("ctrimm", "toolbox");
    github.take_off("acme-corp", "starter-kit", true).unwrap();
    github.take_off("acme-corp", "starter-kit", false).unwrap();
    github.set_suspended("acme-corp", true).unwrap();
    github.set_suspended("acme-corp", false).unwrap();
    github.set_installed("acme-corp", false).unwrap();
    github.set_installed("acme-corp", true).unwrap();
    t.deliver_github().await;
    // All but the ping; that it has another name is also for its packages.
    assert_eq!(t.messages().await, [("AccessQueue".to_owned(), 15), ("PackagesQueue".to_owned(), 2)]);
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn a_wrong_signature_gets_the_answer_of_stripes_webhook() {
    let t = TestStack::start().await;
    let body = added(&t);
    let right = signatures::github::sign(&body, GITHUB_WEBHOOK_SECRET);
    let headers = [
        signatures::github::sign(&body, "another"),
        signatures::github::sign(b"another body", GITHUB_WEBHOOK_SECRET),
        right.replace("sha256=", "sha1="),
        right.replace("sha256=", ""),
        right.to_uppercase(),
        format!("{right},{right}"),
        String::new(),
    ];
    for header in headers {
        let answer = t.send(request("member", &header).body(Body::from(body.clone())).unwrap()).await;
        assert_eq!((answer.status, answer.body.as_slice()), (400, INVALID_SIGNATURE), "{header}");
    }
    let bare = Request::post(PATH).header("x-github-event", "member").body(Body::from(body.clone())).unwrap();
    assert_eq!(t.send(bare).await.body, INVALID_SIGNATURE);
    let empty = request("member", &signatures::github::sign(b"", GITHUB_WEBHOOK_SECRET)).body(Body::empty()).unwrap();
    assert_eq!(t.send(empty).await.body, INVALID_SIGNATURE);
    assert!(t.messages().await.is_empty());
    assert_eq!(post(&t, "member", &body, GITHUB_WEBHOOK_SECRET).await.status, 200);
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn both_secrets_count_while_one_replaces_the_other() {
    let two = ("GITHUB_WEBHOOK_SECRET", "new one, old one,".to_owned());
    let t = TestStack::start_with(Options { settings: vec![two], ..Options::default() }).await;
    let body = added(&t);
    for (secret, status) in [("new one", 200), ("old one", 200), (GITHUB_WEBHOOK_SECRET, 400), ("", 400), (" ", 400)] {
        assert_eq!(post(&t, "member", &body, secret).await.status, status, "{secret:?}");
    }
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn a_form_is_read_like_json() {
    let t = TestStack::start().await;
    let json = String::from_utf8(added(&t)).unwrap();
    for (form, status) in [(vec![("payload", json.as_str())], 200), (vec![("other", json.as_str())], 400)] {
        let body = serde_urlencoded::to_string(form).unwrap();
        let signature = signatures::github::sign(body.as_bytes(), GITHUB_WEBHOOK_SECRET);
        let request = request("member", &signature).header("content-type", "application/x-www-form-urlencoded");
        let answer = t.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, status, "{answer}");
    }
    assert_eq!(t.messages().await, [("AccessQueue".to_owned(), 1)]);
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn pushes_and_tags_are_for_packages_as_json_and_as_a_form() {
    let t = TestStack::start().await;
    for _ in 0..2 {
        t.push_tag(ForgeKind::Github, "v1.0.0").await.is(200, &json!({ "received": true }));
    }
    let body = tag_pushed(ForgeKind::Github, "v1.0.0").1;
    let form = serde_urlencoded::to_string([("payload", body.to_string())]).unwrap();
    let signature = signatures::github::sign(form.as_bytes(), GITHUB_WEBHOOK_SECRET);
    for event in ["create", "delete"] {
        let request = request(event, &signature).header("content-type", "application/x-www-form-urlencoded");
        let answer = t.send(request.body(Body::from(form.clone())).unwrap()).await;
        answer.is(200, &json!({ "received": true }));
    }
    // A push of very many commits.
    let mut large = body;
    large["commits"] = json!(["x".repeat(5 * 1024 * 1024)]);
    let large = large.to_string();
    let answer = post(&t, "push", large.as_bytes(), GITHUB_WEBHOOK_SECRET).await;
    answer.is(200, &json!({ "received": true }));
    assert_eq!(t.messages().await, [("PackagesQueue".to_owned(), 5)]);
    // Nobody sells packages from there.
    let settled = t.settle().await;
    assert_eq!((settled.succeeded, settled.failed), (5, 0));
    t.finish().await;
}

#[tokio::test]
async fn what_is_unknown_is_taken_and_dropped_and_garbage_is_refused() {
    let t = TestStack::start().await;
    for (event, body) in [
        ("ping", json!({ "zen": "Design for failure." })),
        ("star", json!({ "action": "created" })),
        ("member", json!({ "action": "edited" })),
        ("of_the_future", json!({})),
    ] {
        let answer = post(&t, event, body.to_string().as_bytes(), GITHUB_WEBHOOK_SECRET).await;
        answer.is(200, &json!({ "received": true }));
    }
    for body in [&b"{"[..], b"[]", b"\xc3\xa4", br#"{"action":"added"}"#] {
        let answer = post(&t, "member", body, GITHUB_WEBHOOK_SECRET).await;
        answer.is(400, &json!({ "error": "the body is not a GitHub event" }));
    }
    assert_eq!(post(&t, "", b"{}", GITHUB_WEBHOOK_SECRET).await.status, 400);
    assert!(t.messages().await.is_empty());
    t.finish().await;
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_not_answered_as_received() {
    let t = TestStack::start().await;
    let body = added(&t);
    assert_eq!(post(&t, "ping", b"{}", GITHUB_WEBHOOK_SECRET).await.status, 200, "the secret is known now");
    t.faults.start(&Faults::seeded(1, 100));
    let answer = post(&t, "member", &body, GITHUB_WEBHOOK_SECRET).await;
    answer.is(503, &json!({ "error": "Service temporarily unavailable" }));
    t.faults.heal();
    assert_eq!(post(&t, "member", &body, GITHUB_WEBHOOK_SECRET).await.status, 200);
    t.settle().await;
    t.finish().await;
}

/// Webhooks that GitHub really sent, of the vectors of signatures.
#[tokio::test]
async fn real_webhooks_are_taken() {
    use base64::{Engine, prelude::BASE64_STANDARD};

    let t = TestStack::start().await;
    let rows: serde_json::Value = serde_json::from_str(include_str!("../vectors/github-signatures.json")).unwrap();
    let real = rows.as_array().unwrap().iter().filter_map(|row| {
        let name = row["name"].as_str().unwrap().strip_prefix("valid-real-")?;
        Some((name, BASE64_STANDARD.decode(row["body_base64"].as_str().unwrap()).unwrap()))
    });
    let mut taken = 0;
    for (name, body) in real {
        let event = name.split('-').next().unwrap();
        let answer = post(&t, event, &body, GITHUB_WEBHOOK_SECRET).await;
        answer.is(200, &json!({ "received": true }));
        taken += 1;
    }
    assert_eq!(taken, 12);
    // Somebody was added, an App installed twice over, one repository privatized and one transferred.
    // And a push, a tag, a release and the transfer are for packages.
    assert_eq!(t.messages().await, [("AccessQueue".to_owned(), 5), ("PackagesQueue".to_owned(), 4)]);
    t.settle().await;
    t.finish().await;
}
