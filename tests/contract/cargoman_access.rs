//! `cargoman.md`, "Package Access": List Customer Packages, Grant, Update and Revoke Package Access.

use std::time::Duration;

use domain::{CompanyId, package::PackageId};
use journeys::{TestStack, package_name};
use serde_json::{Value, json};
use store::CountedUse;

use crate::cargoman_customers::{customer, path};

/// A customer, and some packages.
async fn open() -> (TestStack, String) {
    let t = TestStack::start().await;
    t.shelve("vendor/package", &["3.0.0", "2.1.0", "2.0.0", "1.0.0"]).await;
    t.shelve("vendor/core", &["1.1.0-beta1", "1.0.0"]).await;
    t.shelve("vendor/addon", &["1.0.0"]).await;
    let id = customer(&t, "Acme").await;
    (t, id)
}

/// Package, origin and versions of each row.
fn rows(body: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |row: &Value| {
        let versions = row["versions"].as_array().unwrap().iter().map(text).collect();
        (text(&row["package"]), text(&row["via"]), versions)
    };
    body["data"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn grant_package_access() {
    let (t, id) = open().await;
    let packages = path(&id, "/packages");
    let expected = json!({
        "package": "vendor/package",
        "constraint": "^2.0",
        // Extensions.
        "granted_at": "2026-01-01T00:00:00Z",
        "expires_at": null,
        "updates_until": null,
        "minimum_stability": null,
    });
    t.post(&packages, &json!({"package": "Vendor/Package", "constraint": "^2.0"})).await.is(201, &expected);
    t.clock.advance(Duration::from_mins(1));
    let limits = json!({
        "package": "vendor/package", "constraint": "^2.0 || 3.*", "expires_at": "2027-01-01T00:00:00Z",
        "updates_until": "2026-06-01T00:00:00Z", "minimum_stability": "RC"
    });
    let changed = t.post(&packages, &limits).await;
    let mut expected = limits;
    expected["granted_at"] = json!("2026-01-01T00:00:00Z");
    changed.is(200, &expected);
    let any = t.post(&packages, &json!({"package": "vendor/core"})).await;
    assert_eq!((any.status, &any.json["constraint"]), (201, &json!("*")), "{any}");
    t.finish().await;
}

#[tokio::test]
async fn a_grant_that_is_changed_keeps_the_limits_that_are_not_named() {
    let (t, id) = open().await;
    t.bundle("enterprise", &["vendor/package"]).await;
    for (place, thing) in
        [("/packages", json!({"package": "vendor/core"})), ("/bundles", json!({"bundle": "enterprise"}))]
    {
        let post = async |limits: Value| t.post(&path(&id, place), &journeys::with(thing.clone(), &limits)).await;
        let limits = json!({
            "constraint": "^1.0", "expires_at": "2027-01-01T00:00:00Z", "updates_until": "2026-06-01T00:00:00Z",
            "minimum_stability": "RC"
        });
        let first = post(limits).await;
        assert_eq!(first.status, 201, "{first}");
        let renewed = post(json!({"expires_at": "2028-01-01T00:00:00Z"})).await;
        renewed.is(200, &journeys::with(first.json.clone(), &json!({"expires_at": "2028-01-01T00:00:00Z"})));
        let same = post(json!({})).await;
        same.is(200, &renewed.json);
        let next = post(json!({"constraint": "^2.0"})).await;
        next.is(200, &journeys::with(renewed.json.clone(), &json!({"constraint": "^2.0"})));
        let none = json!({"constraint": null, "expires_at": null, "updates_until": null, "minimum_stability": null});
        let free = post(none.clone()).await;
        free.is(200, &journeys::with(journeys::with(next.json.clone(), &none), &json!({"constraint": "*"})));
    }
    t.finish().await;
}

#[tokio::test]
async fn an_update_replaces_the_limits_that_were_there() {
    let (t, id) = open().await;
    let packages = path(&id, "/packages");
    let limited = json!({"package": "vendor/core", "constraint": "^1.0", "expires_at": "2027-01-01T00:00:00Z"});
    let before = t.post(&packages, &limited).await;
    let after = t.put(&packages, &json!({"packages": [{"package": "vendor/core"}]})).await;
    let free = journeys::with(before.json.clone(), &json!({"constraint": "*", "expires_at": null}));
    after.is(200, &json!({"packages": [free]}));
    t.finish().await;
}

#[tokio::test]
async fn a_grant_has_to_make_sense() {
    let (t, id) = open().await;
    let packages = path(&id, "/packages");
    t.post(&packages, &json!({"package": "vendor/nothing"})).await.is_error(404, "NOT_FOUND", &["package"]);
    let bad = t.post(&packages, &json!({"package": "vendor/package", "constraint": "^^2"})).await;
    bad.is_error(400, "VALIDATION_ERROR", &["constraint"]);
    let message = bad.text("/error/details/0/message");
    assert!(message.contains("^^2"), "what Composer says of it: {message}");
    let long = "a/".to_owned() + &"b".repeat(500_000);
    for (body, fields) in [
        (json!({}), vec!["package"]),
        (json!({"package": "widget"}), vec!["package"]),
        (json!({"package": long}), vec!["package"]),
        (json!({"package": "vendor/package#x"}), vec!["package"]),
        (
            json!({"package": 7, "constraint": 7, "expires_at": 7, "updates_until": 7, "minimum_stability": "beige"}),
            vec!["package", "constraint", "expires_at", "updates_until", "minimum_stability"],
        ),
        (json!({"package": "vendor/package", "constraint": "x".repeat(501)}), vec!["constraint"]),
    ] {
        t.post(&packages, &body).await.is_error(400, "VALIDATION_ERROR", &fields);
    }
    t.post(&path("99", "/packages"), &json!({"package": "vendor/package"})).await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.get(&packages).await.json["pagination"]["total"], 0);
    t.finish().await;
}

#[tokio::test]
async fn list_customer_packages() {
    let (t, id) = open().await;
    t.bundle("enterprise", &["vendor/core", "vendor/package"]).await;
    for body in [json!({"package": "vendor/package", "constraint": "^2.0"}), json!({"package": "vendor/addon"})] {
        t.post(&path(&id, "/packages"), &body).await;
    }
    t.post(&path(&id, "/bundles"), &json!({"bundle": "enterprise", "constraint": "1.0.0 || 1.1.0-beta1"})).await;
    let answer = t.get(&path(&id, "/packages")).await;
    let at = "2026-01-01T00:00:00Z";
    let row = |package: &str, constraint: &str, more: Value| {
        let limits = json!({
            "package": package, "constraint": constraint, "granted_at": at, "expires_at": null, "updates_until": null,
            "minimum_stability": null, "downloads": 0
        });
        journeys::with(limits, &more)
    };
    let package = json!({"versions": ["2.1.0", "2.0.0", "1.0.0"], "latest_version": "2.1.0"});
    let bundle = |versions: Value| journeys::with(versions, &json!({"via": "bundle", "bundle": "enterprise"}));
    let direct = |versions: Value| journeys::with(versions, &json!({"via": "direct"}));
    let constraint = "1.0.0 || 1.1.0-beta1";
    answer.is(
        200,
        &json!({
            "data": [
                row("vendor/addon", "*", direct(json!({"versions": ["1.0.0"], "latest_version": "1.0.0"}))),
                row("vendor/core", constraint, bundle(json!({"versions": ["1.1.0-beta1", "1.0.0"], "latest_version": "1.0.0"}))),
                row("vendor/package", "^2.0", direct(package.clone())),
                row("vendor/package", constraint, bundle(package)),
            ],
            "pagination": {"page": 1, "per_page": 20, "total": 4, "total_pages": 1}
        }),
    );
    let all = rows(&answer.json);
    let first = t.get(&path(&id, "/packages?per_page=3")).await;
    let cursor = first.text("/pagination/next_cursor");
    let rest = t.get(&path(&id, &format!("/packages?per_page=3&cursor={cursor}"))).await;
    assert_eq!([rows(&first.json), rows(&rest.json)].concat(), all);
    t.get(&path(&id, "/packages?page=0")).await.is_error(400, "VALIDATION_ERROR", &["page"]);

    t.post(&path(&id, "/suspend"), &json!({})).await;
    let none = rows(&t.get(&path(&id, "/packages")).await.json);
    assert!(none.len() == 4 && none.iter().all(|(_, _, versions)| versions.is_empty()), "{none:?}");
    t.finish().await;
}

#[tokio::test]
async fn downloads_are_shown() {
    let (t, id) = open().await;
    t.post(&path(&id, "/packages"), &json!({"package": "vendor/core"})).await;
    let (number, core) = (id.parse().unwrap(), package_name("vendor/core"));
    let package = t.stack.store.package(CompanyId(1), &core).await.unwrap().unwrap();
    let count = async |package: &PackageId, version, what| {
        t.stack.store.count_use(CompanyId(1), number, (package, &core, version), (what, 1)).await.unwrap();
    };
    for version in ["1.0.0.0", "1.0.0.0", "1.1.0.0-beta1"] {
        count(&package.package_id, version, CountedUse::Download).await;
        count(&package.package_id, version, CountedUse::Install).await;
    }
    let shown = async || t.get(&path(&id, "/packages")).await.json["data"][0]["downloads"].clone();
    assert_eq!(shown().await, 3);

    // A package that takes over the name begins anew.
    let next = PackageId::generate(&t.random);
    count(&next, "1.0.0.0", CountedUse::Download).await;
    assert_eq!(shown().await, 1, "those of the package that has the name now");
    let counted = t.stack.store.downloads(CompanyId(1), number).await.unwrap();
    let anew = counted.iter().find(|it| it.package_id == next).unwrap();
    assert_eq!((anew.version.as_str(), anew.downloads, anew.installs), ("1.0.0.0", 1, 0));
    t.finish().await;
}

#[tokio::test]
async fn update_package_access() {
    let (t, id) = open().await;
    t.bundle("enterprise", &["vendor/package"]).await;
    let packages = path(&id, "/packages");
    for package in ["vendor/package", "vendor/addon"] {
        t.post(&packages, &json!({"package": package})).await;
    }
    t.post(&path(&id, "/bundles"), &json!({"bundle": "enterprise"})).await;
    t.clock.advance(Duration::from_mins(1));
    let body = json!({"packages": [{"package": "vendor/core", "constraint": "*"}, {"package": "vendor/addon", "constraint": "^1.0"}]});
    let answer = t.put(&packages, &body).await;
    let row = |package: &str, constraint: &str, at: &str| {
        json!({
            "package": package, "constraint": constraint, "granted_at": at, "expires_at": null, "updates_until": null,
            "minimum_stability": null
        })
    };
    answer.is(
        200,
        &json!({"packages": [
            row("vendor/addon", "^1.0", "2026-01-01T00:00:00Z"),
            row("vendor/core", "*", "2026-01-01T00:01:00Z"),
        ]}),
    );
    let shown = rows(&t.get(&packages).await.json);
    let shown: Vec<_> = shown.iter().map(|(package, via, _)| (package.as_str(), via.as_str())).collect();
    assert_eq!(shown, [("vendor/addon", "direct"), ("vendor/core", "direct"), ("vendor/package", "bundle")]);
    let of = async |package: &str| {
        t.stack.store.package_customers(CompanyId(1), &package_name(package)).await.unwrap().len()
    };
    assert_eq!((of("vendor/addon").await, of("vendor/core").await, of("vendor/package").await), (1, 1, 0));
    t.put(&packages, &json!({"packages": []})).await.is(200, &json!({"packages": []}));
    assert_eq!(of("vendor/core").await, 0);
    t.finish().await;
}

#[tokio::test]
async fn an_update_with_anything_wrong_changes_nothing() {
    let (t, id) = open().await;
    let packages = path(&id, "/packages");
    t.post(&packages, &json!({"package": "vendor/core"})).await;
    let one = json!({"package": "vendor/addon"});
    for (body, fields) in [
        (json!({}), vec!["packages"]),
        (json!({"packages": null}), vec!["packages"]),
        (json!({"packages": "vendor/core"}), vec!["packages"]),
        (json!({"packages": vec![one.clone(); 501]}), vec!["packages"]),
        (json!({"packages": [one, "vendor/core"]}), vec!["packages[1]"]),
        (json!({"packages": [one, {"package": "Vendor/Addon"}]}), vec!["packages[1].package"]),
        (
            json!({"packages": [{"package": "x"}, one, {"package": "vendor/core", "constraint": "x y z !"}]}),
            vec!["packages[0].package", "packages[2].constraint"],
        ),
    ] {
        t.put(&packages, &body).await.is_error(400, "VALIDATION_ERROR", &fields);
    }
    let unknown = t.put(&packages, &json!({"packages": [one, {"package": "vendor/nothing"}]})).await;
    unknown.is_error(404, "NOT_FOUND", &["packages[1].package"]);
    let shown = rows(&t.get(&packages).await.json);
    assert_eq!(shown.len(), 1, "{shown:?}");
    t.finish().await;
}

#[tokio::test]
async fn revoke_package_access() {
    let (t, id) = open().await;
    for spelling in ["vendor%2Fpackage", "vendor%2fpackage", "vendor%252Fpackage", "vendor/package", "Vendor/Package"] {
        assert_eq!(t.post(&path(&id, "/packages"), &json!({"package": "vendor/package"})).await.status, 201);
        let revoke = path(&id, &format!("/packages/{spelling}"));
        let answer = t.delete(&revoke).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{spelling}: {answer}");
        t.delete(&revoke).await.is_error(404, "NOT_FOUND", &[]);
        assert_eq!(t.get(&path(&id, "/packages")).await.json["data"], json!([]));
    }
    for nothing in ["vendor", "vendor%2F", "vendor/core", "vendor%2Fpackage%2Fx", "vendor/%00", "%FF/x"] {
        t.delete(&path(&id, &format!("/packages/{nothing}"))).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.finish().await;
}

#[tokio::test]
async fn of_many_grants_at_once_none_is_lost() {
    let t = TestStack::start().await;
    let id = customer(&t, "Acme").await;
    let names: Vec<_> = (0..50).map(|number| format!("vendor/package-{number:02}")).collect();
    for name in &names {
        t.shelve(name, &[]).await;
    }
    let grant = |name: &String| {
        let (t, path, body) = (&t, path(&id, "/packages"), json!({"package": name}));
        async move { t.post(&path, &body).await }
    };
    for answer in futures::future::join_all(names.iter().map(grant)).await {
        assert_eq!(answer.status, 201, "{answer}");
    }
    let shown = rows(&t.get(&path(&id, "/packages?per_page=100")).await.json);
    let shown: Vec<_> = shown.into_iter().map(|(package, ..)| package).collect();
    assert_eq!(shown, names);
    t.finish().await;
}

/// More than fit into one transaction.
#[tokio::test]
async fn as_many_packages_as_there_may_be() {
    let t = TestStack::start().await;
    let id = customer(&t, "Acme").await;
    let names: Vec<_> = (0..120).map(|number| format!("vendor/package-{number:03}")).collect();
    for name in &names {
        t.shelve(name, &[]).await;
    }
    let all: Vec<_> = names.iter().map(|name| json!({"package": name})).collect();
    let packages = path(&id, "/packages");
    assert_eq!(t.put(&packages, &json!({"packages": all})).await.status, 200);
    assert_eq!(t.get(&packages).await.json["pagination"]["total"], 120);
    let of = async |package: &str| {
        t.stack.store.package_customers(CompanyId(1), &package_name(package)).await.unwrap().len()
    };
    assert_eq!((of(&names[0]).await, of(&names[119]).await), (1, 1));
    assert_eq!(t.delete(&path(&id, "")).await.status, 204);
    assert_eq!((of(&names[0]).await, of(&names[119]).await), (0, 0));
    t.finish().await;
}
