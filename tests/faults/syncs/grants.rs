//! A package is deleted while it is being granted: nobody is left with a right to what the next package of its name will be.

use axum::body::Body;
use domain::{customer::CustomerId, forge::ForgeKind, text::BundleName};
use http::{Method, Request};
use journeys::{Answer, TestStack, bearer};
use serde_json::{Value, json};
use testkit::faults::Faults;

use super::{COMPANY, PACKAGE, Shop};
use crate::world::stopped_at;

/// What is granted, and how it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Package,
    /// All at once, of which there are more than one transaction takes.
    Packages,
    Bundle,
    /// A version of it, at which the customer is frozen.
    Version,
}

const MANY: usize = 100;

async fn send(t: &TestStack, method: Method, path: &str, body: &Value) -> Answer {
    let request = bearer(Request::builder().method(method).uri(path), &t.token);
    let request = request.header("content-type", "application/json");
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn prepare(shop: &Shop, what: What) {
    if what == What::Packages {
        for number in 0..MANY {
            shop.t.shelve(&format!("acme/other-{number}"), &[]).await;
        }
    }
    if matches!(what, What::Bundle | What::Version) {
        let body = json!({"name": "all", "packages": [PACKAGE]});
        assert_eq!(send(&shop.t, Method::POST, "/api/v1/bundles", &body).await.status, 201);
    }
}

async fn give(shop: &Shop, id: CustomerId, what: What) -> Answer {
    let others = || (0..MANY).map(|number| json!({"package": format!("acme/other-{number}")}));
    let all: Vec<Value> = others().chain([json!({"package": PACKAGE})]).collect();
    let (method, path, body) = match what {
        What::Package => (Method::POST, "packages", json!({"package": PACKAGE})),
        What::Packages => (Method::PUT, "packages", json!({"packages": all})),
        What::Bundle => (Method::POST, "bundles", json!({"bundle": "all"})),
        What::Version => (Method::POST, "freeze", json!({"versions": [{"package": PACKAGE, "version": "1.0.0"}]})),
    };
    send(&shop.t, method, &format!("/api/v1/customers/{id}/{path}"), &body).await
}

/// Deletes it, and lets it be cleared away.
async fn delete(shop: &Shop, what: What) {
    let path = if what == What::Bundle { "bundles/all".to_owned() } else { format!("packages/{PACKAGE}") };
    let path = format!("/api/v1/{path}?force=true");
    assert_eq!(send(&shop.t, Method::DELETE, &path, &Value::Null).await.status, 204);
    shop.t.settle().await;
}

async fn left(shop: &Shop, id: CustomerId, what: What) -> bool {
    let grants = shop.t.stack.store.holder(COMPANY, id).await.unwrap().unwrap().grants;
    let store = &shop.t.stack.store;
    let bundle = BundleName::parse("all").unwrap();
    let linked = match what {
        What::Bundle => store.bundle_customers(COMPANY, &bundle).await.unwrap(),
        _ => store.package_customers(COMPANY, &Shop::name()).await.unwrap(),
    };
    let pinned = grants.frozen.as_ref().and_then(|it| it.versions.as_ref()).is_some_and(|all| !all.is_empty());
    let named = match what {
        What::Bundle => grants.bundles.contains_key(&bundle),
        What::Version => pinned,
        What::Package | What::Packages => grants.direct.contains_key(&Shop::name()),
    };
    named || linked.contains(&id)
}

async fn raced(what: What) {
    for call in 0.. {
        let shop = Shop::synced(ForgeKind::Gitlab, 1).await;
        prepare(&shop, what).await;
        let id = shop.t.customer_with(7, domain::grant::Grants::default()).await.0;
        if what == What::Version {
            // It has the package with the bundle alone, so nothing leads from the package to it yet.
            assert_eq!(give(&shop, id, What::Bundle).await.status, 201);
        }
        shop.t.faults.start(&Faults::none());
        let (stopped, answer) = {
            let slow = stopped_at(call, &shop.t.faults, give(&shop, id, what)).await;
            delete(&shop, what).await;
            match slow {
                Ok(answer) => (false, answer),
                Err(rest) => (true, rest.await),
            }
        };
        shop.rest().await;
        let when = format!("{what:?}, at call {call}: {answer}");
        assert!(matches!(answer.status, 200 | 201 | 400 | 404 | 409), "{when}");
        assert!(!left(&shop, id, what).await, "{when}");
        shop.t.finish().await;
        if !stopped {
            assert!(call > 2, "only {call}");
            return;
        }
    }
}

#[tokio::test]
async fn a_grant_of_a_package_that_is_deleted_meanwhile_does_not_stay() {
    raced(What::Package).await;
    raced(What::Packages).await;
}

#[tokio::test]
async fn a_grant_of_a_bundle_that_is_deleted_meanwhile_does_not_stay() {
    raced(What::Bundle).await;
}

#[tokio::test]
async fn a_customer_is_not_frozen_at_what_is_deleted_meanwhile() {
    raced(What::Version).await;
}
