//! `cargoman.md`, "Freeze Customer".

use std::time::Duration;

use domain::CompanyId;
use journeys::{TestStack, indexed};
use serde_json::{Value, json};

use crate::cargoman_customers::{customer, path};

async fn open() -> (TestStack, String) {
    let t = TestStack::start().await;
    t.shelve("vendor/package", &["3.0.0", "2.1.0", "2.0.0", "1.0.0"]).await;
    t.shelve("vendor/core", &["1.0.0"]).await;
    let id = customer(&t, "Acme").await;
    for body in [json!({"package": "vendor/package", "constraint": "^2.0"}), json!({"package": "vendor/core"})] {
        assert_eq!(t.post(&path(&id, "/packages"), &body).await.status, 201);
    }
    (t, id)
}

/// What a customer may install of `vendor/package`.
async fn versions(t: &TestStack, id: &str) -> Value {
    let packages = t.get(&path(id, "/packages")).await;
    let row = packages.json["data"].as_array().unwrap().iter().find(|row| row["package"] == "vendor/package");
    row.map_or(Value::Null, |row| row["versions"].clone())
}

/// A sync finds one more version of `vendor/package`.
async fn release(t: &TestStack, version: &str) {
    let name = journeys::package_name("vendor/package");
    let package = t.stack.store.package(CompanyId(1), &name).await.unwrap().unwrap();
    let mut all =
        domain::package::Index::clone(&*store::Indexes::new(t.blobs()).load(CompanyId(1), &package).await.unwrap());
    all.versions.insert(0, indexed("vendor/package", version, t.now(), &json!({})));
    t.resync(CompanyId(1), &package, all.versions).await;
}

#[tokio::test]
async fn freeze_customer() {
    let (t, id) = open().await;
    let body = json!({"versions": [{"package": "vendor/package", "version": "2.0.0"}]});
    let answer = t.post(&path(&id, "/freeze"), &body).await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("frozen")), "{answer}");
    assert_eq!(versions(&t, &id).await, json!(["2.0.0"]));
    t.clock.advance(Duration::from_mins(1));
    let again = t.post(&path(&id, "/freeze"), &body).await;
    assert_eq!((again.status, &again.json), (200, &answer.json), "once more changes nothing");
    let no_list = t.post(&path(&id, "/freeze"), &json!({})).await;
    assert_eq!((no_list.status, &no_list.json), (200, &answer.json), "what it may install now is the list");

    // However a version is spelled, it is that version.
    for spelling in ["v2.1.0", "2.1", "2.1.0.0", " 2.1.0"] {
        let body = json!({"versions": [{"package": "Vendor/Package", "version": spelling}, {"package": "vendor/package", "version": "2.0"}]});
        assert_eq!(t.post(&path(&id, "/freeze"), &body).await.status, 200, "{spelling}");
        assert_eq!(versions(&t, &id).await, json!(["2.1.0", "2.0.0"]), "{spelling}");
    }
    release(&t, "2.2.0").await;
    assert_eq!(versions(&t, &id).await, json!(["2.1.0", "2.0.0"]));

    let active = t.post(&path(&id, "/reactivate"), &json!({})).await;
    assert_eq!(active.json["status"], "active");
    assert_eq!(versions(&t, &id).await, json!(["2.2.0", "2.1.0", "2.0.0"]), "the list is forgotten");
    t.finish().await;
}

#[tokio::test]
async fn without_a_list_it_keeps_what_it_has() {
    let (t, id) = open().await;
    let no_body = t.request(http::Method::POST, &path(&id, "/freeze")).body(axum::body::Body::empty()).unwrap();
    let frozen = t.send(no_body).await;
    assert_eq!((frozen.status, &frozen.json["status"]), (200, &json!("frozen")), "{frozen}");
    t.clock.advance(Duration::from_mins(1));
    release(&t, "2.2.0").await;
    assert_eq!(versions(&t, &id).await, json!(["2.1.0", "2.0.0"]));
    let again = t.post(&path(&id, "/freeze"), &json!({"versions": null})).await;
    assert_eq!((again.status, &again.json), (200, &frozen.json), "not what it could have by now");
    assert_eq!(versions(&t, &id).await, json!(["2.1.0", "2.0.0"]));
    t.post(&path(&id, "/suspend"), &json!({})).await;
    t.post(&path(&id, "/freeze"), &json!({})).await;
    assert_eq!(versions(&t, &id).await, json!(["2.1.0", "2.0.0"]), "nor by being suspended in between");
    t.finish().await;
}

