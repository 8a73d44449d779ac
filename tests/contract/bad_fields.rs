//! Each field of each request with everything that can be wrong with it: one 400 that names all the fields.

use journeys::{Answer, TestStack, example_repository, with};
use serde_json::{Value, json};

/// What is the matter with a field, in each way: the values that it must not have.
struct Field {
    name: &'static str,
    required: bool,
    wrong: Vec<Value>,
}

fn field(name: &'static str, required: bool, wrong: &[Value]) -> Field {
    Field { name, required, wrong: wrong.to_vec() }
}

/// A text field: other types, too long, control characters, and what `more` is wrong with it.
fn text(name: &'static str, required: bool, longest: usize, more: &[&str]) -> Field {
    let mut wrong = vec![json!(7), json!(true), json!(["a"]), json!({"a": "b"})];
    wrong.push(json!("a".repeat(longest + 1)));
    for character in ['\0', '\u{1}', '\u{7}', '\u{1b}', '\u{7f}', '\u{9f}'] {
        wrong.push(json!(format!("a{character}b")));
    }
    wrong.extend(more.iter().map(|text| json!(text)));
    Field { name, required, wrong }
}

fn repository_fields() -> Vec<Field> {
    let numbers = |more: &[Value]| {
        let mut wrong =
            vec![json!("4900"), json!(49.5), json!(true), json!([4900]), json!({}), json!(1e300), json!(u64::MAX)];
        wrong.extend(more.to_vec());
        wrong
    };
    let feature = |entry: Value| json!([entry]);
    vec![
        text("githubOwner", true, 39, &["", " ", "a/b", "..", "a b", "a%2fb", "ä", "a?b", "a#b", "a\nb"]),
        text("githubRepoName", true, 100, &["", ".", "..", "a/b", "../x", "a b", "ä", "a#b", "a\rb"]),
        text("displayName", true, 120, &["", "  ", "two\nlines"]),
        text("description", false, 5000, &[]),
        text(
            "coverImageUrl",
            false,
            2048,
            &[
                "",
                "x",
                "ftp://a.example/",
                "javascript:alert(1)",
                "https://",
                "https://u@a.example/",
                "https://a.example/\"",
                "https://a.example/a b",
            ],
        ),
        text("pricingType", true, 20, &["", "free", "One-Time", "one-time "]),
        field("priceCents", true, &numbers(&[json!(49), json!(0), json!(-4900), json!(100_000_000), json!(i64::MIN)])),
        text("subscriptionCadence", false, 20, &["", "weekly", "Monthly"]),
        field("customCadenceDays", false, &numbers(&[json!(0), json!(-1), json!(1096), json!(i64::MAX)])),
        field(
            "features",
            false,
            &[
                json!("one"),
                json!(7),
                json!({"a": "b"}),
                feature(json!(7)),
                feature(json!(null)),
                feature(json!("")),
                feature(json!("a".repeat(121))),
                feature(json!("a\u{7}b")),
                json!(vec!["a"; 21]),
            ],
        ),
        // Extensions.
        text("refundPolicy", false, 20, &["", "keep", "Revoke"]),
        field("graceDays", false, &numbers(&[json!(-1), json!(61), json!(i64::MIN)])),
    ]
}

/// What may be changed, each field of which may be missing.
fn patch_fields() -> Vec<Field> {
    let unchangeable = ["githubOwner", "githubRepoName"];
    let mut fields = repository_fields();
    fields.retain(|field| !unchangeable.contains(&field.name));
    for field in &mut fields {
        // Null is one of the wrong values of those that were required, and stays one.
        if field.required {
            field.wrong.push(Value::Null);
            field.required = false;
        }
    }
    fields.push(field("active", false, &[json!(false), json!("true"), json!(1), json!(null)]));
    fields
}

fn checkout_fields() -> Vec<Field> {
    vec![
        text(
            "repositoryId",
            true,
            36,
            &["", "x", "0190B5A0-0000-7000-8000-000000000001", "{0190b5a0-0000-7000-8000-000000000001}"],
        ),
        text("githubUsername", true, 39, &["", "a/b", "..", "a b", "a%2fb", "ä", "a\r\nb"]),
        text(
            "email",
            true,
            254,
            &[
                "",
                "a",
                "a@b",
                "@a.example",
                "a@@a.example",
                "a,b@a.example",
                "<a@a.example>",
                "a@a.example\r\nBcc: b@a.example",
                "a@a.example,b@a.example",
            ],
        ),
    ]
}

/// A request that would be accepted: for a subscription, where every field of the request matters.
fn good_repository() -> Value {
    let subscription = json!({
        "pricingType": "subscription", "subscriptionCadence": "custom", "customCadenceDays": 14,
        "features": ["Dark mode support"]
    });
    with(example_repository(), &subscription)
}

async fn good_checkout(t: &TestStack) -> Value {
    let repository = t.list_theme().await;
    json!({"repositoryId": repository, "githubUsername": "johndoe", "email": "customer@example.com"})
}

async fn one_at_a_time(t: &TestStack, path: &str, good: &Value, fields: &[Field]) {
    for Field { name, required, wrong } in fields {
        for value in wrong {
            let answer = t.post(path, &with(good.clone(), &json!({*name: value}))).await;
            named(&answer, &[name], &format!("{name}: {value}"));
        }
        if *required {
            let mut missing = good.clone();
            missing.as_object_mut().unwrap().remove(*name);
            named(&t.post(path, &missing).await, &[name], &format!("without {name}"));
            let null = with(good.clone(), &json!({*name: null}));
            named(&t.post(path, &null).await, &[name], &format!("{name}: null"));
        }
    }
}

