//! Contract `cargoman.md`, "Bundles": List, Create, Update and Delete Bundle; and who has a package, through one and otherwise.

use std::collections::BTreeMap;

use domain::{
    CompanyId, LogId, PurchaseId,
    customer::{Customer, CustomerId, NewCustomer},
    grant::{Freeze, Grant, Grants, Pinned},
    log::{Action, Actor, LogEntry, LogStatus},
    package::{Bundle, PackageName},
    text::{BundleName, ConstraintText, CustomerName, Email},
    token,
};
use journeys::TestStack;
use serde_json::{Value, json};
use store::{CustomerChange, Holder};

use crate::cargoman_packages::{add, clear, finish};

const COMPANY: CompanyId = CompanyId(1);

/// A customer of company 1 with these grants.
async fn customer(t: &TestStack, number: u32, grants: Grants) -> CustomerId {
    let id = CustomerId::of_number(number.into()).unwrap();
    let line = |action| {
        LogEntry::new(LogId::generate(t.now(), &t.random), t.now(), Actor::Tollgate, action, LogStatus::Success)
    };
    let new = NewCustomer {
        name: CustomerName::parse(&format!("Customer {number}")).unwrap(),
        email: Email::parse(&format!("dev@customer-{number}.example")).unwrap(),
        external_id: None,
        expires_at: None,
    };
    let secret = token::issue(token::OPERATOR, COMPANY, &t.random);
    let customer = Customer::new(id, new, Some(&secret), t.now());
    let made = t.stack.store.insert_customer(COMPANY, &customer, &line(Action::CustomerCreated)).await.unwrap();
    assert_eq!(made, CustomerChange::Made);
    let before = Holder { customer: customer.clone(), grants: Grants::default() };
    let after = Holder { customer, grants };
    let lines = [line(Action::AccessChanged)];
    assert_eq!(t.stack.store.change_grants(COMPANY, &before, &after, &lines).await.unwrap(), CustomerChange::Made);
    id
}

fn package(name: &str) -> PackageName {
    PackageName::parse(name).unwrap()
}

fn grant(t: &TestStack, constraint: &str) -> Grant {
    Grant::new(ConstraintText::parse(constraint).unwrap(), t.now())
}

fn direct(t: &TestStack, name: &str, constraint: &str) -> Grants {
    Grants { direct: BTreeMap::from([(package(name), grant(t, constraint))]), ..Grants::default() }
}

fn bundled(t: &TestStack, bundle: &str) -> Grants {
    let name = BundleName::parse(bundle).unwrap();
    Grants { bundles: BTreeMap::from([(name, grant(t, "*"))]), ..Grants::default() }
}

#[tokio::test]
async fn create_bundle() {
    let t = TestStack::start().await;
    add(&t, &["vendor/core", "vendor/analytics", "vendor/support"]).await;
    let new = json!({"name": "enterprise", "packages": ["vendor/core", "vendor/analytics", "vendor/support"]});
    let expected = json!({
        "name": "enterprise",
        "packages": ["vendor/analytics", "vendor/core", "vendor/support"],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z"
    });
    t.post("/api/v1/bundles", &new).await.is(201, &expected);
    t.get("/api/v1/bundles/enterprise").await.is(200, &expected);
    assert_eq!(t.get("/api/v1/packages/vendor/core").await.json["bundles"], json!(["enterprise"]));
    t.post("/api/v1/bundles", &new).await.is_error(409, "CONFLICT", &[]);
    assert_eq!(t.post("/api/v1/bundles", &json!({"name": "empty", "packages": []})).await.status, 201);
    finish(t).await;
}

#[tokio::test]
async fn a_bundle_that_cannot_be_is_refused() {
    let t = TestStack::start().await;
    add(&t, &["acme/a"]).await;
    for (body, fields) in [
        (json!({}), vec!["name"]),
        (json!({"name": "a b", "packages": "acme/a"}), vec!["name", "packages"]),
        (json!({"name": "x", "packages": ["acme"]}), vec!["packages"]),
        (json!({"name": "x", "packages": [7]}), vec!["packages"]),
        (json!({"name": "x", "packages": ["acme/a", "acme/a"]}), vec!["packages"]),
        (json!({"name": "x", "packages": ["acme/a", "ACME/A"]}), vec!["packages"]),
        (json!({"name": "x", "packages": vec!["acme/a"; 91]}), vec!["packages"]),
        (json!({"name": "x".repeat(101), "packages": []}), vec!["name"]),
    ] {
        t.post("/api/v1/bundles", &body).await.is_error(400, "VALIDATION_ERROR", &fields);
    }
    let missing = json!({"name": "x", "packages": ["acme/a", "acme/b", "acme/c"]});
    let answer = t.post("/api/v1/bundles", &missing).await;
    answer.is_error(400, "VALIDATION_ERROR", &["packages"]);
    assert_eq!(answer.text("/error/details/0/message"), "There is no package called acme/b, acme/c");
    assert_eq!(t.get("/api/v1/bundles").await.json["pagination"]["total"], 0);
    for path in ["nothing", "a%20b", "%FF", "..", "a%2Fb", "x%00"] {
        t.get(&format!("/api/v1/bundles/{path}")).await.is_error(404, "NOT_FOUND", &[]);
    }
    finish(t).await;
}

