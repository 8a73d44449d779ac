//! What packages and bundles take.

use http::StatusCode;
use serde_json::json;

use crate::{
    endpoints::ok,
    shop::{Shop, Texts, measured},
    table::{Budget, Table},
};

const QUEUE: &str = "PackagesQueue";
/// The one that the sandbox has.
const TOOLKIT: &str = "/api/v1/packages/acme/toolkit";
const BUNDLE: &str = "/api/v1/bundles/everything";

/// Each endpoint, and the jobs that follow.
pub(crate) async fn measure(shop: &Shop, table: &mut Table) {
    for number in 0..22 {
        shop.t.shelve(&shelved(shop, number), &["1.0.0"]).await;
    }
    package(shop, table).await;
    bundle(shop, table).await;
    let customer = shop.t.post("/api/v1/customers", &json!({"name": "Acme Corp", "email": "dev@acme.com"})).await;
    let granted = json!({"package": "acme/toolkit"});
    let answer = shop.t.post(&format!("/api/v1/customers/{}/packages", customer.text("/id")), &granted).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    let (usage, found) = ok(shop, &format!("{TOOLKIT}/customers?page=1")).await;
    assert_eq!(found["pagination"]["total"], 1, "{found}");
    table.add("list customers of a package", usage, Budget::filtered_list());
    delete(shop, "package", &format!("{TOOLKIT}?force=true"), table).await;
    table.add("delete package: its job", shop.work(QUEUE).await, Budget::cleared());
}

fn shelved(shop: &Shop, number: usize) -> String {
    let name = if shop.texts == Texts::Long { "a-name-that-is-longer-than-most" } else { "package" };
    format!("shelf/{name}-{number}")
}

async fn package(shop: &Shop, table: &mut Table) {
    let new = json!({"name": "acme/toolkit", "repository_url": "https://github.com/acme-corp/toolkit"});
    let (usage, answer) = measured(shop.t.post("/api/v1/packages", &new)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    table.add("create package", usage, Budget::asking());
    table.add("create package: its sync, of three tags", shop.work(QUEUE).await, Budget::sync(14, 22.0));
    for what in ["first", "again"] {
        let (usage, found) = ok(shop, TOOLKIT).await;
        assert_eq!(found["versions"].as_array().map(Vec::len), Some(3), "{found}");
        table.add(format!("get package, {what}"), usage, Budget::package());
    }
    table.add("list packages, page 1", ok(shop, "/api/v1/packages?page=1").await.0, Budget::list());
    table.add("list packages, last page", ok(shop, "/api/v1/packages?page=2").await.0, Budget::list());
    let (usage, answer) = measured(shop.t.post(&format!("{TOOLKIT}/sync"), &json!({}))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer}");
    table.add("sync package", usage, Budget::asking());
    table.add("sync package: nothing new", shop.work(QUEUE).await, Budget::sync(7, 6.0));
    let task = format!("{TOOLKIT}/sync/{}", answer.text("/task/id"));
    table.add("get sync of a package", ok(shop, &task).await.0, Budget::get());
    let (usage, answer) = measured(shop.t.patch(TOOLKIT, &json!({"dev_branches": true}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("update package", usage, Budget::asking());
    table.add("update package: its sync, of a branch", shop.work(QUEUE).await, Budget::sync(12, 16.0));
}

async fn bundle(shop: &Shop, table: &mut Table) {
    let packages: Vec<_> = (0..20).map(|number| shelved(shop, number)).collect();
    let new = json!({"name": "everything", "packages": packages[..10]});
    let (usage, answer) = measured(shop.t.post("/api/v1/bundles", &new)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    table.add("create bundle of ten packages", usage, Budget::write());
    table.add("get bundle", ok(shop, BUNDLE).await.0, Budget::get());
    table.add("list bundles", ok(shop, "/api/v1/bundles?page=1").await.0, Budget::list());
    let (usage, answer) = measured(shop.t.patch(BUNDLE, &json!({"packages": packages[5..15]}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("update bundle, ten packages of it", usage, Budget::changed_bundle());
    delete(shop, "bundle of ten packages", &format!("{BUNDLE}?force=true"), table).await;
    table.add("delete bundle: its job", shop.work(QUEUE).await, Budget::job(2.0));
}

async fn delete(shop: &Shop, what: &str, path: &str, table: &mut Table) {
    let (usage, answer) = measured(shop.t.delete(path)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer}");
    table.add(format!("delete {what}"), usage, Budget::deleted());
}
