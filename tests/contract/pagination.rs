//! "Pagination", for all lists, and their filters.

use std::time::Duration;

use domain::company::Role;
use journeys::{TestStack, bearer, example_repository, with};
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
        let page = |page, next: &Value| {
            let mut pagination = json!({
                "page": page, "limit": 2, "total": 5, "totalPages": 3, "hasNext": page < 3, "hasPrevious": page > 1
            });
            if page < 3 {
                pagination["nextCursor"] = next.clone();
            }
            pagination
        };
        let mut cursor = None;
        for (number, shown) in [(1, &rows[0..2]), (2, &rows[2..4]), (3, &rows[4..5]), (4, &[])] {
            let answer = t.get(&format!("{path}page={number}&limit=2")).await;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(ids(&answer.json[name]), shown, "page {number} of {path}");
            let next = answer.json["pagination"]["nextCursor"].clone();
            assert!(next.is_string() == (number < 3), "{answer}");
            assert_eq!(answer.json["pagination"], page(number, &next), "page {number} of {path}");
            if let Some(cursor) = cursor.take() {
                let same = t.get(&format!("{path}cursor={cursor}&limit=2")).await;
                assert_eq!(same.json, answer.json, "page {number} of {path} by the cursor of the page before");
            }
            cursor = next.as_str().map(str::to_owned);
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
        ("/api/admin/repositories", "page", vec!["0", "-1", "x", "1.5", "", "99999999999999999999", "%00", "٣"]),
        ("/api/admin/repositories", "limit", vec!["0", "101", "-20", "x", "", "1e1", "0x10"]),
        ("/api/admin/repositories", "active", vec!["", "TRUE", "1", "yes", "null"]),
        ("/api/admin/customers", "page", vec!["0", "%F0%9F%92%A9"]),
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
    for path in ["/api/admin/repositories", "/api/admin/customers", "/api/admin/access-logs"] {
        assert_eq!(t.get(&format!("{path}?page=1000000000&limit=100")).await.status, 200, "past the end is no error");
    }
    t.finish().await;
}

/// Ruling 3: a cursor is of one list, with its filters, for one caller.
#[tokio::test]
async fn a_cursor_of_another_list_or_another_caller_is_refused() {
    let t = TestStack::start().await;
    let theme = t.list_theme().await;
    for buyer in ["johndoe", "janedoe", "octocat"] {
        t.checkout(&theme, buyer).await;
    }
    let pending = t.get("/api/admin/customers?status=pending&limit=1").await;
    let cursor = pending.text("/pagination/nextCursor");
    assert_eq!(t.get(&format!("/api/admin/customers?status=pending&limit=1&cursor={cursor}")).await.status, 200);
    for path in [
        "/api/admin/customers?",
        "/api/admin/customers?status=active&",
        "/api/admin/access-logs?",
        "/api/admin/repositories?",
    ] {
        let answer = t.get(&format!("{path}cursor={cursor}")).await;
        answer.is_error(400, "VALIDATION_ERROR", &["cursor"]);
    }
    for wrong in ["", "0", "x", &cursor[1..], &format!("{cursor}00"), "%00"] {
        let answer = t.get(&format!("/api/admin/customers?status=pending&cursor={wrong}")).await;
        answer.is_error(400, "VALIDATION_ERROR", &["cursor"]);
    }
    let both = t.get(&format!("/api/admin/customers?status=pending&page=2&cursor={cursor}")).await;
    both.is_error(400, "VALIDATION_ERROR", &["cursor"]);
    let other = t.found_company(2, Role::Owner, None).await;
    let request = bearer(http::Request::get(format!("/api/admin/customers?status=pending&cursor={cursor}")), &other);
    t.send(request.body(String::new().into()).unwrap()).await.is_error(400, "VALIDATION_ERROR", &["cursor"]);
    t.finish().await;
}

/// Whoever follows cursors sees each row once, whatever is added meanwhile.
#[tokio::test]
async fn cursors_neither_repeat_nor_leave_out_while_the_list_grows() {
    let t = TestStack::start().await;
    let theme = t.list_theme().await;
    let mut expected = Vec::new();
    for number in 0..7 {
        t.github().add_user(&format!("buyer-{number}"));
        expected.insert(0, t.checkout(&theme, &format!("buyer-{number}")).await.purchase);
        t.clock.advance(Duration::from_mins(1));
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = t.get(&format!("/api/admin/customers?repositoryId={theme}&limit=2{cursor}")).await;
        assert_eq!(answer.status, 200, "{answer}");
        seen.extend(ids(&answer.json["customers"]));
        let buyer = format!("late-{}", seen.len());
        t.github().add_user(&buyer);
        t.checkout(&theme, &buyer).await;
        t.clock.advance(Duration::from_mins(1));
        let Some(next) = answer.json["pagination"]["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, expected);
    t.finish().await;
}

fn ids(rows: &Value) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
