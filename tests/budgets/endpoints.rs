//! What each endpoint takes.

use axum::body::Body;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use testkit::connector::Usage;

use crate::{
    shop::{Shop, Texts, measured},
    table::{Budget, Table},
};

/// Rows on a full page: the contract's default.
const PAGE: u64 = 20;
/// Read units of a list beside those of its rows: the credential, and the counts.
const BESIDE_ROWS: f64 = 2.0;
/// Read units of a page of customers.
const CUSTOMERS: f64 = 2.5;

pub(crate) async fn measure(shop: &mut Shop, table: &mut Table) {
    let repository = repositories(shop, table).await;
    storefront(shop, &repository, table).await;
    lists(shop, &repository, table).await;
    garbage(shop, table).await;
}

async fn repositories(shop: &Shop, table: &mut Table) -> String {
    let repository = shop.list("theme", false).await;
    let new = shop.repository("another-theme", false);
    let text = |field: &str| new[field].as_str().unwrap().to_owned();
    shop.t.github().add_repository(&text("githubOwner"), &text("githubRepoName"), true);
    let (usage, answer) = measured(shop.t.post("/api/admin/repositories", &new)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    table.add("create repository", usage, Budget::write());
    let usage = ok(shop, &format!("/api/admin/repositories/{repository}")).await.0;
    table.add("get repository", usage, Budget::get());
    changes(shop, &answer.text("/id"), table).await;
    repository
}

async fn changes(shop: &Shop, repository: &str, table: &mut Table) {
    let path = format!("/api/admin/repositories/{repository}");
    let (usage, answer) = measured(shop.t.patch(&path, &json!({"priceCents": 5900, "description": "New"}))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("update repository", usage, Budget::write());
    let usage = ok(shop, &format!("{path}/pricing-history")).await.0;
    table.add("pricing history", usage, Budget::get());
    let shown = ok(shop, &path).await.1;
    let (owner, name) = (shown["githubOwner"].as_str().unwrap(), shown["githubRepoName"].as_str().unwrap());
    shop.t.github().describe(owner, name, "As GitHub tells", 127).unwrap();
    for what in ["fetch GitHub data", "fetch GitHub data, nothing new"] {
        let (usage, answer) = measured(shop.t.post(&format!("{path}/fetch-github-data"), &json!({}))).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer}");
        table.add(what, usage, Budget::write());
    }
    let (usage, answer) = measured(shop.t.delete(&path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("deactivate repository", usage, Budget::write());
}

async fn storefront(shop: &mut Shop, repository: &str, table: &mut Table) {
    let detail = ok(shop, &format!("/api/admin/repositories/{repository}")).await.1;
    let usage = ok(shop, &format!("/api/products/{}", detail["slug"].as_str().unwrap())).await.0;
    table.add("product", usage, Budget::get());
    // The first checkout also reads the secrets.
    shop.checkout(repository).await;
    let (usage, answer) = measured(shop.try_checkout(repository)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    table.add("checkout", usage, Budget::checkout());
}

async fn lists(shop: &mut Shop, repository: &str, table: &mut Table) {
    for number in 0..22 {
        shop.list(&format!("theme-{number}"), false).await;
    }
    // A full page of each access status, so that a list of all of them has as many rows as it can to choose from.
    let mut last = None;
    for _ in 0..22 {
        shop.checkout(repository).await;
        let refunded = shop.sell(repository).await;
        shop.t.stripe().refund(&refunded.session, None);
        last = Some(shop.sell(repository).await);
    }
    let customer = ok(shop, &format!("/api/admin/customers/{}", last.unwrap().purchase)).await.0;
    table.add("get customer", customer, Budget::get());

    let by_repository = format!("/api/admin/customers?repositoryId={repository}&");
    let by_both = format!("{by_repository}status=active&");
    // A repository's row holds its description and its selling points: 5.0 is twenty rows of 2 KB, half a unit for 4 KB.
    let repositories = if shop.texts == Texts::Long { 5.0 } else { CUSTOMERS };
    for (what, path, budget, rows, partitions) in [
        ("list repositories", "/api/admin/repositories?", Budget::list(), repositories, 1.0),
        ("list customers", "/api/admin/customers?", Budget::list(), CUSTOMERS, 1.0),
        ("list customers by status", "/api/admin/customers?status=active&", Budget::filtered_list(), CUSTOMERS, 1.0),
        // One for each access status.
        ("list customers by repository", &by_repository, Budget::filtered_list(), CUSTOMERS, 3.0),
        ("list customers by both", &by_both, Budget::filtered_list(), CUSTOMERS, 1.0),
    ] {
        pages(shop, (what, path), |page| budget.known_to_read(BESIDE_ROWS + rows * (page + partitions - 1.0)), table)
            .await;
    }
}

/// Each page of a list.
///
/// A page is found by walking from the end that is nearer, so the first and the last page cost the same in a list of any
/// length, and those between cost more. The design's budget is meant for any page; until positions are kept, those between
/// are known not to be within it.
async fn pages(shop: &Shop, (what, path): (&str, &str), budget: impl Fn(f64) -> Budget, table: &mut Table) {
    for page in 1_u32.. {
        let (usage, body) = ok(shop, &format!("{path}page={page}&limit={PAGE}")).await;
        let pages = body["pagination"]["totalPages"].as_u64().unwrap();
        table.add(format!("{what}, page {page} of {pages}"), usage, budget(page.into()));
        if u64::from(page) >= pages {
            return;
        }
    }
}

async fn garbage(shop: &Shop, table: &mut Table) {
    let request = http::Request::builder().method(Method::GET).uri("/api/admin/customers");
    let request = request.header(header::AUTHORIZATION, "Bearer tga_garbage").body(Body::empty()).unwrap();
    let (usage, answer) = measured(shop.t.send(request)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    table.add("malformed token", usage, Budget::nothing());
    let (usage, answer) = measured(shop.t.post("/api/checkout", &json!({}))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    table.add("checkout with nothing in it", usage, Budget::nothing());
}

/// `GET`, which must work.
pub(crate) async fn ok(shop: &Shop, path: &str) -> (Usage, Value) {
    let (usage, answer) = measured(shop.t.get(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer}");
    (usage, answer.json)
}
