//! "Rate Limiting": 1000 an hour for whoever has a credential, 100 for whoever has none, 10 checkouts; none for webhooks.

use std::{net::IpAddr, time::Duration};

use api::{ClientAddress, RateSlot};
use auth::Limiter;
use axum::body::Body;
use domain::{Secret, company::Role, rate::CALLER};
use http::{Request, header};
use journeys::{Answer, START, TestStack, bearer};
use serde_json::{Value, json};
use store::Volatile;
use testkit::connector::Meter;

const NOBODYS: &str = "/api/admin/repositories/019b76da-a800-7bab-abab-abababababab";

async fn look(t: &TestStack, address: &str) -> Answer {
    let address = ClientAddress(address.parse::<IpAddr>().unwrap());
    t.send(Request::get("/api/products/none").extension(address).body(Body::empty()).unwrap()).await
}

async fn buy(t: &TestStack, address: &str, body: &Value) -> Answer {
    let address = ClientAddress(address.parse::<IpAddr>().unwrap());
    let request = Request::post("/api/checkout").extension(address).header(header::CONTENT_TYPE, "application/json");
    t.send(request.body(body.to_string().into()).unwrap()).await
}

fn order(repository: &str, login: &str) -> Value {
    json!({"repositoryId": repository, "githubUsername": login, "email": "customer@example.com"})
}

async fn call(t: &TestStack, token: &Secret) -> Answer {
    t.send(bearer(Request::get(NOBODYS), token).body(Body::empty()).unwrap()).await
}

/// Another process lets a caller make so many requests.
async fn elsewhere(t: &TestStack, token: &Secret, requests: usize) {
    let limiter = Limiter::new(Volatile::new(t.aws.dynamodb.clone(), "VolatileTable"), t.clock.clock());
    for _ in 0..requests {
        limiter.allow(&CALLER, token.reveal(), &RateSlot::default()).await.unwrap();
    }
}

#[track_caller]
fn tells(answer: &Answer, status: u16, limit: &str, remaining: &str) {
    assert_eq!(answer.status, status, "{answer}");
    let told = [answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")];
    assert_eq!(told, [limit, remaining], "{answer}");
    let reset = if limit.is_empty() { String::new() } else { (START / 1000 + 3600).to_string() };
    assert_eq!(answer.header("x-ratelimit-reset"), reset);
}

#[tokio::test]
async fn every_counted_answer_tells_its_limit_errors_included() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let viewer = t.found_company(2, Role::Viewer, None).await;
    tells(&look(&t, "203.0.113.7").await, 404, "100", "99");
    tells(&look(&t, "203.0.113.7").await, 404, "100", "98");
    tells(&call(&t, &viewer).await, 404, "1000", "999");
    let forbidden =
        bearer(Request::post("/api/admin/repositories"), &viewer).header("content-type", "application/json");
    let forbidden = t.send(forbidden.body(journeys::example_repository().to_string().into()).unwrap()).await;
    tells(&forbidden, 403, "1000", "998");
    tells(&buy(&t, "203.0.113.7", &order(&repository, "johndoe")).await, 200, "10", "9");
    let looked = look(&t, "203.0.113.7").await;
    assert_eq!(looked.header("ratelimit-policy"), "\"anonymous\";q=100;w=3600");
    assert_eq!(looked.header("ratelimit"), "\"anonymous\";r=97;t=3600");
    t.finish().await;
}

/// What is refused before anybody is asked costs nothing, so it is not counted, and has no limit to tell of.
#[tokio::test]
async fn what_is_not_counted_tells_nothing() {
    let t = TestStack::start().await;
    tells(&t.get("/nothing").await, 404, "", "");
    tells(&t.send(Request::get(NOBODYS).body(Body::empty()).unwrap()).await, 401, "", "");
    tells(&buy(&t, "203.0.113.7", &json!({})).await, 400, "", "");
    for _ in 0..150 {
        let request = Request::post("/api/webhooks/stripe").extension(ClientAddress([203, 0, 113, 7].into()));
        let request = request.header("stripe-signature", "t=1,v1=00").body("{}".into()).unwrap();
        tells(&t.send(request).await, 400, "", "");
    }
    t.finish().await;
}

#[tokio::test]
async fn the_hundred_and_first_request_from_an_address_waits_for_the_next_hour() {
    let t = TestStack::start().await;
    t.clock.advance(Duration::from_mins(20));
    for left in (0..100).rev() {
        tells(&look(&t, "203.0.113.7").await, 404, "100", &left.to_string());
    }
    let refused = look(&t, "203.0.113.7").await;
    refused.is(429, &json!({"error": {"code": "RATE_LIMITED", "message": "Too many requests"}}));
    tells(&refused, 429, "100", "0");
    assert_eq!(refused.header("retry-after"), "2400");
    tells(&look(&t, "203.0.113.8").await, 404, "100", "99");
    t.clock.advance(Duration::from_secs(2399));
    assert_eq!(look(&t, "203.0.113.7").await.header("retry-after"), "1");
    t.clock.advance(Duration::from_secs(1));
    let again = look(&t, "203.0.113.7").await;
    assert_eq!((again.status, again.header("x-ratelimit-remaining")), (404, "99"));
    t.finish().await;
}

