//! Whatever is sent, in bodies, paths and query strings: an answer in the contract's shape, and never a failure of ours.

use std::cell::Cell;

use axum::body::Body;
use domain::forge::ForgeKind;
use http::{Method, header};
use journeys::{TestStack, WEBHOOK_SECRET, basic, commit_of, example_repository, granted, proof, tag_pushed};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Requests per property.
const CASES: u32 = 400;

/// Any JSON, but with texts and numbers that code stumbles over more often than chance has them.
fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![0, -1, 1, 49, 50, 99_999_999, 100_000_000, i64::MAX, i64::MIN]).prop_map(Value::from),
    ];
    let text = prop_oneof![
        any::<String>().prop_map(Value::from),
        "[a-z0-9#/@.%-]{0,60}".prop_map(Value::from),
        prop::sample::select(vec![
            "one-time",
            "subscription",
            "custom",
            "monthly",
            "johndoe",
            "acme-corp",
            "a@b.example"
        ])
        .prop_map(Value::from),
        (0_usize..6000).prop_map(|length| Value::from("x".repeat(length))),
    ];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number, text];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// A good request with some of its fields changed or missing.
fn changed(good: Value) -> impl Strategy<Value = Value> {
    let names: Vec<String> = good.as_object().unwrap().keys().cloned().collect();
    let change = (prop::sample::select(names), prop::option::weighted(0.9, json()));
    prop::collection::vec(change, 0..4).prop_map(move |changes| {
        let mut body = good.clone();
        for (name, value) in changes {
            match value {
                Some(value) => body[name] = value,
                None => drop(body.as_object_mut().unwrap().remove(&name)),
            }
        }
        body
    })
}

/// A body: a good one changed, any JSON, or any bytes.
fn body(good: Value) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => changed(good).prop_map(|body| body.to_string().into_bytes()),
        2 => json().prop_map(|body| body.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ]
}

/// Tries the property on the same cases in every run.
fn check<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    if let Err(error) = runner.run(strategy, property) {
        panic!("{error}");
    }
}

/// Counts what passed the checks: a fuzzer whose every request is refused at the door tests the door.
#[derive(Default)]
struct Accepted(Cell<u32>);

impl Accepted {
    #[track_caller]
    fn are_enough(&self) {
        assert!(self.0.get() >= CASES / 20, "only {} of {CASES} requests were accepted", self.0.get());
    }
}

