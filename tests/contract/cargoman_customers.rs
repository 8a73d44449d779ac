//! `cargoman.md`, "Customers": Create, List, Get, Update, Delete, Suspend and Reactivate Customer.

use std::time::Duration;

use domain::{CompanyId, log::Action};
use journeys::{TestStack, bearer, with};
use serde_json::{Value, json};
use store::CustomerChange;

pub(crate) fn acme() -> Value {
    json!({"name": "Acme Corp", "email": "dev@acme.com", "external_id": "stripe_cus_abc123"})
}

/// A customer, by name.
pub(crate) async fn customer(t: &TestStack, name: &str) -> String {
    let answer = t.post("/api/v1/customers", &json!({"name": name, "email": "dev@acme.com"})).await;
    assert_eq!(answer.status, 201, "{answer}");
    answer.text("/id")
}

pub(crate) fn path(id: &str, rest: &str) -> String {
    format!("/api/v1/customers/{id}{rest}")
}

#[tokio::test]
async fn create_customer() {
    let t = TestStack::start().await;
    let answer = t.post("/api/v1/customers", &acme()).await;
    let (id, token) = (answer.text("/id"), answer.text("/token"));
    let expected = json!({
        "id": id,
        "name": "Acme Corp",
        "email": "dev@acme.com",
        "external_id": "stripe_cus_abc123",
        "status": "active",
        "token": token,
        "created_at": "2026-01-01T00:00:00Z",
        // Extensions.
        "expires_at": null,
        "token_last_four": token[36..],
        "updated_at": "2026-01-01T00:00:00Z",
    });
    answer.is(201, &expected);
    assert!(id.starts_with("cust_") && id.len() == 10, "{id}");
    assert!(token.starts_with("tok_") && token.len() == 40, "{token}");

    let mut shown = expected;
    shown.as_object_mut().unwrap().remove("token");
    for path in [path(&id, ""), path("1", ""), "/api/v1/customers/by-external/stripe_cus_abc123".to_owned()] {
        t.get(&path).await.is(200, &shown);
    }
    t.finish().await;
}

#[tokio::test]
async fn what_a_client_may_not_decide_has_no_effect() {
    let t = TestStack::start().await;
    let protected = json!({
        "id": "cust_00000", "number": 7, "status": "suspended", "reason": "x", "token": "tok_mine", "token_last_four": "mine",
        "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z", "company": 2, "rev": 9, "unknown": {}
    });
    let made = t.post("/api/v1/customers", &with(acme(), &protected)).await;
    assert_eq!((made.status, &made.json["status"]), (201, &json!("active")), "{made}");
    assert_ne!(made.json["token"], "tok_mine");
    let before = t.get(&path("1", "")).await;
    let after = t.patch(&path("1", ""), &protected).await;
    assert_eq!((after.status, &after.json), (200, &before.json), "{after}");
    t.finish().await;
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let t = TestStack::start().await;
    let long = "x".repeat(10_000);
    for (body, fields) in [
        (json!({}), vec!["name", "email"]),
        (json!({"name": "", "email": "nobody"}), vec!["name", "email"]),
        (
            json!({"name": 7, "email": [], "external_id": {}, "expires_at": 7}),
            vec!["name", "email", "external_id", "expires_at"],
        ),
        (with(acme(), &json!({"name": long})), vec!["name"]),
        (with(acme(), &json!({"external_id": ""})), vec!["external_id"]),
        (with(acme(), &json!({"external_id": "a\u{0}b"})), vec!["external_id"]),
        (with(acme(), &json!({"expires_at": "tomorrow"})), vec!["expires_at"]),
        (with(acme(), &json!({"expires_at": "-009999-01-01T00:00:00Z"})), vec!["expires_at"]),
    ] {
        t.post("/api/v1/customers", &body).await.is_error(400, "VALIDATION_ERROR", &fields);
    }
    customer(&t, "Acme").await;
    for (body, fields) in [
        (json!({"name": null, "email": null}), vec!["name", "email"]),
        (json!({"external_id": 7, "expires_at": ""}), vec!["external_id", "expires_at"]),
    ] {
        t.patch(&path("1", ""), &body).await.is_error(400, "VALIDATION_ERROR", &fields);
    }
    t.post(&path("1", "/suspend"), &json!({"reason": 7})).await.is_error(400, "VALIDATION_ERROR", &["reason"]);
    t.finish().await;
}

