//! Contract `cargoman.md`, "Delete Package", and paths and methods that are none of a package's.

use http::{Method, header};
use journeys::TestStack;
use serde_json::{Value, json};

use crate::cargoman_packages::{add, clear, finish};

#[tokio::test]
async fn delete_package() {
    let t = TestStack::start().await;
    add(&t, &["acme/a", "acme/b"]).await;
    for path in ["acme/a", "acme%2Fb"] {
        let answer = t.delete(&format!("/api/v1/packages/{path}")).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer}");
        t.get(&format!("/api/v1/packages/{path}")).await.is_error(404, "NOT_FOUND", &[]);
    }
    assert_eq!(t.get("/api/v1/packages").await.json["pagination"]["total"], 0);
    let body = json!({"name": "acme/a", "repository_url": "https://github.com/acme/a"});
    let early = t.post("/api/v1/packages", &body).await;
    early.is_error(409, "CONFLICT", &[]);
    assert!(early.text("/error/message").contains("cleared away"), "{early}");
    assert_eq!(t.delete("/api/v1/packages/acme/a").await.status, 204, "asks for it once more");
    clear(&t).await;
    t.delete("/api/v1/packages/acme/a").await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.post("/api/v1/packages", &body).await.status, 201, "the name can be used again");
    t.delete("/api/v1/packages/acme/a?force=perhaps").await.is_error(400, "VALIDATION_ERROR", &["force"]);
    finish(t).await;
}

#[tokio::test]
async fn a_package_in_a_bundle_is_deleted_only_by_force_and_leaves_the_bundle() {
    let t = TestStack::start().await;
    add(&t, &["acme/a", "acme/b"]).await;
    let bundle = json!({"name": "enterprise", "packages": ["acme/a", "acme/b"]});
    assert_eq!(t.post("/api/v1/bundles", &bundle).await.status, 201);
    let refused = t.delete("/api/v1/packages/acme/a").await;
    refused.is_error(409, "CONFLICT", &[]);
    assert!(refused.text("/error/message").contains("enterprise"), "{refused}");
    t.delete("/api/v1/packages/acme/a?force=false").await.is_error(409, "CONFLICT", &[]);
    assert_eq!(t.delete("/api/v1/packages/acme/a?force=true").await.status, 204);
    assert_eq!(t.get("/api/v1/bundles/enterprise").await.json["packages"], json!(["acme/b"]));
    clear(&t).await;
    finish(t).await;
}

#[tokio::test]
async fn a_package_called_like_a_word_of_ours_is_reached_in_one_piece() {
    let t = TestStack::start().await;
    add(&t, &["acme/sync", "acme/customers"]).await;
    for path in ["acme%2Fsync", "acme%252Fcustomers"] {
        assert_eq!(t.get(&format!("/api/v1/packages/{path}")).await.status, 200, "{path}");
    }
    assert_eq!(t.get("/api/v1/packages/acme/customers/customers").await.status, 200);
    assert_eq!(t.post("/api/v1/packages/acme%2Fsync/sync", &Value::Null).await.status, 202);
    finish(t).await;
}

#[tokio::test]
async fn a_body_is_not_needed_to_sync_and_methods_that_do_not_exist_are_told() {
    let t = TestStack::start().await;
    add(&t, &["acme/a"]).await;
    let request = t.request(Method::POST, "/api/v1/packages/acme/a/sync").body(String::new().into()).unwrap();
    assert_eq!(t.send(request).await.status, 202);
    let request = t.request(Method::PUT, "/api/v1/packages/acme/a").header(header::CONTENT_TYPE, "application/json");
    let answer = t.send(request.body("{}".into()).unwrap()).await;
    assert!([404, 405].contains(&answer.status), "{answer}");
    finish(t).await;
}