/// Sends one request, and has the answer be one that the contract knows.
async fn is_answered(
    t: &TestStack,
    accepted: &Accepted,
    request: http::Request<Body>,
    allowed: &[u16],
) -> Result<(), TestCaseError> {
    let answer = t.send(request).await;
    prop_assert!(allowed.contains(&answer.status), "{answer}");
    let error = &answer.json["error"];
    let told = error.is_string() || (error["code"].is_string() && error["message"].is_string());
    prop_assert!(answer.status < 400 || told, "{answer}");
    prop_assert_eq!(answer.header("content-type"), "application/json");
    accepted.0.set(accepted.0.get() + u32::from(answer.status < 300 || answer.status == 409));
    Ok(())
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn any_body_of_create_repository() {
    let (runtime, mut good) = (runtime(), example_repository());
    good["customCadenceDays"] = json!(null);
    good["features"] = json!(["Dark mode support"]);
    let (t, accepted) = (runtime.block_on(TestStack::start()), Accepted::default());
    check(&body(good), |body| {
        let request = t.request(Method::POST, "/api/admin/repositories");
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap();
        runtime.block_on(is_answered(&t, &accepted, request, &[201, 400, 409]))
    });
    accepted.are_enough();
    runtime.block_on(t.finish());
}

#[test]
fn any_body_of_create_checkout_session() {
    let runtime = runtime();
    let (t, accepted) = (runtime.block_on(TestStack::start()), Accepted::default());
    let repository = runtime.block_on(t.list_theme());
    let good = json!({"repositoryId": repository, "githubUsername": "johndoe", "email": "customer@example.com"});
    check(&body(good), |body| {
        let request = t.request(Method::POST, "/api/checkout").header(header::CONTENT_TYPE, "application/json");
        runtime.block_on(is_answered(&t, &accepted, request.body(body.into()).unwrap(), &[200, 400, 404]))
    });
    accepted.are_enough();
    runtime.block_on(t.finish());
}

#[test]
fn any_path_and_query_string() {
    let runtime = runtime();
    let (t, accepted) = (runtime.block_on(TestStack::start()), Accepted::default());
    runtime.block_on(t.list_theme());
    let start = prop::sample::select(vec![
        "/",
        "/api/admin/repositories",
        "/api/admin/repositories/",
        "/api/admin/customers",
        "/api/admin/customers/",
        "/api/products/",
        "/api/checkout",
    ]);
    let garbage = "([a-z0-9/.-]|%[0-9a-fA-F]{2}|[!$'()*+,;=:@~_%-]){0,40}";
    let good = prop::sample::select(vec!["1", "2", "20", "100", "true", "false", "active", "revoked"]);
    let value = prop_oneof![good.prop_map(str::to_owned), garbage];
    let name = prop::sample::select(vec!["page", "limit", "active", "status", "repositoryId", "x"]);
    let query = prop::collection::vec((name, value), 0..3);
    let strategy = (
        start,
        prop::option::weighted(0.3, garbage),
        query,
        prop::sample::select(vec!["GET", "GET", "GET", "GET", "GET", "POST", "DELETE", "PATCH"]),
    );
    check(&strategy, |(start, rest, query, method)| {
        let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let uri = format!("{start}{}?{}", rest.unwrap_or_default(), pairs.join("&"));
        let Ok(_) = uri.parse::<http::Uri>() else { return Ok(()) };
        let request = t.request(method.parse().unwrap(), &uri).body(Body::empty()).unwrap();
        runtime.block_on(is_answered(&t, &accepted, request, &[200, 400, 404, 405]))
    });
    accepted.are_enough();
    runtime.block_on(t.finish());
}

/// Signed, so that what is inside is read.
#[test]
fn any_event_of_stripe() {
    let runtime = runtime();
    let (t, accepted) = (runtime.block_on(TestStack::start()), Accepted::default());
    let kinds = vec![
        "charge.succeeded",
        "charge.refunded",
        "checkout.session.completed",
        "checkout.session.expired",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "invoice.payment_succeeded",
        "invoice.payment_failed",
    ];
    let object = changed(json!({
        "id": "ch_1", "status": "active", "payment_status": "paid", "amount": 4900, "amount_captured": 4900, "captured": true,
        "amount_refunded": 0, "amount_paid": 4900, "amount_total": 4900, "refunded": false, "payment_intent": "pi_1",
        "subscription": "sub_1", "invoice": "in_1", "customer": {"id": "cus_1"}, "parent": {}, "lines": {"data": []},
        "metadata": {"company_id": "1", "purchase_id": "0190b5a0-0000-7000-8000-000000000001"}
    }));
    check(&(prop::sample::select(kinds), object), |(kind, object)| {
        let mut event = json!({"id": "evt_1", "object": "event", "created": 1_767_225_600, "data": {"object": object}});
        event["type"] = json!(kind);
        let body = event.to_string().into_bytes();
        let signature = signatures::stripe::sign(&body, WEBHOOK_SECRET, t.now().as_second());
        let request = http::Request::post("/api/webhooks/stripe").header("stripe-signature", signature);
        runtime.block_on(is_answered(&t, &accepted, request.body(body.into()).unwrap(), &[200, 400]))
    });
    accepted.are_enough();
    let settled = runtime.block_on(t.settle());
    assert_eq!(settled.failed, 0, "what was taken can be dealt with");
    runtime.block_on(t.finish());
}

/// Of whom it is known that they sent it.
#[test]
fn any_event_of_a_forge() {
    let runtime = runtime();
    let (t, accepted) = (runtime.block_on(TestStack::start()), Accepted::default());
    let forges = vec![ForgeKind::Github, ForgeKind::Gitlab, ForgeKind::Bitbucket];
    let event = prop::sample::select(forges).prop_flat_map(|forge| {
        let ((name, event), good) = tag_pushed(forge, "v1.0.0");
        (Just((forge, name, event)), body(good))
    });
    check(&event, |((forge, name, event), body)| {
        let (proof, value) = proof(forge, &body);
        let headers = [(name, event), (proof, value.as_str())];
        // A body that is empty or no text has no signature.
        let signed = forge == ForgeKind::Gitlab || std::str::from_utf8(&body).is_ok_and(|text| !text.is_empty());
        let answer = runtime.block_on(t.post_forge(forge, &headers, body.clone()));
        let object = serde_json::from_slice::<Value>(&body).is_ok_and(|value| value.is_object());
        let expected = match (signed, object) {
            (_, true) => 200,
            (true, false) => 400,
            (false, false) => {
                if forge == ForgeKind::Github {
                    400
                } else {
                    401
                }
            }
        };
        prop_assert_eq!(answer.status, expected, "{}", answer);
        accepted.0.set(accepted.0.get() + u32::from(answer.status < 300));
        Ok(())
    });
    accepted.are_enough();
    // They come one at a time.
    while !runtime.block_on(t.messages()).is_empty() {
        let settled = runtime.block_on(t.settle());
        assert_eq!(settled.failed, 0, "what was taken can be dealt with");
    }
    runtime.block_on(t.finish());
}

/// What a part of a path may be: names that are there, others, and what is made to lead elsewhere.
fn part() -> impl Strategy<Value = String> {
    let good = vec!["acme", "widget", "widget.json", "widget~dev.json", "1.0.0", "2.0.0", "1.0.0.zip", "dev-main.zip"];
    let evil = vec![
        "..",
        ".",
        "%2e%2e",
        "%2F",
        "%5C",
        "%00",
        "%FF%FE",
        "%C0%AE",
        "%",
        "%zz",
        "%25",
        "",
        "~dev",
        ".json",
        ".zip",
        "%0d%0a",
        "+",
        "*",
        "@",
        "#",
        "?",
        "^1.0",
        "%F0%9F%92%A9",
        "nul",
        "con.json",
    ];
    prop_oneof![
        4 => prop::sample::select(good).prop_map(str::to_owned),
        2 => prop::sample::select(evil).prop_map(str::to_owned),
        1 => Just(commit_of("acme/widget", "1.0.0")),
        1 => Just(format!("{}.zip", commit_of("acme/widget", "1.0.0"))),
        1 => prop::collection::vec(any::<u8>(), 1..40).prop_map(|bytes| escaped(&bytes)),
        1 => "([a-z0-9./~-]|%[0-9a-fA-F]{2}|[!$'()*+,;=:@_%-]){0,60}",
        1 => (0_usize..8000).prop_map(|length| "x".repeat(length)),
    ]
}

/// Any bytes, each of them escaped.
fn escaped(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| domain::text::hex(&[*byte])).collect();
    format!("%{}", digits.join("%"))
}

