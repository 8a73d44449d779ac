//! Contract `cargoman.md`, "GitLab Webhook": whom it believes, what it takes, and what it takes and drops.

use std::time::Duration;

use domain::{forge::ForgeKind::Gitlab, forge_event::ForgeEvent};
use jobs::Job;
use journeys::{Answer, GITLAB_WEBHOOK_SECRET, Options, TestStack, tag_pushed};
use serde_json::{Value, json};
use testkit::{connector::Meter, faults::Faults};

const EVENT: (&str, &str) = ("x-gitlab-event", "Tag Push Hook");
const KEY: &str = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";
const OTHER_KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TOKEN: (&str, &str) = ("x-gitlab-token", GITLAB_WEBHOOK_SECRET);

fn received() -> Value {
    json!({ "received": true })
}

fn body() -> Vec<u8> {
    tag_pushed(Gitlab, "v1.0.0").1.to_string().into_bytes()
}

async fn stack(settings: &[(&'static str, &str)]) -> TestStack {
    let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    TestStack::start_with(Options { settings, ..Options::default() }).await
}

async fn with_token(t: &TestStack, token: &str) -> Answer {
    t.post_forge(Gitlab, &[EVENT, ("x-gitlab-token", token)], body()).await
}

#[track_caller]
fn is_refused(answer: &Answer, what: &str) {
    assert_eq!((answer.status, &answer.json), (401, &json!({ "error": "Invalid signature" })), "{what}: {answer}");
}

#[tokio::test]
async fn a_push_is_taken_and_names_the_repository_to_the_worker() {
    let t = TestStack::start().await;
    t.push_tag(Gitlab, "v1.0.0").await.is(200, &received());
    let queue = &t.stack.queues["PackagesQueue"];
    let message = queue.receive(1, Duration::ZERO).await.unwrap().remove(0);
    let event = ForgeEvent {
        forge: Gitlab,
        delivery: "13792a34-cac6-4fda-95a8-c58e00a3954e".to_owned(),
        repository_id: Some("15".to_owned()),
        path: Some("acme-corp/reports".to_owned()),
        urls: vec![
            "https://gitlab.com/acme-corp/reports.git".to_owned(),
            "git@gitlab.com:acme-corp/reports.git".to_owned(),
            "https://gitlab.com/acme-corp/reports".to_owned(),
        ],
        what: "Tag Push Hook refs/tags/v1.0.0".to_owned(),
    };
    assert_eq!(Job::from_message(&message.record.body).unwrap(), Job::ForgePush { event: Box::new(event) });
    queue.release(&message.receipt).await.unwrap();

    // Nobody sells packages from there, and GitLab may well have sent it twice.
    t.push_tag(Gitlab, "v1.0.0").await.is(200, &received());
    let settled = t.settle().await;
    assert_eq!((settled.succeeded, settled.failed), (2, 0));
    t.finish().await;
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let t = TestStack::start().await;
    for token in ["", " ", "another", "test synthetic", "test synthetic token2", "TEST SYNTHETIC TOKEN"] {
        is_refused(&with_token(&t, token).await, token);
    }
    let hmac = signatures::github::sign(&body(), GITLAB_WEBHOOK_SECRET);
    for header in
        ["x-hub-signature", "x-hub-signature-256", "x-gitlab-event-token", "authorization", "webhook-signature"]
    {
        for value in [GITLAB_WEBHOOK_SECRET, &hmac] {
            is_refused(&t.post_forge(Gitlab, &[EVENT, (header, value)], body()).await, header);
        }
    }
    is_refused(&t.post_forge(Gitlab, &[EVENT], body()).await, "none");
    // Garbage, too, is only told to whom it may concern.
    is_refused(&t.post_forge(Gitlab, &[], "{").await, "garbage");
    assert!(t.messages().await.is_empty());
    t.finish().await;
}

#[tokio::test]
async fn both_tokens_count_while_one_replaces_the_other() {
    let t = stack(&[("GITLAB_WEBHOOK_SECRET", "new one, old one,")]).await;
    for (token, status) in [("new one", 200), ("old one", 200), (GITLAB_WEBHOOK_SECRET, 401), ("", 401), (",", 401)] {
        assert_eq!(with_token(&t, token).await.status, status, "{token:?}");
    }
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn without_a_secret_everything_is_refused() {
    // With a real GitLab nothing stands in for a token that is not configured.
    for configured in ["", " "] {
        let api = ("GITLAB_API_URL", "https://gitlab.example.com/api/v4");
        let t = stack(&[api, ("GITLAB_WEBHOOK_SECRET", configured)]).await;
        for token in ["", " ", "any"] {
            let answer = with_token(&t, token).await;
            answer.is(503, &json!({ "error": "Service temporarily unavailable" }));
        }
        assert!(t.messages().await.is_empty());
        t.finish().await;
    }
}

/// A webhook as it is signed with a key, so many seconds ago.
async fn signed(t: &TestStack, keys: &[&str], ago: i64, sent: Vec<u8>) -> Answer {
    let at = t.now().as_second() - ago;
    let sign = |key: &&str| signatures::standard_webhooks::sign(&body(), "an id", at, key).unwrap();
    let signature = keys.iter().map(sign).collect::<Vec<_>>().join(" ");
    let at = at.to_string();
    let headers =
        [EVENT, TOKEN, ("webhook-id", "an id"), ("webhook-timestamp", &at), ("webhook-signature", &signature)];
    t.post_forge(Gitlab, &headers, sent).await
}

#[tokio::test]
async fn where_there_is_a_key_the_signature_is_asked_for_and_a_token_is_not_enough() {
    let token = ("GITLAB_WEBHOOK_SECRET", GITLAB_WEBHOOK_SECRET);
    let t = stack(&[token, ("GITLAB_SIGNING_SECRET", KEY)]).await;
    is_refused(&with_token(&t, GITLAB_WEBHOOK_SECRET).await, "a token");
    is_refused(&with_token(&t, KEY).await, "the key in clear");
    is_refused(&signed(&t, &[OTHER_KEY], 0, body()).await, "another key");
    is_refused(&signed(&t, &[KEY], 0, b"{}".to_vec()).await, "another body");
    is_refused(&signed(&t, &[KEY], 301, body()).await, "old");
    is_refused(&signed(&t, &[KEY], -301, body()).await, "of the future");
    assert!(t.messages().await.is_empty());

    for (keys, ago) in [(&[KEY][..], 0), (&[KEY], 300), (&[KEY], -300), (&[OTHER_KEY, KEY], 0)] {
        signed(&t, keys, ago, body()).await.is(200, &received());
    }
    // The very same once more: it would only be looked at once more.
    signed(&t, &[KEY], 0, body()).await.is(200, &received());
    assert_eq!(t.messages().await, [("PackagesQueue".to_owned(), 5)]);
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn both_keys_count_while_one_replaces_the_other() {
    let both = format!("{KEY}, {OTHER_KEY},");
    let t = stack(&[("GITLAB_SIGNING_SECRET", &both)]).await;
    for keys in [[KEY], [OTHER_KEY]] {
        signed(&t, &keys, 0, body()).await.is(200, &received());
    }
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn a_key_that_is_none_refuses_rather_than_being_passed_over() {
    for none in [",", "a password", "whsec_", "whsec_?"] {
        let t = stack(&[("GITLAB_WEBHOOK_SECRET", GITLAB_WEBHOOK_SECRET), ("GITLAB_SIGNING_SECRET", none)]).await;
        is_refused(&with_token(&t, GITLAB_WEBHOOK_SECRET).await, none);
        is_refused(&signed(&t, &[KEY], 0, body()).await, none);
        t.finish().await;
    }
}

#[tokio::test]
async fn while_it_is_not_known_whether_there_is_a_key_a_token_does_not_count() {
    let t = TestStack::start().await;
    t.faults.start(&Faults::seeded(1, 100));
    with_token(&t, GITLAB_WEBHOOK_SECRET).await.is(503, &json!({ "error": "Service temporarily unavailable" }));
    t.faults.heal();
    with_token(&t, GITLAB_WEBHOOK_SECRET).await.is(200, &received());
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn a_new_key_is_noticed_within_a_minute_and_its_absence_costs_nothing_before() {
    let t = TestStack::start().await;
    let calls = async |token: &str, status: u16| {
        let meter = Meter::new();
        assert_eq!(meter.scope(with_token(&t, token)).await.status, status);
        meter.usage().calls.len()
    };
    // Both secrets and the message; then the message; then nothing.
    assert_eq!(calls(GITLAB_WEBHOOK_SECRET, 200).await, 3);
    assert_eq!(calls(GITLAB_WEBHOOK_SECRET, 200).await, 1);
    assert_eq!(calls("another", 401).await, 0);
    t.stack.embedded.as_ref().unwrap().put_secret("tollgate/gitlab-signing-secret", KEY).unwrap();
    assert_eq!(with_token(&t, GITLAB_WEBHOOK_SECRET).await.status, 200);
    t.clock.advance(Duration::from_mins(1));
    is_refused(&with_token(&t, GITLAB_WEBHOOK_SECRET).await, "a token");
    signed(&t, &[KEY], 0, body()).await.is(200, &received());
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn what_means_no_other_version_is_taken_and_dropped_and_garbage_is_refused() {
    let t = TestStack::start().await;
    let project = json!({ "project": { "id": 15 } }).to_string();
    for (event, body) in [
        ("Issue Hook", project.as_str()),
        ("Pipeline Hook", &project),
        ("Hook of the future", "{}"),
        ("System Hook", r#"{"event_name":"user_create"}"#),
        // It names no repository.
        ("Push Hook", "{}"),
        ("Push Hook", r#"{"project":7,"project_id":{}}"#),
    ] {
        t.post_forge(Gitlab, &[TOKEN, ("x-gitlab-event", event)], body.to_owned()).await.is(200, &received());
    }
    let form = serde_urlencoded::to_string([("payload", &project)]).unwrap();
    for body in ["", "{", "[]", "null", "7", &form] {
        let answer = t.post_forge(Gitlab, &[TOKEN, EVENT], body.to_owned()).await;
        answer.is(400, &json!({ "error": "the body is not a JSON object" }));
    }
    let without = t.post_forge(Gitlab, &[TOKEN], project.clone()).await;
    without.is(400, &json!({ "error": "x-gitlab-event has to be there" }));
    assert!(t.messages().await.is_empty());
    t.finish().await;
}

#[tokio::test]
async fn the_number_of_the_delivery_may_be_missing() {
    let t = TestStack::start().await;
    let request = http::Request::post("/api/webhooks/gitlab").header(EVENT.0, EVENT.1).header(TOKEN.0, TOKEN.1);
    t.send(request.body(body().into()).unwrap()).await.is(200, &received());
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_not_answered_as_received() {
    let t = TestStack::start().await;
    t.push_tag(Gitlab, "v1.0.0").await.is(200, &received());
    t.faults.start(&Faults::seeded(1, 100));
    t.push_tag(Gitlab, "v1.0.1").await.is(503, &json!({ "error": "Service temporarily unavailable" }));
    t.faults.heal();
    t.push_tag(Gitlab, "v1.0.1").await.is(200, &received());
    t.settle().await;
    t.finish().await;
}
