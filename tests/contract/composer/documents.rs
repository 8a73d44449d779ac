//! The documents: `packages.json`, `p2`, `list` and `search`.

use axum::body::Body;
use domain::{CompanyId, grant::Grants};
use http::Method;
use journeys::{commit_of, granted, indexed};
use serde_json::{Value, json};
use testkit::connector::Meter;

use super::{WIDGET, first, full, shelf, versions};

#[tokio::test]
async fn the_root_names_what_the_customer_has_and_where_everything_is() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    t.fetch("/packages.json", &token).await.is(
        200,
        &json!({
            "packages": [],
            "metadata-url": "/p2/%package%.json",
            "available-packages": ["acme/core", "acme/widget"],
            "notify-batch": "/downloads",
            "search": "/search.json?q=%query%&type=%type%",
            "list": "/list.json",
        }),
    );
    t.finish().await;
}

/// An empty list counts as none: then Composer would ask here for whatever it needs.
#[tokio::test]
async fn who_has_nothing_is_told_so_in_a_way_that_composer_understands() {
    let t = shelf().await;
    t.shelve("acme/gone", &["v1.0.0"]).await;
    let (_, token) = t.customer_with(1, granted(t.now(), &[("acme/gone", "*")])).await;
    let delete = t.request(Method::DELETE, "/api/v1/packages/acme/gone?force=true").body(Body::empty()).unwrap();
    assert_eq!(t.send(delete).await.status, 204);
    let root = t.fetch("/packages.json", &token).await.json;
    assert_eq!(root["available-packages"], json!([]));
    assert_eq!(root["available-package-patterns"], json!(["-/-"]));
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn metadata_say_all_that_an_installation_needs_and_nothing_of_the_source() {
    let t = shelf().await;
    let composer = json!({
        "name": "Acme/Gadget", "version": "9.9", "type": "library", "description": "A gadget", "require": {"php": ">=8.1"},
        "source": {"type": "git", "url": "https://github.com/acme/gadget", "reference": "main"},
        "dist": {"type": "zip", "url": "https://example.com/evil.zip"}, "time": "1999-01-01", "extra": {"empty": {}},
        "notification-url": "https://example.com/", "default-branch": true, "keywords": null,
    });
    let mut version = indexed("acme/gadget", "v1.2.0", t.now(), &composer);
    version.archive.sha1 = "0123456789abcdef0123456789abcdef01234567".to_owned();
    t.shelve_versions(CompanyId(1), "acme/gadget", vec![version]).await;
    let (_, token) = t.customer_with(1, granted(t.now(), &[("acme/gadget", "*")])).await;
    let commit = commit_of("acme/gadget", "v1.2.0");
    t.fetch("/p2/acme/gadget.json", &token).await.is(
        200,
        &json!({
            "minified": "composer/2.0",
            "packages": {"acme/gadget": [{
                "name": "acme/gadget",
                "version": "v1.2.0",
                "version_normalized": "1.2.0.0",
                "type": "library",
                "description": "A gadget",
                "require": {"php": ">=8.1"},
                "extra": {"empty": {}},
                "time": "2026-01-01T00:00:00Z",
                "dist": {
                    "type": "zip",
                    "url": format!("{}/dist/acme/gadget/v1.2.0/{commit}.zip", t.stack.url),
                    "reference": commit,
                    "shasum": "0123456789abcdef0123456789abcdef01234567",
                },
            }]},
        }),
    );
    t.finish().await;
}

#[tokio::test]
async fn versions_are_newest_first_and_only_those_of_the_grant() {
    let t = shelf().await;
    let ((_, all), (_, some)) = (full(&t, 1).await, first(&t, 2).await);
    assert_eq!(versions(&t, &all, "acme/widget").await, WIDGET);
    assert_eq!(versions(&t, &some, "acme/widget").await, ["1.1.0", "1.0.0"]);
    // What is the same as in the version before is not said again.
    let shown = t.fetch("/p2/acme/widget.json", &some).await.json;
    let second = shown["packages"]["acme/widget"][1].as_object().unwrap();
    let names: Vec<&str> = second.keys().map(String::as_str).collect();
    assert_eq!(names, ["dist", "version", "version_normalized"], "{shown}");
    t.finish().await;
}

#[tokio::test]
async fn branches_are_in_a_document_of_their_own_and_only_if_the_package_has_any() {
    let t = shelf().await;
    let now = t.now();
    let version = |tag| indexed("acme/branched", tag, now, &json!({"require": {"php": ">=8"}}));
    let found = vec![version("dev-main"), version("dev-feature/x"), version("1.x-dev"), version("1.0.0")];
    t.shelve_versions(CompanyId(1), "acme/branched", found).await;
    let (_, token) = t.customer_with(1, granted(t.now(), &[("acme/branched", "*"), ("acme/core", "*")])).await;
    assert_eq!(versions(&t, &token, "acme/branched").await, ["1.0.0"]);
    let branches = t.fetch("/p2/acme/branched~dev.json", &token).await;
    let branches = branches.json["packages"]["acme/branched"].as_array().unwrap().clone();
    let shown: Vec<&str> = branches.iter().map(|it| it["version"].as_str().unwrap()).collect();
    assert_eq!(shown, ["dev-main", "dev-feature/x", "1.x-dev"]);
    assert_eq!((&branches[0]["default-branch"], &branches[1]["default-branch"]), (&json!(true), &json!("__unset")));

    // A branch's name may hold what a path may not.
    let url = branches[1]["dist"]["url"].as_str().unwrap();
    assert!(url.contains("/dist/acme/branched/dev-feature~2fx/"), "{url}");
    let answer = t.fetch(url.strip_prefix(&t.stack.url).unwrap(), &token).await;
    assert_eq!(answer.status, 302, "{answer}");

    let (_, tagged) = t.customer_with(2, granted(t.now(), &[("acme/branched", "1.0.0")])).await;
    for (path, token) in [("/p2/acme/branched~dev.json", &tagged), ("/p2/acme/core~dev.json", &token)] {
        t.fetch(path, token).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.finish().await;
}

#[tokio::test]
async fn a_name_is_the_same_in_whatever_case_and_no_other_path_names_anything() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    assert_eq!(t.fetch("/p2/Acme/WIDGET.json", &token).await.status, 200);
    let long = format!("/p2/acme/{}.json", "w".repeat(60_000));
    let meter = Meter::new();
    for path in [
        "/p2/acme/widget",
        "/p2/acme/widget.zip",
        "/p2/acme/.json",
        "/p2/acme/wid%00get.json",
        "/p2/acme/%FF.json",
        "/p2/acme%2Fwidget/x.json",
        "/p2/../widget.json",
        "/p2/acme/widget~dev~dev.json",
        "/p2/acme/widget.json.json",
        &long,
    ] {
        meter.scope(t.fetch(path, &token)).await.is_error(404, "NOT_FOUND", &[]);
    }
    t.finish().await;
}

#[tokio::test]
async fn list_and_search_find_what_can_be_installed() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    let names = async |query: &str| t.fetch(&format!("/list.json{query}"), &token).await.json["packageNames"].clone();
    assert_eq!(names("").await, json!(["acme/core", "acme/widget"]));
    for (query, found) in [
        ("?filter=acme/*", json!(["acme/core", "acme/widget"])),
        ("?filter=*get", json!(["acme/widget"])),
        ("?filter=ACME/CORE", json!(["acme/core"])),
        ("?vendor=acme&filter=acme/w*", json!(["acme/widget"])),
        ("?vendor=other", json!([])),
        ("?filter=", json!(["acme/core", "acme/widget"])),
    ] {
        assert_eq!(names(query).await, found, "{query}");
    }
    let search = async |query: &str| {
        let answer = t.fetch(&format!("/search.json{query}"), &token).await;
        assert_eq!(answer.status, 200, "{answer}");
        let names = answer.json["results"].as_array().unwrap().iter().map(|it| it["name"].clone());
        names.collect::<Vec<Value>>()
    };
    assert_eq!(search("?q=WID&type=").await, [json!("acme/widget")]);
    assert_eq!(search("?q=acme+core").await, [json!("acme/core")]);
    assert_eq!(search("?q=secret").await, Vec::<Value>::new());
    assert_eq!(search("?q=&type=library").await.len(), 2);
    assert_eq!(search("?q=&type=magento2-module").await.len(), 0);
    t.fetch("/search.json?q=widget", &token)
        .await
        .is(200, &json!({"total": 1, "results": [{"name": "acme/widget", "description": ""}]}));
    t.finish().await;
}

#[tokio::test]
async fn another_companys_package_of_the_same_name_is_another_package() {
    let t = shelf().await;
    t.found_company(2, domain::company::Role::Owner, None).await;
    let theirs = indexed("acme/widget", "7.0.0", t.now(), &json!({}));
    t.shelve_versions(CompanyId(2), "acme/widget", vec![theirs]).await;
    let (_, ours) = full(&t, 1).await;
    let (_, theirs) = t.customer_of(CompanyId(2), 1, granted(t.now(), &[("acme/widget", "*")])).await;
    assert_eq!(versions(&t, &ours, "acme/widget").await, WIDGET);
    assert_eq!(versions(&t, &theirs, "acme/widget").await, ["7.0.0"]);
    let root = t.fetch("/packages.json", &theirs).await.json;
    assert_eq!(root["available-packages"], json!(["acme/widget"]), "core is ours alone");
    t.fetch("/p2/acme/core.json", &theirs).await.is_error(404, "NOT_FOUND", &[]);
    t.fetch("/dist/acme/widget/2.0.0.zip", &theirs).await.is_error(404, "NOT_FOUND", &[]);
    let (_, nothing) = t.customer_with(2, Grants::default()).await;
    t.fetch("/p2/acme/widget.json", &nothing).await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}
