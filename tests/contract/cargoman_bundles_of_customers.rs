//! The bundles of a customer, which `cargoman.md` does not say how to grant: an extension.

use domain::{CompanyId, text::BundleName};
use journeys::TestStack;
use serde_json::json;

use crate::cargoman_customers::{customer, path};

#[tokio::test]
async fn bundles_are_granted_listed_and_revoked() {
    let t = TestStack::start().await;
    t.shelve("vendor/core", &["1.0.0"]).await;
    t.bundle("enterprise", &["vendor/core"]).await;
    t.bundle("a.bundle", &[]).await;
    let id = customer(&t, "Acme").await;
    let bundles = path(&id, "/bundles");
    let row = |bundle: &str, constraint: &str| {
        json!({
            "bundle": bundle, "constraint": constraint, "granted_at": "2026-01-01T00:00:00Z", "expires_at": null,
            "updates_until": null, "minimum_stability": null
        })
    };
    t.post(&bundles, &json!({"bundle": "Enterprise"})).await.is(201, &row("enterprise", "*"));
    t.post(&bundles, &json!({"bundle": "enterprise", "constraint": "^1"})).await.is(200, &row("enterprise", "^1"));
    t.post(&bundles, &json!({"bundle": "a.bundle"})).await.is(201, &row("a.bundle", "*"));
    t.post(&bundles, &json!({"bundle": "nothing"})).await.is_error(404, "NOT_FOUND", &["bundle"]);
    let wrong = t.post(&bundles, &json!({"bundle": "a/b", "constraint": "?!"})).await;
    wrong.is_error(400, "VALIDATION_ERROR", &["bundle", "constraint"]);
    t.get(&bundles).await.is(
        200,
        &json!({
            "data": [row("a.bundle", "*"), row("enterprise", "^1")],
            "pagination": {"page": 1, "per_page": 20, "total": 2, "total_pages": 1}
        }),
    );
    let first = t.get(&path(&id, "/bundles?per_page=1")).await;
    let cursor = first.text("/pagination/next_cursor");
    let second = t.get(&path(&id, &format!("/bundles?per_page=1&cursor={cursor}"))).await;
    assert_eq!(second.json["data"], json!([row("enterprise", "^1")]), "a name with a dot is led over");

    let enterprise = BundleName::parse("enterprise").unwrap();
    let of = || async { t.stack.store.bundle_customers(CompanyId(1), &enterprise).await.unwrap().len() };
    assert_eq!(of().await, 1);
    assert_eq!(t.delete(&path(&id, "/bundles/Enterprise")).await.status, 204);
    assert_eq!(of().await, 0);
    for nothing in ["enterprise", "nothing", "a%2Fb", "%00"] {
        t.delete(&path(&id, &format!("/bundles/{nothing}"))).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.finish().await;
}

/// What was frozen because of a bundle goes with the bundle, unless something else was granted for it.
#[tokio::test]
async fn a_revoked_bundle_leaves_nothing_frozen_behind() {
    let t = TestStack::start().await;
    for name in ["vendor/core", "vendor/addon"] {
        t.shelve(name, &["1.0.0"]).await;
    }
    t.bundle("enterprise", &["vendor/core", "vendor/addon"]).await;
    let id = customer(&t, "Acme").await;
    t.post(&path(&id, "/bundles"), &json!({"bundle": "enterprise"})).await;
    t.post(&path(&id, "/packages"), &json!({"package": "vendor/core"})).await;
    let pinned = |package: &str| json!({"package": package, "version": "1.0.0"});
    let versions = json!({"versions": [pinned("vendor/core"), pinned("vendor/addon")]});
    assert_eq!(t.post(&path(&id, "/freeze"), &versions).await.status, 200);
    assert_eq!(t.delete(&path(&id, "/bundles/enterprise")).await.status, 204);
    let holder = t.stack.store.holder(CompanyId(1), id.parse().unwrap()).await.unwrap().unwrap();
    let kept = holder.grants.frozen.unwrap().versions.unwrap();
    assert_eq!(kept.into_iter().map(|it| it.package.to_string()).collect::<Vec<_>>(), ["vendor/core"]);
    t.finish().await;
}