/// What a customer's Composer, or whoever has its token, may ask for.
#[test]
fn any_path_of_the_composer_repository() {
    let runtime = runtime();
    let (t, accepted) = (runtime.block_on(TestStack::start()), Accepted::default());
    let token = runtime.block_on(async {
        t.shelve("acme/widget", &["2.0.0", "1.0.0"]).await;
        t.customer_with(1, granted(t.now(), &[("acme/widget", "^1.0")])).await.1
    });
    let start = prop::sample::select(vec![
        "/p2/",
        "/p2/acme/",
        "/dist/",
        "/dist/acme/widget/",
        "/dist/acme/widget/1.0.0/",
        "/list.json?filter=",
        "/search.json?q=",
        "/search.json?type=x&q=",
        "/packages.json?",
        "/downloads/",
    ]);
    let good = prop::sample::select(vec![
        "/p2/acme/widget.json",
        "/dist/acme/widget/1.0.0.zip",
        "/list.json?filter=acme/*",
        "/search.json?q=widget",
    ]);
    let made =
        (start, prop::collection::vec(part(), 0..5)).prop_map(|(start, parts)| format!("{start}{}", parts.join("/")));
    let path = prop_oneof![1 => good.prop_map(str::to_owned), 6 => made];
    let method = prop::sample::select(vec!["GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "DELETE"]);
    check(&(path, method, any::<bool>()), |(path, method, known)| {
        let Ok(uri) = path.parse::<http::Uri>() else { return Ok(()) };
        let request = http::Request::builder().method(method).uri(uri);
        let request = if known { request.header(header::AUTHORIZATION, basic(&token)) } else { request };
        let answer = runtime.block_on(t.send(request.body(Body::empty()).unwrap()));
        prop_assert!(answer.status < 500, "{} {}: {}", method, path, answer);
        if answer.status >= 400 && method != "HEAD" {
            let (error, warning) = (&answer.json["error"], &answer.json["warning"]);
            // Composer asks for much that was never here, and nobody has to be warned of that.
            let warned = warning.is_string() || answer.status == 404;
            let told = error["code"].is_string() && error["message"].is_string() && warned;
            prop_assert!(told, "{} {}: {}", method, path, answer);
        }
        accepted.0.set(accepted.0.get() + u32::from(answer.status < 400));
        Ok(())
    });
    accepted.are_enough();
    runtime.block_on(t.finish());
}
