//! What the sandbox of Stripe promises.

mod client;
mod delivery;
mod disputes;
mod events;
mod pages;
mod reading;
mod subscriptions;

use axum::{Router, body::Body, http::Request};
use serde_json::Value;

use super::Sandbox;
use crate::{
    faults::{Fault, Faults},
    sandbox::testing::{Got, Time, call, seeded},
};

const SECRET: &str = "whsec_test_synthetic";
const SESSIONS: &str = "/v1/checkout/sessions";
const ONE_TIME: &str = "mode=payment&success_url=https://shop.example/ok?s={CHECKOUT_SESSION_ID}&cancel_url=https://shop.example\
    &line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=4900\
    &line_items[0][price_data][product_data][name]=Theme&customer_email=john%40example.com&client_reference_id=purchase-1\
    &metadata[purchase_id]=purchase-1&payment_intent_data[metadata][purchase_id]=purchase-1";

struct World {
    time: Time,
    sandbox: Sandbox,
}

impl World {
    fn new() -> Self {
        let time = Time::new();
        Self { sandbox: Sandbox::new(time.clock(), seeded(), SECRET.to_owned()), time }
    }

    async fn post(&self, path: &str, form: &str, key: &str) -> Got {
        post(&self.sandbox.router(), path, form, key).await
    }

    async fn get(&self, path: &str) -> Got {
        get(&self.sandbox.router(), path).await
    }

    async fn session(&self, form: &str) -> String {
        let got = self.post(SESSIONS, form, "").await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()["id"].as_str().unwrap().to_owned()
    }

    /// What a form is refused with: the parameter and the code.
    async fn refusal(&self, form: &str) -> (String, String) {
        let got = self.post(SESSIONS, form, "").await;
        assert_eq!(got.status, 400, "{form} was accepted: {}", got.text);
        let error = got.json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error");
        (error["param"].as_str().unwrap_or("").to_owned(), error["code"].as_str().unwrap_or("").to_owned())
    }
}

fn subscription() -> String {
    ONE_TIME.replace("mode=payment", "mode=subscription").replace("payment_intent_data", "subscription_data")
        + "&line_items[0][price_data][recurring][interval]=month"
}