/// A subscription that is over: what the vendor bundles later is sold to others.
#[tokio::test]
async fn what_is_bundled_or_granted_later_is_not_for_who_is_frozen() {
    let (t, id) = open().await;
    t.shelve("vendor/addon", &["1.0.0"]).await;
    t.bundle("enterprise", &["vendor/package"]).await;
    t.put(&path(&id, "/packages"), &json!({"packages": []})).await;
    let granted = t.post(&path(&id, "/bundles"), &json!({"bundle": "enterprise", "constraint": "^2.0"})).await;
    assert_eq!(granted.status, 201);
    assert_eq!(t.post(&path(&id, "/freeze"), &json!({})).await.status, 200);
    let token = t.post(&path(&id, "/token/regenerate"), &json!({})).await;
    let token = domain::Secret::new(token.text("/token")).unwrap();
    let may = async || t.fetch("/packages.json", &token).await.json["available-packages"].clone();
    assert_eq!(may().await, json!(["vendor/package"]));

    let changed = t.patch("/api/v1/bundles/enterprise", &json!({"packages": ["vendor/addon"]})).await;
    assert_eq!(changed.status, 200);
    assert_eq!(t.post(&path(&id, "/packages"), &json!({"package": "vendor/core"})).await.status, 201);
    t.post(&path(&id, "/bundles"), &json!({"bundle": "enterprise", "constraint": "*"})).await;
    assert_eq!(may().await, json!(["vendor/package"]));
    let shown = t.fetch("/p2/vendor/package.json", &token).await.json;
    assert_eq!(shown["packages"]["vendor/package"].as_array().unwrap().len(), 2, "{shown}");

    t.post(&path(&id, "/reactivate"), &json!({})).await;
    assert_eq!(may().await, json!(["vendor/addon", "vendor/core"]));
    t.post(&path(&id, "/freeze"), &json!({})).await;
    assert_eq!(t.delete(&path(&id, "/bundles/enterprise")).await.status, 204);
    assert_eq!(may().await, json!(["vendor/core"]), "what is taken from the customer itself is gone");
    t.finish().await;
}

#[tokio::test]
async fn each_version_has_to_be_one_that_was_granted() {
    let (t, id) = open().await;
    t.shelve("vendor/other", &["1.0.0"]).await;
    let entry = |package: &str, version: &str| json!({"package": package, "version": version});
    let good = entry("vendor/package", "2.0.0");
    for (versions, fields) in [
        (json!([good, entry("vendor/nothing", "1.0.0")]), vec!["versions[1].package"]),
        (
            json!([
                good,
                entry("vendor/package", "2.0.1"),
                good,
                entry("vendor/package", "3.0.0"),
                entry("vendor/other", "1.0.0")
            ]),
            vec!["versions[1].version", "versions[3].version", "versions[4].version"],
        ),
        (json!([entry("vendor/package", &format!("dev-{}", "a".repeat(1100)))]), vec!["versions[0].version"]),
        (
            json!([entry("x", "one two"), {}, 7, {"package": 7, "version": 7}]),
            vec![
                "versions[0].package",
                "versions[0].version",
                "versions[1].package",
                "versions[1].version",
                "versions[2]",
                "versions[3].package",
                "versions[3].version",
            ],
        ),
        (json!([]), vec!["versions"]),
        (json!({}), vec!["versions"]),
        (json!(vec![good; 1001]), vec!["versions"]),
    ] {
        let answer = t.post(&path(&id, "/freeze"), &json!({"versions": versions})).await;
        answer.is_error(400, "VALIDATION_ERROR", &fields);
    }
    assert_eq!(t.get(&path(&id, "")).await.json["status"], "active");
    t.finish().await;
}

/// Lock files still name it.
#[tokio::test]
async fn a_version_whose_tag_is_gone_can_be_frozen() {
    let (t, id) = open().await;
    let package =
        t.stack.store.package(CompanyId(1), &journeys::package_name("vendor/package")).await.unwrap().unwrap();
    t.resync(CompanyId(1), &package, vec![indexed("vendor/package", "2.1.0", t.now(), &json!({}))]).await;
    let body = json!({"versions": [{"package": "vendor/package", "version": "2.0.0"}]});
    assert_eq!(t.post(&path(&id, "/freeze"), &body).await.status, 200);
    t.finish().await;
}

#[tokio::test]
async fn a_package_that_is_revoked_is_not_frozen_any_more() {
    let (t, id) = open().await;
    let versions_of = async || {
        let holder = t.stack.store.holder(CompanyId(1), id.parse().unwrap()).await.unwrap().unwrap();
        holder.grants.frozen.unwrap().versions.unwrap().len()
    };
    let body = json!({"versions": [
        {"package": "vendor/package", "version": "2.0.0"}, {"package": "vendor/package", "version": "2.1.0"},
        {"package": "vendor/core", "version": "1.0.0"}
    ]});
    t.post(&path(&id, "/freeze"), &body).await;
    assert_eq!(versions_of().await, 3);
    assert_eq!(t.delete(&path(&id, "/packages/vendor/package")).await.status, 204);
    assert_eq!(versions_of().await, 1);
    t.put(&path(&id, "/packages"), &json!({"packages": []})).await;
    assert_eq!(versions_of().await, 0);
    t.finish().await;
}
