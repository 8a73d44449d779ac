//! "Error Responses": the standard format, and each code that can be brought about. `INTERNAL_ERROR` cannot be; its
//! wording is held beside the code that renders it.

use domain::company::Role;
use http::{Method, Request};
use journeys::{Answer, Options, TestStack, bearer, example_repository};
use serde_json::{Value, json};

#[tokio::test]
async fn standard_error_format() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let body = json!({"repositoryId": repository, "githubUsername": "johndoe", "email": "customer"});
    t.post("/api/checkout", &body).await.is(
        400,
        &json!({
            "error": {
                "code": "VALIDATION_ERROR",
                "message": "Invalid request parameters",
                "details": [
                    {
                        "field": "email",
                        "message": "Invalid email format"
                    }
                ]
            }
        }),
    );
    t.finish().await;
}

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

#[tokio::test]
async fn error_codes() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let no_body = axum::body::Body::empty;

    let anonymous = t.send(Request::get("/api/admin/customers").body(no_body()).unwrap()).await;
    anonymous.is(401, &error("UNAUTHORIZED", "Missing or invalid authentication"));
    assert_eq!(anonymous.header("www-authenticate"), "Bearer");

    let viewer = t.found_company(2, Role::Viewer, None).await;
    let request = bearer(Request::post("/api/admin/repositories"), &viewer).header("content-type", "application/json");
    let forbidden = t.send(request.body(example_repository().to_string().into()).unwrap()).await;
    forbidden.is(403, &error("FORBIDDEN", "Insufficient permissions"));

    t.get("/api/products/nothing").await.is(404, &error("NOT_FOUND", "Resource not found"));
    let again = t.post("/api/admin/repositories", &example_repository()).await;
    again.is(409, &error("CONFLICT", "This repository is listed already"));

    t.github().refuse_credentials(true);
    let unavailable = t.try_checkout(&repository, "johndoe").await;
    unavailable.is(503, &error("SERVICE_UNAVAILABLE", "Service temporarily unavailable"));
    t.finish().await;
}

#[tokio::test]
async fn the_codes_that_the_contract_lacks() {
    let t = TestStack::start().await;
    let wrong_method = t.send(t.request(Method::PUT, "/api/checkout").body("{}".into()).unwrap()).await;
    wrong_method.is(405, &error("METHOD_NOT_ALLOWED", "Method not allowed"));
    assert_eq!(wrong_method.header("allow"), "POST", "RFC 9110, 15.5.6");

    let large = " ".repeat(1024 * 1024 + 1);
    let request = t.request(Method::POST, "/api/checkout").header("content-type", "application/json");
    let too_large = t.send(request.body(large.into()).unwrap()).await;
    too_large.is(413, &error("PAYLOAD_TOO_LARGE", "Payload too large"));
    t.finish().await;
}

/// A client learns nothing of what failed inside.
#[tokio::test]
async fn a_table_that_does_not_answer_is_a_503_without_details() {
    let t = TestStack::start_with(Options::default()).await;
    t.faults.start(&testkit::faults::Faults::seeded(3, 100));
    let answers: [Answer; 3] = [
        t.get("/api/admin/repositories").await,
        t.get("/api/products/premium-astro-theme").await,
        t.post("/api/admin/repositories", &example_repository()).await,
    ];
    for answer in answers {
        answer.is(503, &error("SERVICE_UNAVAILABLE", "Service temporarily unavailable"));
        assert_eq!(answer.header("retry-after"), "5");
    }
    t.faults.heal();
    t.finish().await;
}