async fn post(router: &Router, path: &str, form: &str, key: &str) -> Got {
    let mut request = Request::post(path)
        .header("authorization", "Bearer sk_test_synthetic")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("stripe-version", super::API_VERSION);
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    call(router, request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn get(router: &Router, path: &str) -> Got {
    let request = Request::get(path).header("authorization", "Bearer rk_test_synthetic");
    call(router, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_session_is_created_and_found_again() {
    let world = World::new();
    world.sandbox.set_public_url("http://localhost:4321/sandbox/stripe/");
    let id = world.session(ONE_TIME).await;
    let found = world.get(&format!("{SESSIONS}/{id}")).await.json();
    assert_eq!(found["url"], format!("http://localhost:4321/sandbox/stripe/pay/{id}"));
    assert_eq!(found["payment_intent"], Value::Null);
    assert_eq!((&found["amount_total"], &found["payment_status"]), (&4900.into(), &"unpaid".into()));
    assert_eq!(found["expires_at"], world.time.now() + 86_400);
    assert_eq!(world.sandbox.session_for("purchase-1").unwrap(), id);
    let missing = world.get("/v1/checkout/sessions/cs_test_none").await;
    assert_eq!((missing.status.as_u16(), &missing.json()["error"]["code"]), (404, &"resource_missing".into()));
}

#[tokio::test]
async fn only_test_keys_get_in() {
    let world = World::new();
    let router = world.sandbox.router();
    for key in ["", "Bearer ", "Bearer sk_live_synthetic", "Bearer whatever", "Basic sk_test_synthetic"] {
        let request = Request::get(SESSIONS).header("authorization", key).body(Body::empty());
        let got = call(&router, request.unwrap()).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["error"]["type"]),
            (401, &"invalid_request_error".into()),
            "{key}"
        );
    }
}

#[tokio::test]
async fn requests_are_judged_as_stripe_judges_them() {
    let world = World::new();
    let without = |name: &str| {
        let kept = ONE_TIME.split('&').filter(|pair| !pair.trim().starts_with(&format!("{name}=")));
        kept.collect::<Vec<_>>().join("&")
    };
    for name in ["mode", "success_url", "line_items[0][quantity]", "line_items[0][price_data][unit_amount]"] {
        assert_eq!(world.refusal(&without(name)).await, (name.to_owned(), "parameter_missing".to_owned()));
    }
    let now = world.time.now();
    let refused = [
        ("&subscription_data[metadata][a]=b".to_owned(), "subscription_data", ""),
        ("&line_items[0][price_data][recurring][interval]=month".to_owned(), "line_items", ""),
        ("&customer=cus_1".to_owned(), "customer", ""),
        (format!("&expires_at={}", now + 1799), "expires_at", ""),
        (format!("&expires_at={}", now + 86_401), "expires_at", ""),
        ("&colour=blue".to_owned(), "colour", "parameter_unknown"),
        ("&payment_intent_data[colour]=blue".to_owned(), "payment_intent_data[colour]", "parameter_unknown"),
        ("&locale=".to_owned(), "locale", "parameter_invalid_empty"),
        ("&mode=payment".to_owned(), "mode", ""),
        (format!("&metadata[{}]=x", "k".repeat(41)), "metadata", ""),
        (format!("&metadata[k]={}", "x".repeat(501)), "metadata[k]", ""),
    ];
    for (more, param, code) in refused {
        let form = format!("{ONE_TIME}{more}");
        assert_eq!(world.refusal(&form).await, (param.to_owned(), code.to_owned()), "{more}");
    }
    let both = subscription() + "&payment_intent_data[metadata][a]=b";
    assert_eq!(world.refusal(&both).await.0, "payment_intent_data");
    let cheap = ONE_TIME.replace("=4900", "=49");
    assert_eq!(world.refusal(&cheap).await.1, "amount_too_small");
    let email = ONE_TIME.replace("john%40example.com", "john");
    assert_eq!(world.refusal(&email).await.1, "email_invalid");
    assert!(world.sandbox.sessions().is_empty());
    world.session(&format!("{ONE_TIME}&expires_at={}", now + 1800)).await;
}

#[tokio::test]
async fn an_idempotency_key_makes_one_session() {
    let world = World::new();
    let first = world.post(SESSIONS, ONE_TIME, "checkout:1:1").await;
    let second = world.post(SESSIONS, ONE_TIME, "checkout:1:1").await;
    assert_eq!(first.json(), second.json());
    assert_eq!(second.header("idempotent-replayed"), "true");
    let other = world.post(SESSIONS, &ONE_TIME.replace("=4900", "=5900"), "checkout:1:1").await;
    assert_eq!((other.status.as_u16(), &other.json()["error"]["type"]), (400, &"idempotency_error".into()));
    let refused = world.post(SESSIONS, "mode=payment", "checkout:2:1").await;
    assert_eq!(refused.status, 400);
    assert_eq!(world.post(SESSIONS, ONE_TIME, "checkout:2:1").await.status, 200, "refusals are not remembered");
    assert_eq!(world.sandbox.sessions().len(), 2);
}

#[tokio::test]
async fn a_session_expires_by_itself_or_when_asked() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    let expired = world.post(&format!("{SESSIONS}/{id}/expire"), "", "").await;
    assert_eq!(expired.json()["status"], "expired");
    assert_eq!(world.post(&format!("{SESSIONS}/{id}/expire"), "", "").await.status, 400);
    assert_eq!(world.sandbox.undelivered().len(), 1);

    let id = world.session(ONE_TIME).await;
    world.time.pass(86_400);
    assert!(world.sandbox.pay(&id).is_empty());
    assert_eq!(world.sandbox.undelivered().len(), 2);
}

#[tokio::test]
async fn faults_strike_before_or_after_the_effect() {
    for (fault, status, sessions) in [(Fault::Before, 500, 0), (Fault::After, 500, 1), (Fault::Throttle, 429, 0)] {
        let mut world = World::new();
        let faults = Faults::nth(0, fault);
        world.sandbox = world.sandbox.with_faults(faults.clone());
        assert_eq!(world.post(SESSIONS, ONE_TIME, "key").await.status, status);
        assert_eq!(world.sandbox.sessions().len(), sessions);
        assert_eq!(faults.struck()[0].1, "stripe POST /v1/checkout/sessions");
        assert_eq!(world.post(SESSIONS, ONE_TIME, "key").await.status, 200);
        assert_eq!(world.sandbox.sessions().len(), 1);
    }
}
