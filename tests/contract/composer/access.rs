//! Who is answered what: each state of a customer at each endpoint, and what Composer makes its user read.

use std::time::Duration;

use axum::body::Body;
use domain::{CompanyId, Secret, customer, grant::Grants, text::Reason, token};
use http::{Request, header};
use journeys::{Answer, TestStack, basic, granted, seeded};
use serde_json::{Value, json};
use testkit::connector::Meter;

use super::{first, full, shelf, versions};

/// Every endpoint, with something that there is.
const ENDPOINTS: [(&str, &str); 8] = [
    ("GET", "/packages.json"),
    ("GET", "/p2/acme/widget.json"),
    ("GET", "/p2/acme/widget~dev.json"),
    ("GET", "/dist/acme/widget/1.0.0.zip"),
    ("GET", "/dist/acme/widget/1.0.0/0000000000000000000000000000000000000000.zip"),
    ("GET", "/list.json"),
    ("GET", "/search.json?q=widget"),
    ("POST", "/downloads"),
];

async fn call(t: &TestStack, (method, path): (&str, &str), authorization: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    t.send(request.body(Body::from("{\"downloads\": []}")).unwrap()).await
}

async fn statuses(t: &TestStack, token: &Secret) -> Vec<u16> {
    let mut statuses = Vec::new();
    for endpoint in ENDPOINTS {
        statuses.push(call(t, endpoint, Some(&basic(token))).await.status);
    }
    statuses
}

/// Fails unless every endpoint refuses with this error, and Composer has something to show for it.
async fn all_refuse(t: &TestStack, authorization: Option<&str>, (status, code): (u16, &str), warning: &str) {
    for endpoint in ENDPOINTS {
        let answer = call(t, endpoint, authorization).await;
        answer.is(status, &json!({"error": {"code": code, "message": warning}, "warning": warning}));
    }
}

const UNAUTHENTICATED: &str = "Missing or invalid authentication";

#[tokio::test]
async fn without_a_good_token_everything_is_401() {
    let t = shelf().await;
    let (id, good) = full(&t, 1).await;
    assert_eq!(statuses(&t, &good).await, [200, 200, 404, 302, 404, 200, 200, 204]);

    let meter = Meter::new();
    let operator = format!("Bearer {}", t.token.reveal());
    for garbage in [None, Some("Basic"), Some("Basic dG9rZW46"), Some("Bearer tok_x"), Some(operator.as_str())] {
        meter.scope(all_refuse(&t, garbage, (401, "UNAUTHORIZED"), UNAUTHENTICATED)).await;
    }
    assert_eq!(meter.usage().calls, [], "garbage is told apart without asking anybody");
    let answer = call(&t, ENDPOINTS[0], None).await;
    assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{answer}");

    // Right in form: of this customer, of nobody, of another company.
    for company in [CompanyId(1), CompanyId(2)] {
        for customer in [id, customer::CustomerId::of_number(77).unwrap()] {
            let forged = basic(&customer.issue_token(company, &seeded(9)));
            all_refuse(&t, Some(&forged), (401, "UNAUTHORIZED"), UNAUTHENTICATED).await;
        }
    }
    let counted = t.stack.store.downloads(CompanyId(1), id).await.unwrap();
    assert_eq!(counted.iter().map(|it| it.downloads).collect::<Vec<_>>(), [1], "what was refused is not counted");
    t.finish().await;
}

#[tokio::test]
async fn a_token_that_was_replaced_or_revoked_is_dead_at_once() {
    let t = shelf().await;
    let (id, old) = full(&t, 1).await;
    let new = id.issue_token(CompanyId(1), &t.random);
    let now = t.now();
    t.change_holder(CompanyId(1), id, |holder| holder.customer = holder.customer.with_token(Some(&new), now)).await;
    all_refuse(&t, Some(&basic(&old)), (401, "UNAUTHORIZED"), UNAUTHENTICATED).await;
    assert_eq!(statuses(&t, &new).await[..4], [200, 200, 404, 302]);
    t.change_holder(CompanyId(1), id, |holder| holder.customer = holder.customer.with_token(None, now)).await;
    all_refuse(&t, Some(&basic(&new)), (401, "UNAUTHORIZED"), UNAUTHENTICATED).await;
    t.finish().await;
}

