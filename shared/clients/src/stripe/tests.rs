//! The client against a double on the loopback.

mod billing;
mod records;

use std::time::Duration;

use domain::SecretSource;
use serde_json::json;

use super::{CheckoutMode, CheckoutSession, Stripe, StripeError, checkout::tests::session, is_worth_repeating};
use crate::{
    http::NoAnswer,
    loopback::{Loopback, Reply, Seen, http, impatient_http},
};

const KEY: &str = "sk_test_synthetic";

fn client(server: &Loopback, key: &str) -> Stripe {
    let key = SecretSource::fixed("stripe", key);
    Stripe::new(http(), server.url(""), key, Duration::from_millis(1))
}

async fn answering(reply: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static) -> (Loopback, Stripe) {
    let server = Loopback::start(reply).await;
    let stripe = client(&server, KEY);
    (server, stripe)
}

fn created() -> Reply {
    let body =
        json!({ "id": "cs_test_1", "url": "https://checkout.example/1", "livemode": false, "payment_intent": null });
    Reply::json(200, &body)
}

async fn create(stripe: &Stripe) -> Result<CheckoutSession, StripeError> {
    stripe.create_checkout_session(&session(CheckoutMode::Payment), "checkout:purchase-1:1").await
}

#[tokio::test]
async fn a_session_is_asked_for_as_stripe_documents() {
    let (server, stripe) = answering(|_| created()).await;
    let expected =
        CheckoutSession { id: "cs_test_1".to_owned(), url: "https://checkout.example/1".to_owned(), livemode: false };
    assert_eq!(create(&stripe).await.expect("a session"), expected);

    assert_eq!(server.calls(), ["POST /v1/checkout/sessions"]);
    let request = &server.seen()[0];
    assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(request.header("stripe-version"), "2026-09-30.endive");
    assert_eq!(request.header("idempotency-key"), "checkout:purchase-1:1");
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    for field in [
        "success_url=https%3A%2F%2Fshop.example%2Fthanks%3Fsession%3D%7BCHECKOUT_SESSION_ID%7D",
        "customer_email=buyer%2B1%40example.com",
        "line_items%5B0%5D%5Bprice_data%5D%5Bproduct_data%5D%5Bname%5D=Rock+%26+Roll",
        "payment_intent_data%5Bmetadata%5D%5Bpurchase_id%5D=purchase-1",
    ] {
        assert!(request.body.split('&').any(|part| part == field), "{field} is not in {}", request.body);
    }
}

#[tokio::test]
async fn failures_on_stripes_side_are_repeated_with_the_same_key_and_values() {
    for first in [409, 500, 503] {
        let (server, stripe) = answering(failing_once(first)).await;
        create(&stripe).await.expect("the second try succeeds");
        let requests = server.seen();
        assert_eq!(requests.len(), 2, "{first}");
        assert_eq!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
        assert_eq!(requests[0].body, requests[1].body);
    }
}

/// Answers `status` to the first request and a session to all others.
fn failing_once(status: u16) -> impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static {
    let first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    move |_| {
        if first.swap(false, std::sync::atomic::Ordering::SeqCst) { Reply::empty(status) } else { created() }
    }
}

#[tokio::test]
async fn three_tries_are_made_and_no_more() {
    let (server, stripe) = answering(|_| Reply::empty(500)).await;
    let error = create(&stripe).await.expect_err("out of order");
    assert!(matches!(error, StripeError::Unavailable { source: NoAnswer::Status(500) }), "{error:?}");
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn stripe_has_the_last_word_on_repeating() {
    for (status, advice, tries) in [(500, "false", 1), (409, "false", 1), (429, "true", 3), (400, "true", 3)] {
        let (server, stripe) = answering(move |_| Reply::empty(status).with("stripe-should-retry", advice)).await;
        create(&stripe).await.expect_err("refused");
        assert_eq!(server.seen().len(), tries, "{status} {advice}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_repeated() {
    let envelope = json!({ "error": { "message": "Invalid currency", "param": "line_items[0]", "type": "x" } });
    for (status, meaning) in [
        (400, "Stripe refuses: Invalid currency (parameter Some(\"line_items[0]\"))"),
        (402, "Stripe refuses: Invalid currency (parameter Some(\"line_items[0]\"))"),
        (404, "Stripe refuses: Invalid currency (parameter Some(\"line_items[0]\"))"),
        (401, "Stripe does not accept the key"),
        (403, "Stripe does not accept the key"),
        (429, "Stripe limits the rate of calls"),
    ] {
        let envelope = envelope.clone();
        let (server, stripe) = answering(move |_| Reply::json(status, &envelope)).await;
        let error = create(&stripe).await.expect_err("refused");
        assert_eq!(error.to_string(), meaning, "{status}");
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn silence_makes_stripe_unavailable() {
    let server = Loopback::start(|_| Reply::never()).await;
    let key = SecretSource::fixed("stripe", KEY);
    let stripe = Stripe::new(impatient_http(), server.url(""), key, Duration::from_millis(1));
    let error = create(&stripe).await.expect_err("no session");
    assert!(matches!(error, StripeError::Unavailable { source: NoAnswer::Failed(_) }), "{error:?}");
}

#[tokio::test]
async fn nonsense_makes_stripe_unavailable() {
    let replies: [fn() -> Reply; 2] = [
        || Reply::text(200, "<html>"),
        || Reply::json(200, &json!({ "id": "cs_test_1", "url": null, "livemode": false })),
    ];
    for reply in replies {
        let (server, stripe) = answering(move |_| reply()).await;
        let error = create(&stripe).await.expect_err("no session");
        assert!(matches!(error, StripeError::Unavailable { .. }), "{error:?}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn calls_that_failed_on_the_way_are_repeated_but_not_those_that_arrived() {
    let on_the_way = http().request(reqwest::Method::GET, "nowhere").unwrap().build().expect_err("not a URL");
    assert!(is_worth_repeating(&Err(NoAnswer::Failed(on_the_way))));
    assert!(!is_worth_repeating(&Err(NoAnswer::TooLarge)));
}

#[tokio::test]
async fn the_keys_prefix_tells_whether_money_is_real() {
    let server = Loopback::start(|_| Reply::empty(500)).await;
    for (key, live) in [("sk_live_synthetic", true), ("rk_live_synthetic", true), (KEY, false), ("rk_test_x", false)] {
        assert_eq!(client(&server, key).livemode().await.expect("a key"), live, "{key}");
    }
    client(&server, "").livemode().await.expect_err("no key");
}

#[tokio::test]
async fn the_key_appears_in_no_output() {
    let (_server, stripe) = answering(|_| Reply::empty(401)).await;
    let error = create(&stripe).await.expect_err("refused");
    for output in [format!("{stripe:?}"), format!("{error:?}"), error.to_string()] {
        assert!(!output.contains(KEY), "{output}");
    }
}

#[tokio::test]
async fn a_missing_key_makes_no_call() {
    let server = Loopback::start(|_| created()).await;
    let error = create(&client(&server, " ")).await.expect_err("no key");
    assert!(matches!(error, StripeError::Credentials(_)), "{error:?}");
    assert!(server.seen().is_empty());
}