#[tokio::test]
async fn list_customers() {
    let t = TestStack::start().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.insert(0, customer(&t, &format!("Customer {number}")).await);
    }
    t.post(&path(&ids[1], "/suspend"), &json!({})).await;
    let mut cursor = None;
    for (page, rows) in [(1, &ids[..2]), (2, &ids[2..4]), (3, &ids[4..]), (4, &[])] {
        let answer = t.get(&format!("/api/v1/customers?page={page}&per_page=2")).await;
        assert_eq!((answer.status, listed(&answer.json)), (200, rows.to_vec()), "{answer}");
        let mut pagination = json!({"page": page, "per_page": 2, "total": 5, "total_pages": 3});
        if page < 3 {
            pagination["next_cursor"] = answer.json["pagination"]["next_cursor"].clone();
        }
        assert_eq!(answer.json["pagination"], pagination, "{answer}");
        if let Some(cursor) = cursor.take() {
            let same = t.get(&format!("/api/v1/customers?cursor={cursor}&per_page=2")).await;
            assert_eq!(same.json, answer.json);
        }
        cursor = answer.json["pagination"]["next_cursor"].as_str().map(str::to_owned);
    }
    for (status, rows) in
        [("active", [&ids[..1], &ids[2..]].concat()), ("suspended", ids[1..2].to_vec()), ("frozen", vec![])]
    {
        let answer = t.get(&format!("/api/v1/customers?status={status}&page=1&per_page=20")).await;
        assert_eq!((listed(&answer.json), &answer.json["pagination"]["total"]), (rows.clone(), &json!(rows.len())));
    }
    let wrong = t.get("/api/v1/customers?status=gone&page=0&per_page=101&limit=7").await;
    wrong.is_error(400, "VALIDATION_ERROR", &["per_page", "page", "status"]);
    t.finish().await;
}