#[tokio::test]
async fn a_suspended_customer_is_told_why_and_an_expired_one_that_it_is() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    let now = t.now();
    let reason = Reason::parse("Payment failed").unwrap();
    t.change_holder(CompanyId(1), id, |it| it.customer = it.customer.suspended(Some(reason), now).unwrap()).await;
    let told = "Your access is suspended: Payment failed";
    all_refuse(&t, Some(&basic(&token)), (403, "FORBIDDEN"), told).await;

    t.change_holder(CompanyId(1), id, |it| it.customer = it.customer.reactivated(now).unwrap()).await;
    assert_eq!(statuses(&t, &token).await[0], 200);
    t.change_holder(CompanyId(1), id, |it| it.customer.expires_at = Some(now + Duration::from_secs(60))).await;
    assert_eq!(statuses(&t, &token).await[0], 200);
    t.clock.advance(Duration::from_secs(60));
    all_refuse(&t, Some(&basic(&token)), (403, "FORBIDDEN"), "Your access has expired").await;
    t.finish().await;
}

/// That a package exists is told to nobody who has no right to it. Composer's whole run would end at a 403 here.
#[tokio::test]
async fn a_package_that_was_not_granted_is_no_other_than_one_that_there_is_not() {
    let t = shelf().await;
    let (_, token) = first(&t, 1).await;
    let (_, nothing) = t.customer_with(2, Grants::default()).await;
    for token in [&token, &nothing] {
        for (secret, missing) in [
            ("/p2/acme/secret.json", "/p2/acme/doesnotexist.json"),
            ("/p2/acme/secret~dev.json", "/p2/acme/doesnotexist~dev.json"),
            ("/dist/acme/secret/1.0.0.zip", "/dist/acme/doesnotexist/1.0.0.zip"),
            ("/dist/acme/secret/9.0.0.zip", "/dist/acme/doesnotexist/9.0.0.zip"),
        ] {
            let (secret, missing) = (t.fetch(secret, token).await, t.fetch(missing, token).await);
            secret.is(404, &json!({"error": {"code": "NOT_FOUND", "message": "Resource not found"}}));
            assert_eq!((secret.status, secret.body, secret.headers), (missing.status, missing.body, missing.headers));
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn the_archive_of_a_version_outside_the_grant_is_refused_with_the_grant() {
    let t = shelf().await;
    let (_, token) = first(&t, 1).await;
    let refused = t.fetch("/dist/acme/widget/2.0.0.zip", &token).await;
    refused.is_error(403, "FORBIDDEN", &[]);
    assert_eq!(refused.json["warning"], "Your access covers ^1.0 only");
    t.fetch("/dist/acme/widget/3.0.0.zip", &token).await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.fetch("/dist/acme/widget/v1.1.zip", &token).await.status, 302, "however it is written");
    t.finish().await;
}

#[tokio::test]
async fn a_grant_that_has_ended_is_no_access_and_says_so() {
    let t = shelf().await;
    let mut grants = granted(t.now(), &[("acme/widget", "*"), ("acme/core", "*")]);
    let end = t.now() + Duration::from_secs(60);
    grants.direct.values_mut().next().unwrap().expires_at = Some(end);
    let (_, token) = t.customer_with(1, grants).await;
    assert_eq!(t.fetch("/p2/acme/core.json", &token).await.status, 200);
    t.clock.advance(Duration::from_secs(60));
    let gone = t.fetch("/p2/acme/core.json", &token).await;
    gone.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(gone.json["warning"], "Your access to this package has ended");
    let refused = t.fetch("/dist/acme/core/1.0.0.zip", &token).await;
    assert_eq!((refused.status, &refused.json["warning"]), (403, &gone.json["warning"]));
    // Composer is to ask, so that its user reads why.
    let root = t.fetch("/packages.json", &token).await.json;
    assert_eq!(root["available-packages"], json!(["acme/core", "acme/widget"]));
    assert_eq!(t.fetch("/list.json", &token).await.json["packageNames"], json!(["acme/widget"]));
    t.finish().await;
}

#[tokio::test]
async fn a_frozen_customer_has_what_it_is_frozen_at() {
    let t = shelf().await;
    let ((pinned, by_name), (at, by_time)) = (full(&t, 1).await, full(&t, 2).await);
    t.freeze(pinned, Some(&[("acme/widget", "1.0"), ("acme/core", "1.0.0")])).await;
    assert_eq!(versions(&t, &by_name, "acme/widget").await, ["1.0.0"]);
    let refused = t.fetch("/dist/acme/widget/1.1.0.zip", &by_name).await;
    assert_eq!(refused.status, 403, "{refused}");
    assert_eq!(refused.json["warning"], "Your access is frozen: it covers only the versions that you had");
    assert_eq!(t.fetch("/dist/acme/widget/1.0.0.zip", &by_name).await.status, 302);

    t.freeze(at, None).await;
    t.clock.advance(Duration::from_secs(3600));
    let package = t.stack.store.package(CompanyId(1), &journeys::package_name("acme/widget")).await.unwrap().unwrap();
    let found = [("3.0.0", t.now()), ("2.0.0", domain::Timestamp::from_millisecond(journeys::START).unwrap())];
    let found = found.map(|(tag, time)| journeys::indexed("acme/widget", tag, time, &json!({})));
    t.resync(CompanyId(1), &package, found.into()).await;
    assert_eq!(versions(&t, &by_time, "acme/widget").await, ["2.0.0"]);
    assert_eq!(t.fetch("/dist/acme/widget/3.0.0.zip", &by_time).await.status, 403);
    assert_eq!(t.fetch("/dist/acme/widget/2.0.0.zip", &by_time).await.status, 302);
    t.finish().await;
}

/// Basic with whatever user name, or Bearer.
#[tokio::test]
async fn the_token_may_come_in_either_scheme() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    let bearer = format!("Bearer {}", token.reveal());
    assert_eq!(call(&t, ENDPOINTS[0], Some(&bearer)).await.status, 200);
    for user in ["", "token", "dev@acme.com"] {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{}", token.reveal())));
        assert_eq!(call(&t, ENDPOINTS[0], Some(&basic)).await.status, 200, "{user}");
    }
    t.finish().await;
}

#[tokio::test]
async fn nobody_is_refused_for_asking_often() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    for _ in 0..300 {
        let answer = t.fetch("/p2/acme/core.json", &token).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (200, ""));
    }
    t.finish().await;
}