#[tokio::test]
async fn list_bundles() {
    let t = TestStack::start().await;
    for name in ["c", "a", "b"] {
        t.post("/api/v1/bundles", &json!({"name": name, "packages": []})).await;
    }
    let row = |name: &str| {
        json!({
            "name": name, "packages": [], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
        })
    };
    let pagination = json!({"page": 1, "per_page": 20, "total": 3, "total_pages": 1});
    let expected = json!({"data": [row("a"), row("b"), row("c")], "pagination": pagination});
    t.get("/api/v1/bundles").await.is(200, &expected);
    let second = t.get("/api/v1/bundles?per_page=2&page=2").await;
    assert_eq!(second.json["data"], json!([row("c")]));
    finish(t).await;
}

#[tokio::test]
async fn update_bundle() {
    let t = TestStack::start().await;
    add(&t, &["acme/a", "acme/b", "acme/c"]).await;
    t.post("/api/v1/bundles", &json!({"name": "enterprise", "packages": ["acme/a", "acme/b"]})).await;
    let answer = t.patch("/api/v1/bundles/enterprise", &json!({"packages": ["acme/c", "acme/b"]})).await;
    assert_eq!((answer.status, &answer.json["packages"]), (200, &json!(["acme/b", "acme/c"])), "{answer}");
    for (name, bundles) in [("a", json!([])), ("b", json!(["enterprise"])), ("c", json!(["enterprise"]))] {
        assert_eq!(t.get(&format!("/api/v1/packages/acme/{name}")).await.json["bundles"], bundles, "{name}");
    }
    let same = t.patch("/api/v1/bundles/enterprise", &json!({"name": "Enterprise"})).await;
    assert_eq!((same.status, &same.json["packages"]), (200, &answer.json["packages"]), "{same}");
    for (body, field) in [
        (json!({"name": "other"}), "name"),
        (json!({"packages": ["acme/x"]}), "packages"),
        (json!({"packages": ["acme/a", "acme/a"]}), "packages"),
        (json!({"packages": {}}), "packages"),
        (json!({"packages": null}), "packages"),
    ] {
        t.patch("/api/v1/bundles/enterprise", &body).await.is_error(400, "VALIDATION_ERROR", &[field]);
    }
    t.patch("/api/v1/bundles/other", &json!({"packages": []})).await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.get("/api/v1/bundles/enterprise").await.json["packages"], answer.json["packages"]);
    let logs = t.get("/api/admin/access-logs?action=bundle_updated").await;
    assert_eq!(logs.json["pagination"]["total"], 1, "{logs}");
    finish(t).await;
}

#[tokio::test]
async fn all_of_the_largest_bundle_can_be_changed() {
    let t = TestStack::start().await;
    let names: Vec<String> = (0..180).map(|number| format!("acme/p{number:03}")).collect();
    add(&t, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let created = t.post("/api/v1/bundles", &json!({"name": "large", "packages": names[..90]})).await;
    assert_eq!(created.status, 201, "{created}");
    let changed = t.patch("/api/v1/bundles/large", &json!({"packages": names[90..]})).await;
    assert_eq!((changed.status, &changed.json["packages"]), (200, &json!(names[90..])), "{changed}");
    assert_eq!(t.get(&format!("/api/v1/packages/{}", names[0])).await.json["bundles"], json!([]));
    assert_eq!(t.get(&format!("/api/v1/packages/{}", names[179])).await.json["bundles"], json!(["large"]));
    assert_eq!(t.delete("/api/v1/bundles/large").await.status, 204);
    assert_eq!(t.get(&format!("/api/v1/packages/{}", names[179])).await.json["bundles"], json!([]));
    clear(&t).await;
    finish(t).await;
}

#[tokio::test]
async fn changes_at_once_leave_packages_and_bundles_agreeing() {
    let t = TestStack::start().await;
    add(&t, &["acme/a", "acme/b"]).await;
    t.post("/api/v1/bundles", &json!({"name": "one", "packages": []})).await;
    t.post("/api/v1/bundles", &json!({"name": "two", "packages": ["acme/a"]})).await;
    let lists = [json!(["acme/a"]), json!(["acme/b"]), json!(["acme/a", "acme/b"]), json!([])];
    let changes = lists.iter().flat_map(|list| ["one", "two"].map(|bundle| (bundle, list)));
    let changes = changes
        .map(async |(bundle, list)| t.patch(&format!("/api/v1/bundles/{bundle}"), &json!({"packages": list})).await);
    for answer in futures::future::join_all(changes).await {
        assert!([200, 409].contains(&answer.status), "{answer}");
    }
    for bundle in ["one", "two"] {
        let packages = t.get(&format!("/api/v1/bundles/{bundle}")).await.json["packages"].clone();
        for name in ["acme/a", "acme/b"] {
            let of_package = t.get(&format!("/api/v1/packages/{name}")).await.json["bundles"].clone();
            let (inside, outside) = (packages.as_array().unwrap(), of_package.as_array().unwrap());
            assert_eq!(inside.contains(&json!(name)), outside.contains(&json!(bundle)), "{bundle} {name}");
        }
    }
    finish(t).await;
}

#[tokio::test]
async fn delete_bundle() {
    let t = TestStack::start().await;
    add(&t, &["acme/a"]).await;
    let new = json!({"name": "enterprise", "packages": ["acme/a"]});
    t.post("/api/v1/bundles", &new).await;
    customer(&t, 1, bundled(&t, "enterprise")).await;
    t.delete("/api/v1/bundles/enterprise").await.is_error(409, "CONFLICT", &[]);
    assert_eq!(t.delete("/api/v1/bundles/enterprise?force=true").await.status, 204);
    t.get("/api/v1/bundles/enterprise").await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.get("/api/v1/packages/acme/a").await.json["bundles"], json!([]));
    t.post("/api/v1/bundles", &new).await.is_error(409, "CONFLICT", &[]);
    assert_eq!(t.delete("/api/v1/bundles/enterprise").await.status, 204, "asks for it once more");
    clear(&t).await;
    t.delete("/api/v1/bundles/enterprise").await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.post("/api/v1/bundles", &new).await.status, 201);
    finish(t).await;
}

