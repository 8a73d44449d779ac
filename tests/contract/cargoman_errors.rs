//! `cargoman.md`, "Error Codes": each that can be brought about. `INTERNAL_ERROR` cannot be; its wording is held beside the
//! code that renders it.

use domain::company::Role;
use http::{Method, Request};
use journeys::{TestStack, bearer};
use serde_json::json;
use testkit::faults::Faults;

use crate::cargoman_customers::{acme, path};

#[tokio::test]
async fn error_codes() {
    let t = TestStack::start().await;
    t.get(&path("1", "")).await.is_error(404, "NOT_FOUND", &[]);
    t.post("/api/v1/customers", &json!({})).await.is_error(400, "VALIDATION_ERROR", &["name", "email"]);
    let anonymous = t.send(Request::get("/api/v1/customers").body(axum::body::Body::empty()).unwrap()).await;
    anonymous.is_error(401, "UNAUTHORIZED", &[]);
    let viewer = t.found_company(2, Role::Viewer, None).await;
    let request = bearer(Request::post("/api/v1/customers"), &viewer).header("content-type", "application/json");
    t.send(request.body(acme().to_string().into()).unwrap()).await.is_error(403, "FORBIDDEN", &[]);
    assert_eq!(t.post("/api/v1/customers", &acme()).await.status, 201);
    t.post("/api/v1/customers", &acme()).await.is_error(409, "CONFLICT", &[]);
    let wrong = t.request(Method::PUT, "/api/v1/customers").body("{}".into()).unwrap();
    t.send(wrong).await.is_error(405, "METHOD_NOT_ALLOWED", &[]);
    t.get("/api/v1/customers/1/nothing").await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}

#[tokio::test]
async fn rate_limited() {
    let t = TestStack::start().await;
    for _ in 0..1000 {
        assert_eq!(t.get("/api/v1/customers?page=x").await.status, 400);
    }
    let limited = t.get("/api/v1/customers").await;
    limited.is_error(429, "RATE_LIMITED", &[]);
    assert!(!limited.header("retry-after").is_empty());
    t.finish().await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_an_invalid_one() {
    let t = TestStack::start().await;
    t.post("/api/v1/customers", &acme()).await;
    let send = async |method: Method, path: &str, kind: &str, body: Vec<u8>| {
        let request = t.request(method, path).header("content-type", kind).body(body.into()).unwrap();
        t.send(request).await
    };
    let json = "application/json";
    for (method, path) in [
        (Method::POST, "/api/v1/customers".to_owned()),
        (Method::PATCH, path("1", "")),
        (Method::POST, path("1", "/suspend")),
        (Method::POST, path("1", "/freeze")),
        (Method::POST, path("1", "/packages")),
        (Method::PUT, path("1", "/packages")),
        (Method::POST, path("1", "/bundles")),
    ] {
        for body in [&b"{"[..], b"[]", b"\xff\xfe", b"null", b"{\"name\":\"\xff\"}"] {
            let answer = send(method.clone(), &path, json, body.to_vec()).await;
            answer.is_error(400, "VALIDATION_ERROR", &[]);
        }
        send(method.clone(), &path, "text/plain", b"{}".to_vec()).await.is_error(400, "VALIDATION_ERROR", &[]);
        let large = send(method, &path, json, vec![b' '; 10 * 1024 * 1024]).await;
        large.is_error(413, "PAYLOAD_TOO_LARGE", &[]);
    }
    t.finish().await;
}

/// A client learns nothing of what failed inside, and nothing was done by half.
#[tokio::test]
async fn a_table_that_does_not_answer_is_a_503() {
    let t = TestStack::start().await;
    t.post("/api/v1/customers", &acme()).await;
    t.faults.start(&Faults::seeded(3, 100));
    for answer in [
        t.get("/api/v1/customers").await,
        t.get(&path("1", "")).await,
        t.post("/api/v1/customers", &json!({"name": "Another", "email": "dev@acme.com"})).await,
        t.post(&path("1", "/token/regenerate"), &json!({})).await,
    ] {
        answer.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    }
    t.faults.heal();
    assert_eq!(t.get("/api/v1/customers").await.json["pagination"]["total"], 1);
    t.finish().await;
}
