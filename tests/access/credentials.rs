//! Credentials that are missing, garbage, made up, revoked or too weak.

use axum::body::Body;
use domain::{CompanyId, company::Role, token};
use http::{HeaderValue, Request, header};
use journeys::{Answer, bearer, seeded};
use serde_json::json;
use testkit::connector::Meter;

use crate::{Shop, guarded};

#[track_caller]
fn is_unauthenticated(answer: &Answer, of: &str) {
    let envelope = json!({"error": {"code": "UNAUTHORIZED", "message": "Missing or invalid authentication"}});
    assert_eq!((answer.status, &answer.json), (401, &envelope), "{of}: {answer}");
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{of}");
}

#[tokio::test]
async fn without_credentials_nobody_gets_in() {
    let shop = Shop::open().await;
    for endpoint in guarded() {
        let (request, body) = shop.request(endpoint);
        let answer = shop.t.send(request.body(Body::from(body.to_string())).unwrap()).await;
        is_unauthenticated(&answer, endpoint.path);
    }
    assert_eq!(shop.listed().await, 1);
    shop.t.finish().await;
}

/// Garbage is told apart from tokens without asking anyone, so it costs nothing to be flooded with it.
#[tokio::test]
async fn garbage_is_refused_without_a_single_call() {
    let shop = Shop::open().await;
    let good = shop.t.token.reveal().to_owned();
    let mistyped = {
        let mut token = good.clone().into_bytes();
        token[12] = if token[12] == b'a' { b'b' } else { b'a' };
        String::from_utf8(token).unwrap()
    };
    let mut garbage: Vec<Vec<HeaderValue>> = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        "Bearer tga_".to_owned(),
        "Basic dXNlcjpwYXNzd29yZA==".to_owned(),
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.".to_owned(),
        good.clone(),
        format!("Token {good}"),
        format!("Bearer{good}"),
        format!("Bearer {mistyped}"),
        format!("Bearer {good}x"),
        format!("Bearer x{good}"),
        format!("Bearer {good} {good}"),
        format!("Bearer {}", good.to_uppercase()),
        format!("Bearer {}", good.replace("tga_", "tgb_")),
        format!("Bearer {}", "x".repeat(10_000)),
    ]
    .map(|text| vec![HeaderValue::try_from(text).unwrap()])
    .into();
    garbage.push(vec![HeaderValue::from_bytes(b"Bearer tga_\xff\xfe").unwrap()]);
    // Two of them: which one counts is not for us to guess.
    garbage.push(vec![HeaderValue::try_from(format!("Bearer {good}")).unwrap(); 2]);

    let (github, stripe) = (shop.t.github().requests().len(), shop.t.stripe().requests().len());
    let meter = Meter::new();
    for endpoint in guarded() {
        for headers in &garbage {
            let (mut request, body) = shop.request(endpoint);
            for value in headers {
                request = request.header(header::AUTHORIZATION, value);
            }
            // Elsewhere than in the header it is worth nothing.
            let request = request.header(header::COOKIE, format!("token={good}")).body(Body::from(body.to_string()));
            let answer = meter.scope(shop.t.send(request.unwrap())).await;
            is_unauthenticated(&answer, &format!("{} {headers:?}", endpoint.path));
        }
    }
    assert_eq!(meter.usage().calls, [], "of AWS");
    assert_eq!((shop.t.github().requests().len(), shop.t.stripe().requests().len()), (github, stripe));
    // The meter does see what a good token costs.
    meter.scope(shop.t.get("/api/admin/repositories")).await;
    assert!(!meter.usage().calls.is_empty());
    shop.t.finish().await;
}

/// Right in form, made by anybody who read how.
#[tokio::test]
async fn a_made_up_token_is_worth_nothing() {
    let shop = Shop::open().await;
    for company in [1, 2, u32::MAX] {
        let forged = token::issue(token::OPERATOR, CompanyId(company), &seeded(99));
        for endpoint in guarded() {
            is_unauthenticated(&shop.call(endpoint, &forged).await, endpoint.path);
        }
    }
    assert_eq!(shop.listed().await, 1);
    shop.t.finish().await;
}

