//! Credentials that are taken back while they are in use (F20): when that is acknowledged, no request that begins is let
//! in, however many are on their way.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use axum::body::Body;
use domain::Secret;
use futures::{future::join_all, join};
use http::{Method, Request, header};
use journeys::{Answer, Options, TestStack, bearer};
use serde_json::{Value, json};

/// Who calls at the same time.
const CALLERS: usize = 100;
/// How often each calls at most: all together stay below the limit of an hour.
const CALLS: usize = 9;
/// The credential is taken back after so many calls, when every caller has begun.
const BEFORE: usize = 250;

/// Tells what was first.
#[derive(Default)]
struct Order(AtomicUsize);

impl Order {
    fn tick(&self) -> usize {
        self.0.fetch_add(1, SeqCst)
    }
}

/// Calls until it is refused: when each call began, and the answer's status.
async fn call(t: &TestStack, token: &Secret, order: &Order) -> Vec<(usize, u16)> {
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let began = order.tick();
        let answer = t.get_as("/api/admin/repositories", token).await;
        assert!(matches!(answer.status, 200 | 401), "{answer}");
        calls.push((began, answer.status));
    }
    calls
}

/// Has a crowd call while `revoke` takes the credential back. Calls that began after that was acknowledged are refused.
async fn crowd(t: &TestStack, token: &Secret, revoke: impl AsyncFnOnce() -> Answer) {
    let order = Order::default();
    let calls = join_all((0..CALLERS).map(|_| call(t, token, &order)));
    let revoked = async {
        while order.0.load(SeqCst) < BEFORE {
            tokio::task::yield_now().await;
        }
        let answer = revoke().await;
        assert_eq!(answer.status, 200, "{answer}");
        order.tick()
    };
    let (calls, acknowledged) = join!(calls, revoked);
    let calls: Vec<_> = calls.into_iter().flatten().collect();
    let let_in = calls.iter().filter(|(_, status)| *status == 200);
    let (after, before): (Vec<&(usize, u16)>, Vec<_>) = let_in.partition(|(began, _)| *began > acknowledged);
    assert!(after.is_empty(), "{} were let in after it was taken back", after.len());
    assert!(before.len() >= CALLERS, "only {} were let in before", before.len());
    let refused = calls.iter().filter(|(_, status)| *status == 401).count();
    assert!(refused >= CALLERS, "only {refused} were refused");
}

async fn send(t: &TestStack, (method, path): (Method, &str), token: &Secret, body: &Value) -> Answer {
    let request = bearer(Request::builder().method(method).uri(path), token);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_token_that_is_revoked_during_a_hundred_requests_lets_none_in_that_begin_after() {
    let t = TestStack::start().await;
    let made = t.post("/api/admin/tokens", &json!({"name": "a till", "role": "viewer"})).await;
    assert_eq!(made.status, 201, "{made}");
    let token = Secret::new(made.text("/token")).unwrap();
    let path = format!("/api/admin/tokens/{}", made.text("/id"));
    crowd(&t, &token, async || send(&t, (Method::DELETE, &path), &t.token, &json!(null)).await).await;
    t.finish().await;
}

#[tokio::test]
async fn a_session_that_is_signed_out_everywhere_during_a_hundred_requests_lets_none_in_that_begin_after() {
    let mut options = Options::default();
    options.settings.push(("FIRST_OWNER", "ctrimm".to_owned()));
    let t = TestStack::start_with(options).await;
    // The one that is used and the one that ends it are two sessions of the same person.
    let (token, other) = (t.sign_in("ctrimm").await, t.sign_in("ctrimm").await);
    let everywhere = (Method::POST, "/api/auth/sign-out-everywhere");
    crowd(&t, &token, async || send(&t, everywhere, &other, &json!(null)).await).await;
    assert_eq!(t.get_as("/api/admin/repositories", &other).await.status, 401);
    t.finish().await;
}