#[tokio::test]
async fn who_has_a_package() {
    let t = TestStack::start().await;
    add(&t, &["acme/a", "acme/b"]).await;
    t.post("/api/v1/bundles", &json!({"name": "enterprise", "packages": ["acme/a"]})).await;
    let purchase = PurchaseId::generate(t.now(), &t.random);
    let bought = BTreeMap::from([(package("acme/a"), grant(&t, "*"))]);
    let pinned = Pinned { package: package("acme/a"), version: "1.0.0.0".to_owned() };
    // It is frozen at what the package was when it was in that bundle.
    t.post("/api/v1/bundles", &json!({"name": "left", "packages": []})).await;
    let left = Bundle {
        name: BundleName::parse("left").unwrap(),
        packages: [package("acme/a")].into(),
        created_at: t.now(),
        updated_at: t.now(),
        rev: 1,
    };
    let had = bundled(&t, "left");
    let frozen = Freeze::new(t.now(), Some([pinned].into()), &had, &[left]);
    let both = Grants { direct: direct(&t, "acme/a", "^2.0").direct, ..bundled(&t, "enterprise") };
    let ids = [
        customer(&t, 1, both).await,
        customer(&t, 2, direct(&t, "acme/b", "*")).await,
        customer(&t, 3, Grants { purchases: BTreeMap::from([(purchase, bought)]), ..Grants::default() }).await,
        customer(&t, 4, Grants { frozen: Some(frozen), ..had }).await,
    ];
    let row = |number: usize, via: &str, constraint: Value| {
        let granted_at = if constraint.is_null() { Value::Null } else { json!("2026-01-01T00:00:00Z") };
        json!({
            "id": ids[number - 1].to_string(), "name": format!("Customer {number}"),
            "email": format!("dev@customer-{number}.example"), "status": "active", "via": via, "constraint": constraint,
            "granted_at": granted_at, "expires_at": null
        })
    };
    let with = |mut row: Value, field: &str, value: String| {
        row[field] = json!(value);
        row
    };
    let rows = [
        row(1, "direct", json!("^2.0")),
        with(row(1, "bundle", json!("*")), "bundle", "enterprise".to_owned()),
        with(row(3, "purchase", json!("*")), "purchase", purchase.to_string()),
        row(4, "frozen", Value::Null),
    ];
    for path in ["acme/a", "acme%2Fa"] {
        let answer = t.get(&format!("/api/v1/packages/{path}/customers")).await;
        let pagination = json!({"page": 1, "per_page": 20, "total": 4, "total_pages": 1});
        answer.is(200, &json!({"data": rows, "pagination": pagination}));
    }
    let second = t.get("/api/v1/packages/acme/a/customers?per_page=3&page=2").await;
    assert_eq!(second.json["data"], json!([rows[3]]), "{second}");
    t.get("/api/v1/packages/acme/c/customers").await.is_error(404, "NOT_FOUND", &[]);

    t.delete("/api/v1/packages/acme/b").await.is_error(409, "CONFLICT", &[]);
    assert_eq!(t.delete("/api/v1/packages/acme/b?force=true").await.status, 204);
    clear(&t).await;
    finish(t).await;
}