#[tokio::test]
async fn a_revoked_token_is_worth_nothing_from_then_on() {
    let shop = Shop::open().await;
    let born_revoked = shop.t.found_company(2, Role::Owner, Some(shop.t.now())).await;
    for endpoint in guarded() {
        is_unauthenticated(&shop.call(endpoint, &born_revoked).await, endpoint.path);
    }
    let token = shop.t.token.clone();
    assert_eq!(shop.t.get("/api/admin/customers").await.status, 200);
    revoke(&shop).await;
    for endpoint in guarded() {
        is_unauthenticated(&shop.call(endpoint, &token).await, endpoint.path);
    }
    shop.t.finish().await;
}

/// Revokes the token that company 1 calls with.
async fn revoke(shop: &Shop) {
    let token = shop.t.get_as("/api/auth/me", &shop.t.token).await.text("/token/id");
    let request = bearer(Request::delete(format!("/api/admin/tokens/{token}")), &shop.t.token);
    let answer = shop.t.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{answer}");
}

#[tokio::test]
async fn a_viewer_may_read_and_nothing_else() {
    let shop = Shop::open().await;
    let viewer = shop.t.found_company(2, Role::Viewer, None).await;
    for endpoint in guarded() {
        let answer = shop.call(endpoint, &viewer).await;
        match endpoint.guard {
            "Viewer" => assert!([200, 404].contains(&answer.status), "{answer}"),
            _ => answer.is_error(403, "FORBIDDEN", &[]),
        }
    }
    shop.t.finish().await;
}

#[tokio::test]
async fn an_admin_may_write() {
    let shop = Shop::open().await;
    let admin = shop.t.found_company(2, Role::Admin, None).await;
    for endpoint in guarded().into_iter().filter(|endpoint| endpoint.guard == "Admin") {
        let answer = shop.call(endpoint, &admin).await;
        // The things with an id are company 1's.
        let theirs = endpoint.path.contains('{');
        assert!((200..300).contains(&answer.status) || theirs && answer.status == 404, "{answer}");
    }
    shop.t.finish().await;
}

/// Who may not make a request learns nothing of what is wrong with it.
#[tokio::test]
async fn a_forged_token_is_told_before_a_wrong_request_is() {
    let shop = Shop::open().await;
    let forged = token::issue(token::OPERATOR, CompanyId(1), &seeded(99));
    let viewer = shop.t.found_company(2, Role::Viewer, None).await;
    for endpoint in guarded() {
        for (path, body) in [
            (shop.path(endpoint), "{"),
            (endpoint.path.replace("{id}", "no-such-id"), "{}"),
            (format!("{}?page=x&limit=x", shop.path(endpoint)), "{}"),
        ] {
            let request = || Request::builder().method(endpoint.method).uri(&path);
            let answer = shop.t.send(bearer(request(), &forged).body(Body::from(body)).unwrap()).await;
            is_unauthenticated(&answer, &path);
            let answer = shop.t.send(bearer(request(), &viewer).body(Body::from(body)).unwrap()).await;
            let allowed = endpoint.guard == "Viewer";
            assert!(allowed || answer.status == 403, "{endpoint:?}: {answer}");
        }
    }
    shop.t.finish().await;
}

/// A request that is refused for being wrong is counted like any other of the caller's, and its good answer costs no more.
#[tokio::test]
async fn a_wrong_request_is_counted_once() {
    let shop = Shop::open().await;
    let remaining = async |path: &str| {
        let answer = shop.t.get(path).await;
        (answer.status, answer.header("x-ratelimit-remaining").parse::<u32>().unwrap())
    };
    let (good, first) = remaining("/api/admin/repositories").await;
    let (wrong, second) = remaining("/api/admin/repositories?page=x").await;
    let (nowhere, third) = remaining("/api/admin/repositories/no-such-id").await;
    assert_eq!((good, wrong, nowhere), (200, 400, 404));
    assert_eq!((second, third), (first - 1, first - 2));
    shop.t.finish().await;
}