fn listed(body: &Value) -> Vec<String> {
    body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn get_customer_by_any_external_id() {
    let t = TestStack::start().await;
    for (external_id, encoded) in [
        ("a/b c", "a%2Fb%20c"),
        ("a%2Fb", "a%252Fb"),
        ("#1?x=y&z", "%231%3Fx=y&z"),
        ("ключ 🔑", "%D0%BA%D0%BB%D1%8E%D1%87%20%F0%9F%94%91"),
        ("..", "%2E%2E"),
        ("packages", "packages"),
        ("cust_00001", "cust_00001"),
    ] {
        let made = t.post("/api/v1/customers", &with(acme(), &json!({"external_id": external_id}))).await;
        assert_eq!(made.status, 201, "{made}");
        let found = t.get(&format!("/api/v1/customers/by-external/{encoded}")).await;
        assert_eq!((found.status, &found.json["id"]), (200, &made.json["id"]), "{external_id}: {found}");
        let listed_one = t.get(&format!("/api/v1/customers?external_id={}", encoded.replace('&', "%26"))).await;
        assert_eq!(listed(&listed_one.json), [made.text("/id")], "{external_id}: {listed_one}");
        assert_eq!(listed_one.json["pagination"]["total"], 1);
    }
    assert_eq!(t.get("/api/v1/customers?external_id=nobody").await.json["pagination"]["total"], 0);
    assert_eq!(t.get("/api/v1/customers?external_id=packages&status=frozen").await.json["data"], json!([]));
    t.get(&format!("/api/v1/customers?external_id={}", "x".repeat(1000))).await.is_error(
        400,
        "VALIDATION_ERROR",
        &["external_id"],
    );
    for nobody in ["nobody", "%00", "%20", "%FF", &"x".repeat(1000)] {
        t.get(&format!("/api/v1/customers/by-external/{nobody}")).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.finish().await;
}

#[tokio::test]
async fn nobody_has_such_an_id() {
    let t = TestStack::start().await;
    customer(&t, "Acme").await;
    for id in ["2", "0", "01", "-1", "cust_00000", "cust_", "x", "cust_%00", "18446744073709551616"] {
        t.get(&path(id, "")).await.is_error(404, "NOT_FOUND", &[]);
        t.post(&path(id, "/suspend"), &json!({})).await.is_error(404, "NOT_FOUND", &[]);
        t.delete(&path(id, "")).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.finish().await;
}

#[tokio::test]
async fn update_customer() {
    let t = TestStack::start().await;
    let made = t.post("/api/v1/customers", &acme()).await;
    t.clock.advance(Duration::from_mins(1));
    let answer = t.patch(&path("1", ""), &json!({"name": "Acme Corporation", "email": "team@acme.com"})).await;
    let mut expected = with(made.json, &json!({"name": "Acme Corporation", "email": "team@acme.com"}));
    expected["updated_at"] = json!("2026-01-01T00:01:00Z");
    expected.as_object_mut().unwrap().remove("token");
    answer.is(200, &expected);

    t.clock.advance(Duration::from_mins(1));
    let cleared =
        t.patch(&path("1", ""), &json!({"external_id": null, "expires_at": "2026-01-02T02:00:00.9+02:00"})).await;
    assert_eq!(
        (&cleared.json["external_id"], &cleared.json["expires_at"]),
        (&json!(null), &json!("2026-01-02T00:00:00Z"))
    );
    t.get("/api/v1/customers/by-external/stripe_cus_abc123").await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.post("/api/v1/customers", &acme()).await.status, 201, "the external id is free again");
    let taken = t.patch(&path("1", ""), &json!({"external_id": "stripe_cus_abc123"})).await;
    taken.is_error(409, "CONFLICT", &[]);
    t.finish().await;
}

#[tokio::test]
async fn a_customer_whose_time_is_over_is_revived_by_a_later_end() {
    let t = TestStack::start().await;
    let id = customer(&t, "Acme").await;
    t.patch(&path(&id, ""), &json!({"expires_at": "2026-01-01T01:00:00Z"})).await;
    assert_eq!(t.get(&path(&id, "")).await.json["status"], "active");
    t.clock.advance(Duration::from_hours(1));
    assert_eq!(t.get(&path(&id, "")).await.json["status"], "expired");
    for change in ["suspend", "reactivate", "freeze"] {
        t.post(&path(&id, &format!("/{change}")), &json!({})).await.is_error(409, "CONFLICT", &[]);
    }
    let revived = t.patch(&path(&id, ""), &json!({"expires_at": "2027-01-01T00:00:00Z"})).await;
    assert_eq!((revived.status, &revived.json["status"]), (200, &json!("active")), "{revived}");
    let past = t.patch(&path(&id, ""), &json!({"expires_at": "2025-01-01T00:00:00Z"})).await;
    assert_eq!(past.json["status"], "expired");
    assert_eq!(listed(&t.get("/api/v1/customers?status=expired").await.json), std::slice::from_ref(&id));
    let forever = t.patch(&path(&id, ""), &json!({"expires_at": null})).await;
    assert_eq!((&forever.json["status"], &forever.json["expires_at"]), (&json!("active"), &json!(null)));
    assert_eq!(t.get("/api/v1/customers?status=expired").await.json["pagination"]["total"], 0);
    t.finish().await;
}

#[tokio::test]
async fn delete_customer() {
    let t = TestStack::start().await;
    t.post("/api/v1/customers", &acme()).await;
    t.shelve("acme/widget", &["1.0.0"]).await;
    t.post(&path("1", "/packages"), &json!({"package": "acme/widget"})).await;
    let answer = t.delete(&path("1", "")).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer}");
    for gone in ["", "/packages", "/bundles"] {
        t.get(&path("1", gone)).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.delete(&path("1", "")).await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.get("/api/v1/customers").await.json["pagination"]["total"], 0);
    let company = domain::CompanyId(1);
    let left = t.stack.store.package_customers(company, &journeys::package_name("acme/widget")).await.unwrap();
    assert_eq!(left, []);
    let again = t.post("/api/v1/customers", &acme()).await;
    assert_eq!(again.status, 201, "its external id is free: {again}");
    assert_eq!(t.get(&path("2", "")).await.json["id"], again.json["id"], "numbers are not given twice");
    t.finish().await;
}

#[tokio::test]
async fn suspend_and_reactivate_customer() {
    let t = TestStack::start().await;
    let id = customer(&t, "Acme").await;
    let suspended = t.post(&path(&id, "/suspend"), &json!({"reason": "Payment failed"})).await;
    let (status, reason) = (&suspended.json["status"], &suspended.json["reason"]);
    assert_eq!((suspended.status, status, reason), (200, &json!("suspended"), &json!("Payment failed")), "{suspended}");
    t.clock.advance(Duration::from_mins(1));
    let again = t.post(&path(&id, "/suspend"), &json!({})).await;
    assert_eq!((again.status, &again.json), (200, &suspended.json), "once more changes nothing");
    let other = t.post(&path(&id, "/suspend"), &json!({"reason": "Fraud"})).await;
    assert_eq!(other.json["reason"], "Fraud");
    let no_body = t.request(http::Method::POST, &path(&id, "/suspend")).body(axum::body::Body::empty()).unwrap();
    assert_eq!(t.send(no_body).await.json, other.json);

    let active = t.post(&path(&id, "/reactivate"), &json!({})).await;
    assert_eq!(
        (active.status, &active.json["status"], active.json.get("reason")),
        (200, &json!("active"), None),
        "{active}"
    );
    t.clock.advance(Duration::from_mins(1));
    let no_body = t.request(http::Method::POST, &path(&id, "/reactivate")).body(axum::body::Body::empty()).unwrap();
    assert_eq!(t.send(no_body).await.json, active.json);
    t.finish().await;
}

/// Each gets a number of its own, whoever else is made at the same time, and an external id is one customer's.
#[tokio::test]
async fn many_at_once() {
    let t = TestStack::start().await;
    let one = |number: usize| {
        let body = json!({"name": "Acme", "email": "dev@acme.com", "external_id": format!("cus_{}", number / 2)});
        let t = &t;
        async move { t.post("/api/v1/customers", &body).await.status }
    };
    let mut statuses = futures::future::join_all((0..20).map(one)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[201; 10], [409; 10]].concat());
    assert_eq!(t.get("/api/v1/customers").await.json["pagination"]["total"], 10);
    assert_eq!(t.get(&path("10", "")).await.status, 200);
    t.get(&path("11", "")).await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}

