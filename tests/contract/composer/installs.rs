//! What Composer tells of what it installed: `notify-batch`.

use axum::body::Body;
use domain::{CompanyId, Secret, customer::CustomerId};
use http::{Request, header};
use journeys::{Answer, TestStack, basic};
use serde_json::{Value, json};

use super::{first, full, shelf};

async fn tell(t: &TestStack, token: &Secret, body: impl Into<Body>) -> Answer {
    let request = Request::post("/downloads").header(header::AUTHORIZATION, basic(token));
    t.send(request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap()).await
}

fn told(entries: &[(&str, &str)]) -> String {
    let entries: Vec<Value> = entries.iter().map(|(name, version)| json!({"name": name, "version": version})).collect();
    json!({"downloads": entries}).to_string()
}

async fn installs(t: &TestStack, id: CustomerId) -> Vec<(String, u64, u64)> {
    let counts = t.stack.store.downloads(CompanyId(1), id).await.unwrap();
    counts.into_iter().map(|it| (format!("{} {}", it.package, it.version), it.downloads, it.installs)).collect()
}

#[tokio::test]
async fn installations_are_counted_beside_downloads() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    t.fetch("/dist/acme/widget/2.0.0.zip", &token).await;
    let batch = [("acme/widget", "2.0.0.0"), ("acme/core", "1.0.0.0"), ("acme/widget", "2.0.0.0")];
    assert_eq!(tell(&t, &token, told(&batch)).await.status, 204);
    let expected = [("acme/core 1.0.0.0".to_owned(), 0, 1), ("acme/widget 2.0.0.0".to_owned(), 1, 2)];
    assert_eq!(installs(&t, id).await, expected);
    t.finish().await;
}

#[tokio::test]
async fn only_what_the_customer_may_install_is_counted() {
    let t = shelf().await;
    let (id, token) = first(&t, 1).await;
    let batch = [
        ("acme/widget", "2.0.0.0"),
        ("acme/secret", "1.0.0.0"),
        ("acme/widget", "1.7.0.0"),
        ("psr/log", "1.0.0.0"),
        ("acme/widget", "latest"),
        ("acme/widget", &format!("dev-{}", "a".repeat(1100))),
        ("no name", "1.0.0.0"),
        ("acme/widget", "1.0.0.0"),
    ];
    assert_eq!(tell(&t, &token, told(&batch)).await.status, 204);
    assert_eq!(installs(&t, id).await, [("acme/widget 1.0.0.0".to_owned(), 0, 1)]);
    t.finish().await;
}

#[tokio::test]
async fn garbage_is_told_so_and_counts_nothing() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    let many = told(&vec![("acme/widget", "1.0.0.0"); 501]);
    for bad in ["", "{", "[]", "{}", "{\"downloads\": {}}", "{\"downloads\": null}", &many] {
        tell(&t, &token, bad.to_owned()).await.is_error(400, "VALIDATION_ERROR", &[]);
    }
    let odd = json!({"downloads": [null, 1, {}, {"name": 1, "version": []}, {"name": "acme/widget"}]});
    assert_eq!(tell(&t, &token, odd.to_string()).await.status, 204);
    assert_eq!(tell(&t, &token, vec![0xFF; 2_000_000]).await.status, 413);
    assert_eq!(installs(&t, id).await, []);
    let forged = id.issue_token(CompanyId(1), &journeys::seeded(9));
    assert_eq!(tell(&t, &forged, "{").await.status, 401);
    t.finish().await;
}
