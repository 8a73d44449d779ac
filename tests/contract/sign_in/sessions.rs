//! What a session is good for, and how it ends.

use std::time::Duration;

use axum::body::Body;
use domain::Secret;
use http::{Method, Request, header};
use journeys::{TestStack, bearer};
use serde_json::json;
use testkit::connector::Meter;

use super::{Browser, call, start};

const DAY: u64 = 24 * 60 * 60;

async fn is_good(t: &TestStack, token: &Secret) -> bool {
    t.get_as("/api/admin/customers", token).await.status == 200
}

async fn sign_out(t: &TestStack, token: &Secret, path: &str) {
    let answer = call(t, (Method::POST, path), token, &json!(null)).await;
    assert_eq!(answer.status, 200, "{answer}");
}

#[tokio::test]
async fn a_request_by_cookie_that_changes_something_needs_our_own_origin() {
    let t = start().await;
    let mut browser = Browser::new(&t);
    browser.sign_in("ctrimm").await;
    let body = || Body::from(json!({"name": "a till", "role": "viewer"}).to_string());
    let request = || Request::post("/api/admin/tokens").header(header::CONTENT_TYPE, "application/json");
    browser.send(request(), body()).await.is_error(403, "FORBIDDEN", &[]);
    for origin in ["null", "https://evil.example", &format!("{}.evil.example", t.stack.url)] {
        browser.send(request().header(header::ORIGIN, origin), body()).await.is_error(403, "FORBIDDEN", &[]);
    }
    assert_eq!(browser.get("/api/admin/tokens").await.status, 200, "reading needs none");
    let ours = t.stack.url.clone();
    assert_eq!(browser.send(request().header(header::ORIGIN, ours), body()).await.status, 201);
    t.finish().await;
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let t = start().await;
    let mut browser = Browser::new(&t);
    let answer = browser.sign_in("ctrimm").await;
    let set: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().map(|it| it.to_str().unwrap()).collect();
    let session = set.iter().find(|cookie| cookie.starts_with("tollgate=")).unwrap();
    assert!(session.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{session}");
    t.finish().await;
}

#[tokio::test]
async fn signing_out_ends_this_session_at_once_and_no_other() {
    let t = start().await;
    let other = t.sign_in("ctrimm").await;
    let mut browser = Browser::new(&t);
    browser.sign_in("ctrimm").await;
    let kept = browser.cookies.clone();
    assert_eq!(browser.post("/api/auth/sign-out").await.status, 200);
    assert!(browser.cookies.is_empty(), "the cookie is taken back");
    browser.cookies = kept;
    browser.me().await.is_error(401, "UNAUTHORIZED", &[]);
    assert!(is_good(&t, &other).await);
    t.finish().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_and_none_that_comes_later() {
    let t = start().await;
    let (one, two) = (t.sign_in("ctrimm").await, t.sign_in("ctrimm").await);
    sign_out(&t, &one, "/api/auth/sign-out-everywhere").await;
    assert!(!is_good(&t, &one).await && !is_good(&t, &two).await);
    let later = t.sign_in("ctrimm").await;
    assert!(is_good(&t, &later).await, "in the same second");
    t.finish().await;
}

#[tokio::test]
async fn an_operators_token_is_no_session() {
    let t = start().await;
    let answer = call(&t, (Method::POST, "/api/auth/sign-out"), &t.token, &json!(null)).await;
    answer.is_error(403, "FORBIDDEN", &[]);
    let me = t.get_as("/api/auth/me", &t.token).await.json;
    assert_eq!((&me["user"], &me["token"]["name"]), (&json!(null), &json!("first operator")));
    t.finish().await;
}

#[tokio::test]
async fn a_session_ends_after_thirty_days() {
    let t = start().await;
    let token = t.sign_in("ctrimm").await;
    t.clock.advance(Duration::from_secs(30 * DAY - 1));
    assert!(is_good(&t, &token).await);
    t.clock.advance(Duration::from_secs(1));
    assert!(!is_good(&t, &token).await);
    t.finish().await;
}

#[tokio::test]
async fn keys_are_rotated_without_signing_anybody_out() {
    let t = start().await;
    let embedded = t.stack.embedded.as_ref().unwrap();
    let put = |keys: &str| embedded.put_secret("tollgate/session-keys", keys).unwrap();
    let (old, new) = ("o".repeat(32), "n".repeat(32));
    let next = || t.clock.advance(Duration::from_secs(61));
    put(&old);
    next();
    let before = t.sign_in("ctrimm").await;
    put(&format!("{new},{old}"));
    next();
    let during = t.sign_in("ctrimm").await;
    assert!(is_good(&t, &before).await && is_good(&t, &during).await);
    put(&new);
    next();
    assert!(!is_good(&t, &before).await && is_good(&t, &during).await);
    put("too short");
    next();
    assert_eq!(t.get_as("/api/admin/customers", &during).await.status, 503, "refused, and not let in unchecked");
    assert_eq!(t.get("/api/admin/customers").await.status, 200, "operators' tokens need no key");
    t.finish().await;
}

#[tokio::test]
async fn a_forged_session_costs_no_call_once_the_key_is_known() {
    let t = start().await;
    let token = t.sign_in("ctrimm").await;
    assert!(is_good(&t, &token).await);
    let mut forged = token.reveal().to_owned();
    let last = if forged.ends_with('A') { "E" } else { "A" };
    forged.replace_range(forged.len() - 1.., last);
    let meter = Meter::new();
    for text in [forged.as_str(), "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "a.b.c"] {
        let request = bearer(Request::get("/api/admin/customers"), &Secret::new(text).unwrap());
        let answer = meter.scope(t.send(request.body(Body::empty()).unwrap())).await;
        answer.is_error(401, "UNAUTHORIZED", &[]);
    }
    assert_eq!(meter.usage().calls, []);
    let meter = Meter::new();
    assert!(meter.scope(is_good(&t, &token)).await);
    assert_eq!(meter.usage().chain, chain_of_a_token(&t).await, "a session costs what a token costs");
    t.finish().await;
}

async fn chain_of_a_token(t: &TestStack) -> usize {
    let meter = Meter::new();
    assert_eq!(meter.scope(t.get("/api/admin/customers")).await.status, 200);
    meter.usage().chain
}
