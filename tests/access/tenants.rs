//! A company sees nothing of another's.

use domain::company::Role;
use http::Request;
use journeys::{Answer, bearer, example_repository};
use serde_json::json;

use crate::{Shop, guarded};

#[tokio::test]
async fn another_companys_token_opens_nothing_here() {
    let shop = Shop::open().await;
    let other = shop.t.found_company(2, Role::Owner, None).await;
    for endpoint in guarded().into_iter().filter(|endpoint| endpoint.method == "GET") {
        let answer = shop.call(endpoint, &other).await;
        if endpoint.path.contains('{') {
            answer.is_error(404, "NOT_FOUND", &[]);
        } else if endpoint.path == "/api/auth/me" {
            assert_eq!((answer.status, &answer.json["company"]), (200, &json!(2)), "{answer}");
        } else if ["/api/admin/tokens", "/api/admin/access-logs"].contains(&endpoint.path) {
            assert_eq!((answer.status, &answer.json["pagination"]["total"]), (200, &json!(1)), "its own: {answer}");
        } else {
            assert_eq!(answer.status, 200, "{answer}");
            has_nothing(endpoint.path, &answer);
        }
        shop.tells_nothing(&answer);
    }
    let filtered = format!("/api/admin/customers?repositoryId={}", shop.repository);
    let answer = shop.t.send(bearer(Request::get(filtered), &other).body(String::new().into()).unwrap()).await;
    assert_eq!((answer.status, &answer.json["customers"]), (200, &json!([])), "{answer}");
    shop.t.finish().await;
}

/// That an answer has nothing in it, of a company that has nothing.
#[track_caller]
fn has_nothing(path: &str, answer: &Answer) {
    let lines = String::from_utf8_lossy(&answer.body).lines().count();
    match path {
        "/api/admin/customers.csv" => assert_eq!(lines, 1, "the names of the columns: {answer}"),
        "/api/admin/access-logs.csv" => {
            assert_eq!(lines, 2, "the names of the columns, and how its token was made: {answer}");
        }
        "/api/admin/dashboard" => {
            let (metrics, sales) = (&answer.json["metrics"], &answer.json["recentSales"]);
            assert_eq!((&metrics["totalRevenueCents"], &metrics["totalPurchases"]), (&json!(0), &json!(0)), "{answer}");
            assert_eq!((sales, &answer.json["failedPayments"]), (&json!([]), &json!([])), "{answer}");
        }
        _ => assert_eq!(answer.json.pointer("/pagination/total"), Some(&json!(0)), "{path}: {answer}"),
    }
}

/// Two companies may sell the same repository; each of them has its own.
#[tokio::test]
async fn what_another_company_writes_changes_nothing_here() {
    let shop = Shop::open().await;
    let other = shop.t.found_company(2, Role::Owner, None).await;
    let request = bearer(Request::post("/api/admin/repositories"), &other).header("content-type", "application/json");
    let theirs = shop.t.send(request.body(example_repository().to_string().into()).unwrap()).await;
    assert_eq!((theirs.status, theirs.text("/slug").as_str()), (201, "premium-astro-theme-2"), "{theirs}");

    let ours = shop.t.get("/api/admin/repositories").await;
    assert_eq!(
        (ours.text("/repositories/0/id"), &ours.json["pagination"]["total"]),
        (shop.repository.clone(), &json!(1))
    );
    shop.t.get(&format!("/api/admin/repositories/{}", theirs.text("/id"))).await.is_error(404, "NOT_FOUND", &[]);
    let sale = shop.t.checkout(&theirs.text("/id"), "janedoe").await;
    shop.t.pay_and_settle(&sale).await;
    shop.t.get(&format!("/api/admin/customers/{}", sale.purchase)).await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(shop.t.get("/api/admin/customers").await.json["pagination"]["total"], 1);
    shop.t.finish().await;
}
