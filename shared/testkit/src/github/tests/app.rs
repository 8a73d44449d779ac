//! What it promises a GitHub App.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{JOHN, World};

pub(super) fn jwt(now: i64, life: i64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode([7_u8; 256]);
    let claims = json!({ "iss": "1", "iat": now - 60, "exp": now + life });
    format!("{}.{}.{signature}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims))
}

#[tokio::test]
async fn an_app_gets_tokens_that_reach_as_far_as_it_asked() {
    let world = World::new();
    let app = jwt(world.time.now(), 500);
    let installation = world.call("GET", "/repos/acme-corp/toolkit/installation", &app, Value::Null).await;
    let id = installation.json()["id"].clone();
    let path = format!("/app/installations/{id}/access_tokens");
    let toolkit = world.get("/repos/acme-corp/toolkit").await.json()["id"].clone();
    let wanted = json!({ "repository_ids": [toolkit], "permissions": { "administration": "write" } });
    let made = world.call("POST", &path, &app, wanted).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("ghs_"));
    assert_eq!(world.call("PUT", JOHN, token, Value::Null).await.status, 201);
    assert_eq!(world.call("GET", "/repos/acme-corp/starter-kit", token, Value::Null).await.status, 404);
    assert_eq!(world.call("GET", "/repos/ctrimm/premium-theme", token, Value::Null).await.status, 404);

    let reading = json!({ "permissions": { "metadata": "read" } });
    let reader = world.call("POST", &path, &app, reading).await.json()["token"].clone();
    let refused = world.call("PUT", JOHN, reader.as_str().unwrap(), Value::Null).await;
    assert_eq!(refused.json()["message"], "Resource not accessible by integration");

    world.time.pass(3600);
    assert_eq!(world.call("GET", "/users/octocat", token, Value::Null).await.status, 401);
    let late = world.call("POST", &path, &app, Value::Null).await;
    assert_eq!(late.status, 401, "the JWT is over too");
    let long = jwt(world.time.now(), 601);
    assert_eq!(world.call("POST", &path, &long, Value::Null).await.status, 401);
    world.sandbox.set_installed("acme-corp", false).unwrap();
    let app = jwt(world.time.now(), 500);
    assert_eq!(world.call("GET", "/repos/acme-corp/toolkit/installation", &app, Value::Null).await.status, 404);
}