/// What is sent to a customer's endpoint has its envelope, whatever is wrong with it.
#[tokio::test]
async fn wrong_requests_are_told_so_once_the_token_is_good() {
    let t = shelf().await;
    let (id, good) = full(&t, 1).await;
    let forged = id.issue_token(CompanyId(1), &seeded(9));
    assert!(token::parse(customer::TOKEN, forged.reveal()).is_some());
    let long = format!("/search.json?q={}", "a".repeat(60_000));
    for (path, status) in [
        ("/list.json?filter=%FF", 200_u16),
        ("/search.json?q=%ZZ", 200),
        (&long, 200),
        ("/p2/acme/%FF.json", 404),
        ("/dist/acme/widget/latest.zip", 404),
        ("/dist/acme/widget/1.0.0", 404),
        ("/dist/acme/widget/%FF/x.zip", 404),
        ("/dist/acme/widget/~zz.zip", 404),
        ("/dist/acme/widget/1.0.0/latest.zip", 404),
    ] {
        let (refused, answer) = (t.fetch(path, &forged).await, t.fetch(path, &good).await);
        assert_eq!((refused.status, answer.status), (401, status), "{path}: {answer}");
        assert!(answer.json != Value::Null && answer.header("content-type") == "application/json");
    }
    let request = Request::delete("/packages.json").header(header::AUTHORIZATION, basic(&good));
    let answer = t.send(request.body(Body::empty()).unwrap()).await;
    assert!([404, 405].contains(&answer.status), "{answer}");
    t.finish().await;
}