#[tokio::test]
async fn companies_have_customers_of_their_own() {
    let t = TestStack::start().await;
    t.post("/api/v1/customers", &acme()).await;
    let other = t.found_company(2, domain::company::Role::Owner, None).await;
    let request = bearer(http::Request::post("/api/v1/customers"), &other).header("content-type", "application/json");
    let theirs = t.send(request.body(acme().to_string().into()).unwrap()).await;
    assert_eq!(theirs.status, 201, "another company may call one of its customers the same: {theirs}");
    let delete = bearer(http::Request::delete(path("1", "")), &other).body(axum::body::Body::empty()).unwrap();
    assert_eq!(t.send(delete).await.status, 204);
    assert_eq!(t.get(&path("1", "")).await.json["name"], "Acme Corp", "its own customer, not ours");
    t.finish().await;
}

/// Many subscriptions end with the year.
#[tokio::test]
async fn all_whose_time_has_come_are_listed_as_expired_a_minute_later() {
    let t = TestStack::start().await;
    for number in 0..120 {
        let more = json!({"external_id": format!("c{number}"), "expires_at": "2026-12-31T00:00:00Z"});
        let made = t.post("/api/v1/customers", &with(acme(), &more)).await;
        assert_eq!(made.status, 201, "{made}");
    }
    t.clock.advance(Duration::from_hours(366 * 24));
    t.run_schedule("due").await;
    let total = async |status: &str| {
        let listed = t.get(&format!("/api/v1/customers?status={status}")).await;
        listed.json["pagination"]["total"].clone()
    };
    assert_eq!((total("expired").await, total("active").await), (json!(120), json!(0)));
    t.finish().await;
}

/// Pages in the middle are found by the customers' numbers, some of which are not used any more.
#[tokio::test]
async fn each_page_of_a_long_list_has_its_customers_whoever_was_deleted() {
    let t = TestStack::start().await;
    let mut ids = Vec::new();
    for number in 0..40 {
        ids.push(customer(&t, &format!("Customer {number}")).await);
    }
    for round in [vec![], vec![25, 3, 24, 11], vec![12, 0, 39]] {
        for place in round {
            assert_eq!(t.delete(&path(&ids[place], "")).await.status, 204);
            ids[place] = String::new();
        }
        let mut expected: Vec<&String> = ids.iter().filter(|id| !id.is_empty()).collect();
        expected.reverse();
        for (page, wanted) in (1..).zip(expected.chunks(2)) {
            let answer = t.get(&format!("/api/v1/customers?page={page}&per_page=2")).await;
            let rows = answer.json["data"].as_array().unwrap();
            assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), wanted, "page {page}");
            if let Some(cursor) = answer.json["pagination"]["next_cursor"].as_str() {
                let next = t.get(&format!("/api/v1/customers?cursor={cursor}&per_page=2")).await;
                assert_eq!(next.json["data"][0]["id"], *expected[2 * page], "behind page {page}");
            }
        }
    }
    t.finish().await;
}

/// Two requests at once: what the one read of the customer is not what there is when it writes.
#[tokio::test]
async fn a_customer_is_not_deleted_without_the_grant_that_came_meanwhile() {
    let t = TestStack::start().await;
    t.shelve("vendor/package", &["1.0.0"]).await;
    let id = customer(&t, "Acme").await;
    let read = t.stack.store.holder(CompanyId(1), id.parse().unwrap()).await.unwrap().unwrap();
    let granted = t.post(&path(&id, "/packages"), &json!({"package": "vendor/package"})).await;
    assert_eq!(granted.status, 201, "{granted}");
    let line = t.line(Action::CustomerDeleted);
    let removed = t.stack.store.remove_customer(CompanyId(1), &read, &line).await.unwrap();
    assert_ne!(removed, CustomerChange::Made);
    assert_eq!(t.delete(&path(&id, "")).await.status, 204);
    assert_eq!(t.delete("/api/v1/packages/vendor/package").await.status, 204, "nobody has it");
    t.settle().await;
    t.finish().await;
}
