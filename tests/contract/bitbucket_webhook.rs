//! Contract `cargoman.md`, "Bitbucket Webhook": whom it believes, what it takes, and what it takes and drops.

use domain::forge::ForgeKind::Bitbucket;
use journeys::{Answer, BITBUCKET_WEBHOOK_SECRET, Options, TestStack, proof, tag_pushed};
use serde_json::{Value, json};
use testkit::{connector::Meter, faults::Faults};

const EVENT: (&str, &str) = ("x-event-key", "repo:push");

fn received() -> Value {
    json!({ "received": true })
}

fn body() -> Vec<u8> {
    tag_pushed(Bitbucket, "v1.0.0").1.to_string().into_bytes()
}

async fn with_signature(t: &TestStack, signature: &str) -> Answer {
    t.post_forge(Bitbucket, &[EVENT, ("x-hub-signature", signature)], body()).await
}

async fn signed(t: &TestStack, event: &str, body: &str) -> Answer {
    let (header, signature) = proof(Bitbucket, body.as_bytes());
    t.post_forge(Bitbucket, &[("x-event-key", event), (header, &signature)], body.to_owned()).await
}

#[track_caller]
fn is_refused(answer: &Answer, what: &str) {
    assert_eq!((answer.status, &answer.json), (401, &json!({ "error": "Invalid signature" })), "{what}: {answer}");
}

#[tokio::test]
async fn a_push_is_taken_also_twice_also_without_changes_also_from_data_center() {
    let t = TestStack::start().await;
    let changeless = json!({ "repository": { "full_name": "acme-corp/charts" }, "push": { "changes": [] } });
    let data_center = json!({ "repository": { "id": 84, "slug": "charts", "project": { "key": "ACME" } } });
    for _ in 0..2 {
        t.push_tag(Bitbucket, "v1.0.0").await.is(200, &received());
    }
    signed(&t, "repo:push", &changeless.to_string()).await.is(200, &received());
    signed(&t, "repo:refs_changed", &data_center.to_string()).await.is(200, &received());
    assert_eq!(t.messages().await, [("PackagesQueue".to_owned(), 4)]);
    // Nobody sells packages from there.
    let settled = t.settle().await;
    assert_eq!((settled.succeeded, settled.failed), (4, 0));
    t.finish().await;
}

#[tokio::test]
async fn a_wrong_signature_is_refused() {
    let t = TestStack::start().await;
    let right = signatures::bitbucket::sign(&body(), BITBUCKET_WEBHOOK_SECRET);
    for signature in [
        signatures::bitbucket::sign(&body(), "another"),
        signatures::bitbucket::sign(b"another body", BITBUCKET_WEBHOOK_SECRET),
        right.replace("sha256=", "sha1="),
        right.replace("sha256=", ""),
        right.to_uppercase(),
        format!("{right},{right}"),
        BITBUCKET_WEBHOOK_SECRET.to_owned(),
        String::new(),
    ] {
        is_refused(&with_signature(&t, &signature).await, &signature);
    }
    // GitHub's header is another.
    for header in ["x-hub-signature-256", "authorization", "x-bitbucket-signature"] {
        is_refused(&t.post_forge(Bitbucket, &[EVENT, (header, &right)], body()).await, header);
    }
    is_refused(&t.post_forge(Bitbucket, &[EVENT], body()).await, "none");
    let empty = signatures::bitbucket::sign(b"", BITBUCKET_WEBHOOK_SECRET);
    is_refused(&t.post_forge(Bitbucket, &[EVENT, ("x-hub-signature", &empty)], "").await, "no body");
    assert!(t.messages().await.is_empty());
    t.finish().await;
}

#[tokio::test]
async fn both_secrets_count_while_one_replaces_the_other() {
    let two = ("BITBUCKET_WEBHOOK_SECRET", "new one, old one,".to_owned());
    let t = TestStack::start_with(Options { settings: vec![two], ..Options::default() }).await;
    for (secret, status) in [("new one", 200), ("old one", 200), (BITBUCKET_WEBHOOK_SECRET, 401), ("", 401), (" ", 401)]
    {
        let answer = with_signature(&t, &signatures::bitbucket::sign(&body(), secret)).await;
        assert_eq!(answer.status, status, "{secret:?}");
    }
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn without_a_secret_everything_is_refused_and_costs_nothing() {
    // With a real Bitbucket nothing stands in for a secret that is not configured.
    let real = ("BITBUCKET_API_URL", "https://api.bitbucket.org/2.0".to_owned());
    let t = TestStack::start_with(Options { settings: vec![real], ..Options::default() }).await;
    for calls in [1, 0, 0] {
        let meter = Meter::new();
        let answer = meter.scope(with_signature(&t, &signatures::bitbucket::sign(&body(), ""))).await;
        answer.is(503, &json!({ "error": "Service temporarily unavailable" }));
        assert_eq!(meter.usage().calls.len(), calls, "that there is none is known for a minute");
    }
    assert!(t.messages().await.is_empty());
    t.finish().await;
}

#[tokio::test]
async fn what_means_no_other_version_is_taken_and_dropped_and_garbage_is_refused() {
    let t = TestStack::start().await;
    let repository = json!({ "repository": { "full_name": "acme-corp/charts" } }).to_string();
    for (event, body) in [
        ("diagnostics:ping", r#"{"test":true}"#),
        ("pullrequest:created", &repository),
        ("repo:of_the_future", &repository),
        // It names no repository.
        ("repo:push", "{}"),
        ("repo:push", r#"{"repository":[],"push":{"changes":"many"}}"#),
    ] {
        signed(&t, event, body).await.is(200, &received());
    }
    let form = serde_urlencoded::to_string([("payload", &repository)]).unwrap();
    for body in ["{", "[]", "null", "7", &form] {
        signed(&t, "repo:push", body).await.is(400, &json!({ "error": "the body is not a JSON object" }));
    }
    signed(&t, "", &repository).await.is(400, &json!({ "error": "x-event-key has to be there" }));
    assert!(t.messages().await.is_empty());
    t.finish().await;
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_not_answered_as_received() {
    let t = TestStack::start().await;
    t.push_tag(Bitbucket, "v1.0.0").await.is(200, &received());
    t.faults.start(&Faults::seeded(1, 100));
    t.push_tag(Bitbucket, "v1.0.1").await.is(503, &json!({ "error": "Service temporarily unavailable" }));
    t.faults.heal();
    t.push_tag(Bitbucket, "v1.0.1").await.is(200, &received());
    t.settle().await;
    t.finish().await;
}