#[track_caller]
fn named(answer: &Answer, fields: &[&str], of: &str) {
    assert_eq!((answer.status, answer.wrong_fields()), (400, fields.to_vec()), "{of}: {answer}");
    answer.is_error(400, "VALIDATION_ERROR", fields);
}

/// Every field is wrong in its own way at once; each way has its turn.
async fn all_at_once(t: &TestStack, path: &str, fields: &[Field]) {
    let most = fields.iter().map(|field| field.wrong.len()).max().unwrap();
    for turn in 0..most {
        let body: Value =
            fields.iter().map(|field| (field.name.to_owned(), field.wrong[turn % field.wrong.len()].clone())).collect();
        let answer = t.post(path, &body).await;
        let (mut found, mut expected) = (answer.wrong_fields(), fields.iter().map(|it| it.name).collect::<Vec<_>>());
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!((answer.status, found), (400, expected), "turn {turn}: {answer}");
    }
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    named(&t.post(path, &json!({})).await, &required, "{}");
}

#[tokio::test]
async fn every_wrong_field_of_create_repository_is_named() {
    let t = TestStack::start().await;
    let fields = repository_fields();
    one_at_a_time(&t, "/api/admin/repositories", &good_repository(), &fields).await;
    all_at_once(&t, "/api/admin/repositories", &fields).await;
    assert_eq!(t.get("/api/admin/repositories").await.json["pagination"]["total"], 0, "nothing was written");
    assert_eq!(t.post("/api/admin/repositories", &good_repository()).await.status, 201);
    assert!(t.github().requests().len() == 1, "GitHub is asked only for what is right");
    t.finish().await;
}

#[tokio::test]
async fn every_wrong_field_of_update_repository_is_named() {
    let t = TestStack::start().await;
    let path = format!("/api/admin/repositories/{}", t.list(&good_repository()).await);
    let before = t.get(&path).await.json;
    let mut all = json!({});
    for field in patch_fields() {
        for wrong in &field.wrong {
            named(&t.patch(&path, &json!({field.name: wrong})).await, &[field.name], &wrong.to_string());
        }
        all[field.name] = field.wrong[0].clone();
    }
    let answer = t.patch(&path, &all).await;
    assert_eq!(answer.wrong_fields().len(), patch_fields().len(), "{answer}");
    assert_eq!(t.get(&path).await.json, before, "nothing was written");
    t.finish().await;
}

#[tokio::test]
async fn every_wrong_field_of_create_checkout_session_is_named() {
    let t = TestStack::start().await;
    let (good, fields) = (good_checkout(&t).await, checkout_fields());
    one_at_a_time(&t, "/api/checkout", &good, &fields).await;
    all_at_once(&t, "/api/checkout", &fields).await;
    assert_eq!(t.get("/api/admin/customers").await.json["pagination"]["total"], 0, "nothing was written");
    assert!(t.stripe().sessions().is_empty());
    assert_eq!(t.post("/api/checkout", &good).await.status, 200);
    t.finish().await;
}

#[tokio::test]
async fn optional_fields_may_be_null_or_missing() {
    let t = TestStack::start().await;
    let nulls = json!({
        "description": null, "coverImageUrl": null, "subscriptionCadence": null, "customCadenceDays": null, "features": null
    });
    t.list(&with(example_repository(), &nulls)).await;
    let mut least = with(example_repository(), &json!({"githubRepoName": "another"}));
    for name in nulls.as_object().unwrap().keys() {
        least.as_object_mut().unwrap().remove(name);
    }
    t.list(&least).await;
    t.finish().await;
}

/// Ruling 14: what goes with what.
#[tokio::test]
async fn a_price_and_its_cadence_must_go_together() {
    let t = TestStack::start().await;
    for (fields, wrong) in [
        (json!({"pricingType": "subscription", "subscriptionCadence": null}), "subscriptionCadence"),
        (json!({"pricingType": "subscription", "subscriptionCadence": "custom"}), "customCadenceDays"),
        (
            json!({"pricingType": "subscription", "subscriptionCadence": "yearly", "customCadenceDays": 3}),
            "customCadenceDays",
        ),
        (json!({"pricingType": "one-time", "subscriptionCadence": "monthly"}), "subscriptionCadence"),
        (json!({"pricingType": "one-time", "customCadenceDays": 3}), "customCadenceDays"),
    ] {
        let answer = t.post("/api/admin/repositories", &with(example_repository(), &fields)).await;
        named(&answer, &[wrong], &fields.to_string());
    }
    for (number, fields) in [
        json!({"pricingType": "subscription", "subscriptionCadence": "monthly", "priceCents": 50}),
        json!({"pricingType": "subscription", "subscriptionCadence": "yearly", "priceCents": 99_999_999}),
        json!({"pricingType": "subscription", "subscriptionCadence": "custom", "customCadenceDays": 1}),
        json!({"pricingType": "subscription", "subscriptionCadence": "custom", "customCadenceDays": 1095}),
    ]
    .iter()
    .enumerate()
    {
        let body = with(example_repository(), &json!({"githubRepoName": format!("theme-{number}")}));
        t.list(&with(body, fields)).await;
    }
    t.finish().await;
}
