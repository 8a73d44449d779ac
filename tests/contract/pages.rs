//! "Pagination", for both lists, and their filters.

use std::time::Duration;

use journeys::{TestStack, example_repository, with};
use serde_json::{Value, json};

use crate::deactivate;

#[tokio::test]
async fn pagination() {
    let t = TestStack::start().await;
    let mut repositories = Vec::new();
    for number in 0..5 {
        let name = json!({"githubRepoName": format!("theme-{number}")});
        repositories.push(t.list(&with(example_repository(), &name)).await);
        t.clock.advance(Duration::from_mins(1));
    }
    let mut purchases = Vec::new();
    for repository in &repositories {
        purchases.push(t.checkout(repository, "johndoe").await.purchase);
        t.clock.advance(Duration::from_mins(1));
    }
    for (path, name, mut rows) in [
        ("/api/admin/repositories?", "repositories", repositories),
        ("/api/admin/customers?", "customers", purchases.clone()),
        ("/api/admin/customers?status=pending&", "customers", purchases),
    ] {
        rows.reverse(); // newest first
        let page = |page, has_next, has_previous| {
            json!({
                "page": page, "limit": 2, "total": 5, "totalPages": 3, "hasNext": has_next, "hasPrevious": has_previous
            })
        };
        for (number, shown, has_next, has_previous) in [
            (1, &rows[0..2], true, false),
            (2, &rows[2..4], true, true),
            (3, &rows[4..5], false, true),
            (4, &[], false, true),
        ] {
            let answer = t.get(&format!("{path}page={number}&limit=2")).await;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(ids(&answer.json[name]), shown, "page {number} of {path}");
            assert_eq!(answer.json["pagination"], page(number, has_next, has_previous), "page {number} of {path}");
        }
        let all = t.get(path).await;
        assert_eq!(ids(&all.json[name]), rows);
        assert_eq!((&all.json["pagination"]["page"], &all.json["pagination"]["limit"]), (&json!(1), &json!(20)));
        let largest = t.get(&format!("{path}limit=100")).await;
        assert_eq!((largest.status, &largest.json["pagination"]["totalPages"]), (200, &json!(1)));
    }
    t.finish().await;
}

#[tokio::test]
async fn an_empty_list_has_no_pages() {
    let t = TestStack::start().await;
    for (path, name) in [("/api/admin/repositories", "repositories"), ("/api/admin/customers", "customers")] {
        let pagination =
            json!({"page": 1, "limit": 20, "total": 0, "totalPages": 0, "hasNext": false, "hasPrevious": false});
        t.get(path).await.is(200, &json!({name: [], "pagination": pagination}));
    }
    t.finish().await;
}

#[tokio::test]
async fn repositories_by_active() {
    let t = TestStack::start().await;
    let old = t.list_theme().await;
    t.clock.advance(Duration::from_mins(1));
    let new = t.list(&with(example_repository(), &json!({"githubRepoName": "another"}))).await;
    deactivate(&t, &old).await;
    for (query, expected) in
        [("", vec![new.clone(), old.clone()]), ("?active=true", vec![new]), ("?active=false", vec![old])]
    {
        let answer = t.get(&format!("/api/admin/repositories{query}")).await;
        assert_eq!(ids(&answer.json["repositories"]), expected, "{query}");
        assert_eq!(answer.json["pagination"]["total"], expected.len(), "{query}");
    }
    t.finish().await;
}

/// Three buyers of two repositories, one of them not paying, one being refunded.
#[tokio::test]
async fn customers_by_repository_and_status() {
    let t = TestStack::start().await;
    let theme = t.list_theme().await;
    let kit =
        t.list(&with(example_repository(), &json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit"}))).await;
    let mut sales = Vec::new();
    for (repository, buyer, status) in [
        (&theme, "johndoe", "active"),
        (&kit, "johndoe", "pending"),
        (&theme, "janedoe", "revoked"),
        (&kit, "janedoe", "active"),
        (&theme, "octocat", "pending"),
        (&kit, "octocat", "revoked"),
    ] {
        let sale = t.checkout(repository, buyer).await;
        if status != "pending" {
            t.pay_and_settle(&sale).await;
        }
        if status == "revoked" {
            t.stripe().refund(&sale.session, None);
            t.deliver().await;
            t.settle().await;
        }
        t.clock.advance(Duration::from_mins(1));
        sales.insert(0, (repository.clone(), status, sale.purchase));
    }
    let unknown = "0190b5a0-0000-7000-8000-000000000001".to_owned();
    for repository in [None, Some(&theme), Some(&kit), Some(&unknown)] {
        for status in [None, Some("pending"), Some("active"), Some("revoked")] {
            let wanted = sales.iter().filter(|sale| repository.is_none_or(|it| *it == sale.0));
            let wanted = wanted.filter(|sale| status.is_none_or(|it| it == sale.1));
            let expected: Vec<_> = wanted.map(|sale| sale.2.clone()).collect();
            let mut query = String::new();
            query += &repository.map(|it| format!("&repositoryId={it}")).unwrap_or_default();
            query += &status.map(|it| format!("&status={it}")).unwrap_or_default();
            let answer = t.get(&format!("/api/admin/customers?limit=100{query}")).await;
            assert_eq!(ids(&answer.json["customers"]), expected, "{query}");
            assert_eq!(answer.json["pagination"]["total"], expected.len(), "{query}");
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let t = TestStack::start().await;
    let unique = [
        ("/api/admin/repositories", "page", vec!["0", "-1", "x", "1.5", "", "502", "99999999999999999999", "%00", "٣"]),
        ("/api/admin/repositories", "limit", vec!["0", "101", "-20", "x", "", "1e1", "0x10"]),
        ("/api/admin/repositories", "active", vec!["", "TRUE", "1", "yes", "null"]),
        ("/api/admin/customers", "page", vec!["0", "502", "%F0%9F%92%A9"]),
        ("/api/admin/customers", "limit", vec!["0", "101"]),
        ("/api/admin/customers", "repositoryId", vec!["", "x", "%23", "0190B5A0-0000-7000-8000-000000000001"]),
        ("/api/admin/customers", "status", vec!["", "completed", "Active", "active,revoked", "active%00"]),
    ];
    for (path, parameter, values) in unique {
        for value in values {
            let value = value.replace('٣', "%D9%A3");
            let answer = t.get(&format!("{path}?{parameter}={value}")).await;
            answer.is_error(400, "VALIDATION_ERROR", &[parameter]);
        }
    }
    let all = t.get("/api/admin/customers?page=0&limit=0&repositoryId=x&status=x").await;
    all.is_error(400, "VALIDATION_ERROR", &["limit", "page", "repositoryId", "status"]);
    let all = t.get("/api/admin/repositories?page=x&limit=x&active=x").await;
    all.is_error(400, "VALIDATION_ERROR", &["limit", "page", "active"]);
    assert_eq!(t.get("/api/admin/customers?page=501").await.status, 200, "the deepest page that is looked for");
    t.finish().await;
}

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
