//! What customers who install packages take.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    endpoints::ok,
    shop::{Shop, Texts, measured},
    table::{Budget, Table},
};

/// A new customer, of a shop with texts like these.
fn new(shop: &Shop, number: usize) -> Value {
    let name =
        if shop.texts == Texts::Long { "A name that is longer than most, ".repeat(3) } else { "Acme Corp".to_owned() };
    json!({"name": name.trim(), "email": format!("dev-{number}@acme.com"), "external_id": format!("stripe_cus_abc{number}")})
}

/// Makes some customers.
pub(crate) async fn make(shop: &Shop, customers: usize) {
    for number in 0..customers {
        let answer = shop.t.post("/api/v1/customers", &new(shop, number)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    }
}

/// Grants a package, with two versions, to all of them.
pub(crate) async fn grant_all(shop: &Shop, package: &str) {
    shop.t.shelve(package, &["2.1.0", "2.0.0"]).await;
    for customer in ok(shop, "/api/v1/customers?page=1").await.1["data"].as_array().unwrap() {
        let path = format!("/api/v1/customers/{}/packages", customer["id"].as_str().unwrap());
        let answer = shop.t.post(&path, &json!({"package": package, "constraint": "^2.0"})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    }
}

/// Each endpoint.
pub(crate) async fn measure(shop: &Shop, table: &mut Table) {
    let t = &shop.t;
    let tags: Vec<_> = (0..50).rev().map(|minor| format!("2.{minor}.0")).collect();
    let tags: Vec<_> = tags.iter().map(String::as_str).collect();
    for name in ["vendor/core", "vendor/addon"] {
        t.shelve(name, &tags).await;
    }
    t.bundle("enterprise", &["vendor/addon"]).await;
    make(shop, 3).await;
    let (usage, answer) = measured(t.post("/api/v1/customers", &new(shop, 3))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    table.add("create package customer", usage, Budget::package_customer());
    let path = format!("/api/v1/customers/{}", answer.text("/id"));
    table.add("get package customer", ok(shop, &path).await.0, Budget::get());
    // The guard leads to the customer.
    let by_external_id = ok(shop, "/api/v1/customers/by-external/stripe_cus_abc3").await.0;
    table.add("get package customer by external id", by_external_id, Budget::write());
    for (what, page, budget) in
        [("", "?page=1", Budget::list()), (" by status", "?status=active&page=1", Budget::filtered_list())]
    {
        let usage = ok(shop, &format!("/api/v1/customers{page}")).await.0;
        table.add(format!("list package customers{what}"), usage, budget);
    }
    let packages = json!({"packages": [{"package": "vendor/core"}, {"package": "vendor/addon"}]});
    let frozen = json!({"versions": [{"package": "vendor/core", "version": "2.0.0"}, {"package": "vendor/core", "version": "2.1"}]});
    for (what, rest, body) in [
        ("grant a package", "/packages", json!({"package": "vendor/core", "constraint": "^2.0"})),
        ("freeze", "/freeze", json!({})),
        ("freeze at versions", "/freeze", frozen),
        ("suspend", "/suspend", json!({"reason": "Payment failed"})),
        ("reactivate", "/reactivate", json!({})),
        ("grant a bundle", "/bundles", json!({"bundle": "enterprise"})),
        ("regenerate a token", "/token/regenerate", json!({})),
    ] {
        let (usage, answer) = measured(t.post(&format!("{path}{rest}"), &body)).await;
        assert!([200, 201].contains(&answer.status), "{what}: {answer}");
        table.add(what, usage, Budget::write());
    }
    let (usage, answer) = measured(t.post(&format!("{path}/freeze"), &json!({}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("freeze with a bundle", usage, Budget::write_with_bundles());
    t.post(&format!("{path}/reactivate"), &json!({})).await;
    let (usage, answer) = measured(t.put(&format!("{path}/packages"), &packages)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("replace packages", usage, Budget::write());
    let usage = ok(shop, &format!("{path}/packages")).await.0;
    table.add("list packages of a customer", usage, Budget::packages_of_customer());
    let (usage, answer) = measured(t.delete(&path)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer}");
    table.add("delete package customer", usage, Budget::write());
}