#[tokio::test]
async fn a_network_of_ipv6_counts_as_one_address_and_a_header_as_none() {
    let t = TestStack::start().await;
    tells(&look(&t, "2001:db8:1:2::1").await, 404, "100", "99");
    tells(&look(&t, "2001:db8:1:2:ffff:1:2:3").await, 404, "100", "98");
    tells(&look(&t, "2001:db8:1:3::1").await, 404, "100", "99");
    let forged = Request::get("/api/products/none").extension(ClientAddress("2001:db8:1:2::1".parse().unwrap()));
    let forged = forged.header("x-forwarded-for", "198.51.100.1").header("forwarded", "for=198.51.100.1");
    tells(&t.send(forged.body(Body::empty()).unwrap()).await, 404, "100", "97");
    t.finish().await;
}

#[tokio::test]
async fn the_eleventh_checkout_reaches_neither_github_nor_stripe_nor_the_table() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    for number in 0..10 {
        let login = format!("buyer-{number}");
        t.github().add_user(&login);
        assert_eq!(buy(&t, "203.0.113.7", &order(&repository, &login)).await.status, 200);
    }
    let before = (t.github().requests().len(), t.stripe().requests().len());
    let meter = Meter::new();
    let refused = meter.scope(buy(&t, "203.0.113.7", &order(&repository, "johndoe"))).await;
    tells(&refused, 429, "10", "0");
    refused.is_error(429, "RATE_LIMITED", &[]);
    assert_eq!((t.github().requests().len(), t.stripe().requests().len()), before);
    assert_eq!(meter.usage().calls, []);
    assert_eq!(buy(&t, "203.0.113.8", &order(&repository, "johndoe")).await.status, 200, "others may");
    tells(&look(&t, "203.0.113.7").await, 404, "100", "99");
    t.finish().await;
}

#[tokio::test]
async fn a_caller_has_a_thousand_wherever_they_are_counted_and_others_lose_nothing() {
    let t = TestStack::start().await;
    let (token, other) = (t.found_company(2, Role::Viewer, None).await, t.found_company(3, Role::Viewer, None).await);
    elsewhere(&t, &token, 998).await;
    tells(&call(&t, &token).await, 404, "1000", "1");
    tells(&call(&t, &token).await, 404, "1000", "0");
    let meter = Meter::new();
    let refused = meter.scope(call(&t, &token)).await;
    refused.is_error(429, "RATE_LIMITED", &[]);
    assert_eq!(meter.usage().calls, [], "nobody is asked who it is");
    tells(&call(&t, &other).await, 404, "1000", "999");
    t.clock.advance(Duration::from_hours(1));
    assert_eq!(call(&t, &token).await.status, 404);
    t.finish().await;
}

/// Nobody can use up the limit of a company by claiming to belong to it, and nobody learns from a refusal whether a token is
/// good.
#[tokio::test]
async fn a_made_up_token_has_a_limit_of_its_own() {
    let t = TestStack::start().await;
    let made_up = domain::token::issue(domain::token::OPERATOR, domain::CompanyId(1), &journeys::seeded(99));
    elsewhere(&t, &made_up, 1000).await;
    let (bad, good) = (call(&t, &made_up).await, call(&t, &t.token.clone()).await);
    bad.is_error(429, "RATE_LIMITED", &[]);
    tells(&good, 404, "1000", "999");
    t.finish().await;
}

/// Reads go on uncounted, up to the limit in each process, and tell nothing that is not known; checkouts do not.
#[tokio::test]
async fn without_its_counters_reads_go_on_and_checkouts_do_not() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let asked = t.github().requests().len();
    t.aws.dynamodb.delete_table().table_name("VolatileTable").send().await.unwrap();
    let refused = buy(&t, "203.0.113.7", &order(&repository, "johndoe")).await;
    refused.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    tells(&refused, 503, "", "");
    assert_eq!(t.github().requests().len(), asked);
    let viewer = t.found_company(2, Role::Viewer, None).await;
    tells(&call(&t, &viewer).await, 404, "", "");
    let meter = Meter::new();
    for _ in 0..100 {
        tells(&meter.scope(look(&t, "203.0.113.7")).await, 404, "", "");
    }
    let asked = meter.usage().calls.iter().filter(|call| call.operation == "UpdateItem").count();
    assert!(asked <= 1, "counters that do not answer are left alone for a while: {asked}");
    let refused = look(&t, "203.0.113.7").await;
    tells(&refused, 429, "", "");
    assert_eq!(refused.header("retry-after"), "10");
    tells(&look(&t, "203.0.113.8").await, 404, "", "");

    // They answer again.
    restore(&t).await;
    t.clock.advance(Duration::from_secs(10));
    tells(&look(&t, "203.0.113.7").await, 404, "100", "99");
    tells(&buy(&t, "203.0.113.7", &order(&repository, "johndoe")).await, 200, "10", "9");
    t.finish().await;
}

async fn restore(t: &TestStack) {
    use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};

    let mut create = t.aws.dynamodb.create_table().table_name("VolatileTable").billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        create = create.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
    }
    create.send().await.unwrap();
}
