//! "Stripe Webhook": what is taken, what is refused, and what is taken and dropped.

use std::time::Duration;

use journeys::{Options, TestStack, WEBHOOK_SECRET};
use serde_json::{Value, json};

const INVALID_SIGNATURE: &[u8] = br#"{"error":"Invalid signature"}"#;

/// An event of `charge.succeeded`, the 49 dollars of a purchase's only payment.
fn charge_succeeded(purchase: &str) -> Value {
    json!({
        "id": "evt_test_synthetic_1",
        "object": "event",
        "api_version": "2026-09-30.endive",
        "created": journeys::START / 1000,
        "livemode": false,
        "type": "charge.succeeded",
        "data": {
            "object": {
                "id": "ch_test_synthetic_1",
                "object": "charge",
                "amount": 4900,
                "amount_captured": 4900,
                "amount_refunded": 0,
                "captured": true,
                "paid": true,
                "refunded": false,
                "payment_intent": "pi_test_synthetic_1",
                "customer": null,
                "created": journeys::START / 1000,
                "metadata": {"company_id": "1", "purchase_id": purchase}
            }
        }
    })
}

const UNKNOWN: &str = "0190b5a0-0000-7000-8000-000000000001";

fn signed(t: &TestStack, body: &[u8], secret: &str) -> String {
    signatures::stripe::sign(body, secret, t.now().as_second())
}

#[tokio::test]
async fn stripe_webhook() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.deliver_event(&charge_succeeded(&sale.purchase)).await.is(200, &json!({"received": true}));
    assert_eq!(t.messages().await, [("PaymentsQueue".to_owned(), 1)]);
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
    t.finish().await;
}

#[tokio::test]
async fn a_wrong_signature_gets_the_contracts_answer_byte_for_byte() {
    let t = TestStack::start().await;
    let body = charge_succeeded(UNKNOWN).to_string().into_bytes();
    let right = signed(&t, &body, WEBHOOK_SECRET);
    let old = signatures::stripe::sign(&body, WEBHOOK_SECRET, t.now().as_second() - 301);
    let headers = [
        signed(&t, &body, "whsec_test_another"),
        signed(&t, b"another body", WEBHOOK_SECRET),
        old,
        right.replace("v1=", "v0="),
        right.replace("v1=", "v1=00"),
        right.split(',').next().unwrap().to_owned(),
        right.to_uppercase(),
        String::new(),
        "t=,v1=".to_owned(),
        "v1".to_owned(),
        "t=1767225600,v1=".to_owned(),
        "x".repeat(5000),
    ];
    for header in headers {
        let answer = t.post_event(body.clone(), &header).await;
        assert_eq!((answer.status, answer.body.as_slice()), (400, INVALID_SIGNATURE), "{header}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let without = http::Request::post("/api/webhooks/stripe").body(body.clone().into()).unwrap();
    let answer = t.send(without).await;
    assert_eq!((answer.status, answer.body.as_slice()), (400, INVALID_SIGNATURE));
    let latin1 = http::HeaderValue::from_bytes(b"t=1,v1=\xe4").unwrap();
    let odd = http::Request::post("/api/webhooks/stripe").header("stripe-signature", latin1);
    assert_eq!(t.send(odd.body(body.clone().into()).unwrap()).await.body, INVALID_SIGNATURE);
    assert!(t.messages().await.is_empty());
    assert_eq!(t.post_event(body, &right).await.status, 200);
    t.settle().await;
    t.finish().await;
}

/// The signature is of the bytes that came: parsed and written again they would be others.
#[tokio::test]
async fn the_raw_bytes_are_what_is_verified() {
    let t = TestStack::start().await;
    let body = serde_json::to_vec_pretty(&charge_succeeded(UNKNOWN)).unwrap();
    let header = signed(&t, &body, WEBHOOK_SECRET);
    assert_eq!(t.post_event(body.clone(), &header).await.status, 200);
    let compact = charge_succeeded(UNKNOWN).to_string().into_bytes();
    assert_eq!(t.post_event(compact, &header).await.body, INVALID_SIGNATURE);
    for place in [0, body.len() / 2, body.len() - 1] {
        let mut changed = body.clone();
        changed[place] ^= 1;
        assert_eq!(t.post_event(changed, &header).await.body, INVALID_SIGNATURE, "byte {place}");
    }
    let not_utf8 = b"{\"id\":\"\xff\"}".to_vec();
    let header = signed(&t, &not_utf8, WEBHOOK_SECRET);
    assert_eq!(t.post_event(not_utf8, &header).await.status, 400);
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn both_secrets_count_while_one_replaces_the_other() {
    let two = ("STRIPE_WEBHOOK_SECRET", "whsec_test_new, whsec_test_old,".to_owned());
    let t = TestStack::start_with(Options { settings: vec![two], ..Options::default() }).await;
    let body = charge_succeeded(UNKNOWN).to_string().into_bytes();
    for (secret, status) in
        [("whsec_test_new", 200), ("whsec_test_old", 200), (WEBHOOK_SECRET, 400), ("", 400), (" ", 400)]
    {
        let answer = t.post_event(body.clone(), &signed(&t, &body, secret)).await;
        assert_eq!(answer.status, status, "{secret:?}: {answer}");
    }
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn without_a_secret_nothing_is_accepted() {
    // With Stripe's address configured, nothing makes up a secret.
    let settings = vec![("STRIPE_API_URL", "http://127.0.0.1:9".to_owned())];
    let t = TestStack::start_with(Options { settings, ..Options::default() }).await;
    let body = charge_succeeded(UNKNOWN).to_string().into_bytes();
    let secrets = ["", " ", ",", "whsec_test"];
    for secret in secrets {
        let answer = t.post_event(body.clone(), &signed(&t, &body, secret)).await;
        answer.is(503, &json!({"error": "Service temporarily unavailable"}));
    }
    for blank in [" ", ",", " , "] {
        t.stack.embedded.as_ref().unwrap().put_secret("tollgate/stripe-webhook-secret", blank).unwrap();
        t.clock.advance(Duration::from_mins(2));
        for secret in ["", " ", ",", blank] {
            let answer = t.post_event(body.clone(), &signed(&t, &body, secret)).await;
            assert!([400, 503].contains(&answer.status), "{blank:?} {secret:?}: {answer}");
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn a_signed_body_that_is_no_snapshot_event_is_refused() {
    let t = TestStack::start().await;
    let change = |pointer: &str, value: Value| {
        let mut event = charge_succeeded(UNKNOWN);
        *event.pointer_mut(pointer).unwrap() = value;
        event.to_string()
    };
    let thin = json!({
        "id": "evt_test_synthetic_2", "object": "v2.core.event", "type": "v1.charge.succeeded", "livemode": false,
        "created": "2026-01-01T00:00:00.000Z", "related_object": {"id": "ch_1", "type": "charge", "url": "/v1/charges/ch_1"}
    });
    let bodies = [
        String::new(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "\"event\"".to_owned(),
        "{}".to_owned(),
        "[".repeat(500_000),
        thin.to_string(),
        change("/object", json!("charge")),
        change("/id", json!(7)),
        change("/created", json!("yesterday")),
        change("/created", json!(i64::MAX)),
        change("/data", json!(null)),
        change("/data/object", json!([])),
        change("/data/object/amount_captured", json!("much")),
        change("/data/object/metadata", json!({"company_id": 1})),
    ];
    for body in bodies {
        let short: String = body.chars().take(100).collect();
        let header = signed(&t, body.as_bytes(), WEBHOOK_SECRET);
        let answer = t.post_event(body.into_bytes(), &header).await;
        assert_eq!(answer.status, 400, "{short}: {answer}");
        assert!(answer.json["error"].is_string() && answer.json.as_object().unwrap().len() == 1, "{short}: {answer}");
    }
    let large = " ".repeat(6 * 1024 * 1024 + 1).into_bytes();
    let header = signed(&t, &large, WEBHOOK_SECRET);
    t.post_event(large, &header).await.is(413, &json!({"error": "Payload too large"}));
    t.finish().await; // nothing was sent
}

#[tokio::test]
async fn what_tollgate_has_no_use_for_is_received_and_dropped() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    let mut other_account = charge_succeeded(&sale.purchase);
    other_account["account"] = json!("acct_test_another");
    let mut unknown_type = charge_succeeded(&sale.purchase);
    unknown_type["type"] = json!("charge.levitated");
    let mut not_ours = charge_succeeded(&sale.purchase);
    not_ours["data"]["object"]["metadata"] = json!({});
    for event in [other_account, unknown_type, not_ours] {
        t.deliver_event(&event).await.is(200, &json!({"received": true}));
        assert!(t.messages().await.is_empty(), "{event}");
    }
    assert_eq!(t.customer(&sale.purchase).await["status"], "pending");
    t.finish().await;
}

#[tokio::test]
async fn an_event_of_an_unknown_purchase_is_dropped_by_the_worker() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    let mut other_company = charge_succeeded(&sale.purchase);
    other_company["data"]["object"]["metadata"]["company_id"] = json!("2");
    for event in [charge_succeeded(UNKNOWN), other_company] {
        t.deliver_event(&event).await.is(200, &json!({"received": true}));
        let settled = t.settle().await;
        assert_eq!((settled.succeeded, settled.failed), (1, 0), "{event}");
    }
    assert_eq!(t.customer(&sale.purchase).await["status"], "pending");
    t.finish().await;
}

/// The sandbox takes test keys only: the session is refused, the purchase that was written first is a live one.
#[tokio::test]
async fn a_test_mode_event_does_not_pay_a_live_purchase() {
    let mut options = Options::default();
    options.settings.push(("STRIPE_SECRET_KEY", "sk_live_synthetic".to_owned()));
    let t = TestStack::start_with(options).await;
    let repository = crate::listed_without_stripe(&t).await;
    assert_eq!(t.try_checkout(&repository, "johndoe").await.status, 503);
    let purchase = t.get("/api/admin/customers").await.text("/customers/0/id");

    t.deliver_event(&charge_succeeded(&purchase)).await.is(200, &json!({"received": true}));
    t.settle().await;
    assert_eq!(t.customer(&purchase).await["status"], "pending");

    let mut live = charge_succeeded(&purchase);
    live["livemode"] = json!(true);
    t.deliver_event(&live).await.is(200, &json!({"received": true}));
    t.settle().await;
    assert_eq!(t.customer(&purchase).await["status"], "completed", "the same event, for real money");
    t.finish().await;
}

/// Stripe sends again what was not answered 200: then nothing may be lost.
#[tokio::test]
async fn an_event_that_the_queue_does_not_take_is_not_received() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.deliver_event(&charge_succeeded(UNKNOWN)).await.is(200, &json!({"received": true})); // the secret is known now
    t.settle().await;
    t.faults.start(&testkit::faults::Faults::seeded(1, 100));
    let event = charge_succeeded(&sale.purchase);
    t.deliver_event(&event).await.is(503, &json!({"error": "Service temporarily unavailable"}));
    t.faults.heal();
    t.deliver_event(&event).await.is(200, &json!({"received": true}));
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["status"], "completed");
    t.finish().await;
}
