//! Contract `cargoman.md`, "Packages": List, Add, Get, Sync and Delete Package, and their extensions.

use domain::{
    CompanyId, LogId,
    log::{Action, Actor, LogEntry, LogStatus},
    package::{Archive, Found, Index, IndexedVersion, Package, PackageName, Skipped, SyncState},
};
use journeys::TestStack;
use serde_json::{Value, json};
use store::{Blobs, Indexes};

const COMPANY: CompanyId = CompanyId(1);

/// The contract's example, with a repository that the sandbox has.
pub(crate) fn example() -> Value {
    json!({"name": "acme/toolkit", "repository_url": "https://github.com/acme-corp/toolkit.git", "type": "github"})
}

/// Adds packages of these names.
pub(crate) async fn add(t: &TestStack, names: &[&str]) {
    for name in names {
        let body = json!({"name": name, "repository_url": format!("https://github.com/{name}")});
        let answer = t.post("/api/v1/packages", &body).await;
        assert_eq!(answer.status, 201, "{answer}");
    }
}

/// Ends a test: what was asked of the workers is done.
pub(crate) async fn finish(t: TestStack) {
    t.settle().await;
    t.finish().await;
}

/// What was deleted is cleared away.
pub(crate) async fn clear(t: &TestStack) {
    t.settle().await;
    for leftover in t.stack.store.leftovers(COMPANY).await.unwrap() {
        t.stack.store.cleared(COMPANY, &leftover).await.unwrap();
    }
}

fn name(text: &str) -> PackageName {
    PackageName::parse(text).unwrap()
}

fn line(t: &TestStack) -> LogEntry {
    let id = LogId::generate(t.now(), &t.random);
    LogEntry::new(id, t.now(), Actor::Tollgate, Action::PackageSynced, LogStatus::Success)
}

/// A package as a sync leaves it that found these versions, and a tag that is none.
async fn synced(t: &TestStack, package: &str, versions: &[&str]) {
    let before = t.stack.store.package(COMPANY, &name(package)).await.unwrap().unwrap();
    let archive = Archive {
        commit: "c".repeat(40),
        sha1: "d".repeat(40),
        sha256: "e".repeat(64),
        size: 7,
        time: t.now(),
        listed_at: t.now(),
    };
    let version = |version: &&str| IndexedVersion {
        name: (*version).to_owned(),
        object: "b".repeat(40),
        version: (*version).to_owned(),
        normalized: domain::grant::normalized(version).unwrap(),
        branch: false,
        default_branch: false,
        released_at: t.now(),
        listed_at: t.now(),
        archive: archive.clone(),
        composer: serde_json::Map::new(),
    };
    let (name, reason) = ("nightly".to_owned(), "Not a version".to_owned());
    let skipped = Skipped { name, object: "a".repeat(40), reason, again: false };
    let index = Index { versions: versions.iter().map(version).collect(), skipped: vec![skipped] };
    let client = t.aws.s3.clone();
    let indexes = Indexes::new(Blobs::new(move || client, "blobsbucket"));
    let digest = indexes.save(COMPANY, &before, &index).await.unwrap();
    let found = Found {
        index: Some(digest),
        changed_at: Some(t.now()),
        versions: u32::try_from(versions.len()).unwrap(),
        skipped: 1,
        latest: versions.first().map(|it| (*it).to_owned()),
    };
    let sync = SyncState {
        done: before.sync.wanted,
        ended_at: Some(t.now()),
        synced_at: Some(t.now()),
        ..before.sync.clone()
    };
    let after = Package { found, sync, ..before.clone() };
    assert!(t.stack.store.change_package(COMPANY, &before, &after, &[], &[line(t)]).await.unwrap());
}

#[tokio::test]
async fn add_package() {
    let t = TestStack::start().await;
    let expected = json!({
        "name": "acme/toolkit",
        "description": null,
        "repository_url": "https://github.com/acme-corp/toolkit.git",
        "type": "github",
        "dev_branches": false,
        "versions": [],
        "latest_version": null,
        "synced_at": null,
        "sync": {"status": "queued", "last_sync_at": null, "last_error": null, "versions": 0, "skipped": []},
        "bundles": [],
        "created_at": "2026-01-01T00:00:00Z"
    });
    t.post("/api/v1/packages", &example()).await.is(201, &expected);
    t.get("/api/v1/packages/acme%2Ftoolkit").await.is(200, &expected);
    assert_eq!(t.messages().await, [("PackagesQueue".to_owned(), 1)], "the first sync");

    t.post("/api/v1/packages", &example()).await.is_error(409, "CONFLICT", &[]);
    let logs = t.get("/api/admin/access-logs?action=package_added").await;
    assert_eq!(logs.json["pagination"]["total"], 1, "{logs}");
    finish(t).await;
}

#[tokio::test]
async fn the_type_follows_from_the_host_and_must_not_be_another() {
    let t = TestStack::start().await;
    for (package, url, kind) in [
        ("acme/one", "git@github.com:acme-corp/toolkit.git", "github"),
        ("acme/two", "https://gitlab.com/acme-corp/sub/reports", "gitlab"),
        ("acme/three", "https://bitbucket.org/acme-corp/charts", "bitbucket"),
    ] {
        let answer = t.post("/api/v1/packages", &json!({"name": package, "repository_url": url})).await;
        assert_eq!((answer.status, answer.text("/type").as_str()), (201, kind), "{answer}");
        let other = if kind == "github" { "gitlab" } else { "github" };
        let body = json!({"name": "acme/four", "repository_url": url, "type": other});
        t.post("/api/v1/packages", &body).await.is_error(400, "VALIDATION_ERROR", &["repository_url"]);
    }
    finish(t).await;
}

#[tokio::test]
async fn a_package_that_cannot_be_is_refused_and_all_wrong_fields_named() {
    let t = TestStack::start().await;
    let refused = async |body: Value, fields: &[&str]| {
        t.post("/api/v1/packages", &body).await.is_error(400, "VALIDATION_ERROR", fields);
    };
    refused(json!({}), &["name", "repository_url"]).await;
    let wrong = json!({"name": "toolkit", "repository_url": "x", "type": "git", "dev_branches": "yes"});
    refused(wrong, &["name", "repository_url", "type", "dev_branches"]).await;
    refused(json!({"name": 7, "repository_url": [], "type": {}}), &["name", "repository_url", "type"]).await;
    for url in [
        "http://127.0.0.1/acme/widget",
        "http://[::1]/acme/widget",
        "http://localhost:22/acme/widget",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.8/acme/widget",
        "https://metadata.google.internal/computeMetadata/v1",
        "https://github.com.evil.example/acme/widget",
        "https://evil.example/acme/widget",
        "https://me:secret@github.com/acme/widget",
        "https://github.com/acme",
        "https://github.com/acme/../../etc",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ext::sh -c touch% /tmp/x",
        "https://github.com/acme/widget?token=x",
        "https://github.com/acme/wid\u{0}get",
    ] {
        refused(json!({"name": "acme/widget", "repository_url": url}), &["repository_url"]).await;
    }
    let long = "a".repeat(400_000);
    refused(
        json!({"name": format!("acme/{long}"), "repository_url": format!("https://github.com/a/{long}")}),
        &["name", "repository_url"],
    )
    .await;
    let huge = json!({"name": "a".repeat(10_000_000)});
    t.post("/api/v1/packages", &huge).await.is_error(413, "PAYLOAD_TOO_LARGE", &[]);
    assert_eq!(t.get("/api/v1/packages").await.json["pagination"]["total"], 0);
    t.finish().await;
}

#[tokio::test]
async fn what_is_not_for_a_client_to_set_is_ignored() {
    let t = TestStack::start().await;
    let mut greedy = example();
    for (field, value) in [
        ("description", json!("Mine")),
        ("versions", json!(["9.9.9"])),
        ("latest_version", json!("9.9.9")),
        ("bundles", json!(["enterprise"])),
        ("synced_at", json!("1999-01-01T00:00:00Z")),
        ("rev", json!(7)),
        ("package_id", json!("pkg_mine")),
    ] {
        greedy[field] = value;
    }
    let answer = t.post("/api/v1/packages", &greedy).await;
    assert_eq!(
        (answer.status, &answer.json["versions"], &answer.json["bundles"]),
        (201, &json!([]), &json!([])),
        "{answer}"
    );
    let answer = t.patch("/api/v1/packages/acme/toolkit", &json!({"name": "acme/mine", "versions": ["1"]})).await;
    assert_eq!((answer.status, answer.text("/name").as_str()), (200, "acme/toolkit"), "{answer}");
    let mut secret = example();
    (secret["name"], secret["repository_url"]) = (json!("acme/two"), json!("https://ghp_secret@github.com/acme/two"));
    let answer = t.post("/api/v1/packages", &secret).await;
    assert_eq!(answer.text("/repository_url"), "https://github.com/acme/two");
    finish(t).await;
}

#[tokio::test]
async fn get_package() {
    let t = TestStack::start().await;
    t.post("/api/v1/packages", &example()).await;
    synced(&t, "acme/toolkit", &["v2.0.0", "v1.1.0", "v1.0.0"]).await;
    let expected = json!({
        "name": "acme/toolkit",
        "description": null,
        "repository_url": "https://github.com/acme-corp/toolkit.git",
        "type": "github",
        "dev_branches": false,
        "versions": ["v2.0.0", "v1.1.0", "v1.0.0"],
        "latest_version": "v2.0.0",
        "synced_at": "2026-01-01T00:00:00Z",
        "sync": {
            "status": "ok", "last_sync_at": "2026-01-01T00:00:00Z", "last_error": null, "versions": 3,
            "skipped": [{"ref": "nightly", "reason": "Not a version"}]
        },
        "bundles": [],
        "created_at": "2026-01-01T00:00:00Z"
    });
    for path in ["acme/toolkit", "acme%2Ftoolkit", "acme%2ftoolkit", "acme%252Ftoolkit", "Acme/Toolkit"] {
        t.get(&format!("/api/v1/packages/{path}")).await.is(200, &expected);
    }
    for path in ["acme", "acme%2F", "acme/other", "acme%2Fother", "acme/%FF", "acme%2Ftoolkit%2Fx", "acme/tool%2Fkit"] {
        t.get(&format!("/api/v1/packages/{path}")).await.is_error(404, "NOT_FOUND", &[]);
    }
    finish(t).await;
}

#[tokio::test]
async fn list_packages() {
    let t = TestStack::start().await;
    add(&t, &["acme/c", "acme/a", "beta/a.b", "acme/b", "acme/d"]).await;
    synced(&t, "acme/b", &["1.0.0"]).await;
    let names = |answer: &journeys::Answer| -> Vec<String> {
        answer.json["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = t.get("/api/v1/packages?per_page=2").await;
    assert_eq!((first.status, names(&first)), (200, vec!["acme/a".to_owned(), "acme/b".to_owned()]), "{first}");
    let cursor = first.text("/pagination/next_cursor");
    let pagination = json!({"page": 1, "per_page": 2, "total": 5, "total_pages": 3, "next_cursor": cursor});
    assert_eq!(first.json["pagination"], pagination);
    let row = json!({
        "name": "acme/b",
        "description": null,
        "repository_url": "https://github.com/acme/b",
        "type": "github",
        "dev_branches": false,
        "version_count": 1,
        "latest_version": "1.0.0",
        "synced_at": "2026-01-01T00:00:00Z",
        "sync": {"status": "ok", "last_sync_at": "2026-01-01T00:00:00Z", "last_error": null, "versions": 1},
        "bundles": [],
        "created_at": "2026-01-01T00:00:00Z"
    });
    assert_eq!(first.json["data"][1], row);
    let (mut cursor, mut led) = (Some(cursor), names(&first));
    while let Some(next) = cursor {
        let page = t.get(&format!("/api/v1/packages?per_page=2&cursor={next}")).await;
        led.extend(names(&page));
        cursor = page.json["pagination"]["next_cursor"].as_str().map(str::to_owned);
    }
    let all = ["acme/a", "acme/b", "acme/c", "acme/d", "beta/a.b"];
    assert_eq!(led, all);
    let mut numbered = Vec::new();
    for page in 1..=4 {
        numbered.extend(names(&t.get(&format!("/api/v1/packages?per_page=2&page={page}")).await));
    }
    assert_eq!(numbered, all);
    for (query, field) in
        [("page=0", "page"), ("per_page=101", "per_page"), ("per_page=0", "per_page"), ("cursor=00", "cursor")]
    {
        t.get(&format!("/api/v1/packages?{query}")).await.is_error(400, "VALIDATION_ERROR", &[field]);
    }
    finish(t).await;
}

#[tokio::test]
async fn sync_package() {
    let t = TestStack::start().await;
    t.post("/api/v1/packages", &example()).await;
    synced(&t, "acme/toolkit", &["1.0.0"]).await;
    for (path, task) in [("acme/toolkit", "2"), ("acme%2Ftoolkit", "3")] {
        let answer = t.post(&format!("/api/v1/packages/{path}/sync"), &Value::Null).await;
        let expected = json!({"task": {
            "id": task, "status": "queued", "package": "acme/toolkit", "requested_at": "2026-01-01T00:00:00Z"
        }});
        answer.is(202, &expected);
        let location = format!("/api/v1/packages/acme/toolkit/sync/{task}");
        assert_eq!(answer.header("location"), location);
        t.get(&location).await.is(200, &json!({"id": task, "status": "queued"}));
    }
    let done = json!({"id": "1", "status": "succeeded", "finished_at": "2026-01-01T00:00:00Z"});
    t.get("/api/v1/packages/acme%2Ftoolkit/sync/1").await.is(200, &done);
    for task in ["0", "4", "01", "-1", "x", "99999999999999999999999", "%FF"] {
        let answer = t.get(&format!("/api/v1/packages/acme/toolkit/sync/{task}")).await;
        answer.is_error(404, "NOT_FOUND", &[]);
    }
    t.post("/api/v1/packages/acme/other/sync", &Value::Null).await.is_error(404, "NOT_FOUND", &[]);

    let before = t.stack.store.package(COMPANY, &name("acme/toolkit")).await.unwrap().unwrap();
    let sync = SyncState { done: 3, error: Some("GitHub has no such repository".to_owned()), ..before.sync.clone() };
    let after = Package { sync, ..before.clone() };
    assert!(t.stack.store.change_package(COMPANY, &before, &after, &[], &[line(&t)]).await.unwrap());
    let failed = json!({
        "id": "3", "status": "failed", "error": "GitHub has no such repository", "finished_at": "2026-01-01T00:00:00Z"
    });
    t.get("/api/v1/packages/acme/toolkit/sync/3").await.is(200, &failed);
    let shown = t.get("/api/v1/packages/acme/toolkit").await;
    assert_eq!(
        (&shown.json["sync"]["status"], &shown.json["sync"]["last_error"]),
        (&json!("failed"), &failed["error"])
    );
    finish(t).await;
}

#[tokio::test]
async fn requests_to_sync_at_once_are_all_counted() {
    let t = TestStack::start().await;
    t.post("/api/v1/packages", &example()).await;
    let asked =
        futures::future::join_all((0..8).map(|_| t.post("/api/v1/packages/acme/toolkit/sync", &Value::Null))).await;
    let mut tasks: Vec<u64> = asked.iter().map(|answer| answer.text("/task/id").parse().unwrap()).collect();
    tasks.sort_unstable();
    assert_eq!(tasks, (2..10).collect::<Vec<_>>());
    finish(t).await;
}

#[tokio::test]
async fn change_package() {
    let t = TestStack::start().await;
    t.post("/api/v1/packages", &example()).await;
    synced(&t, "acme/toolkit", &["1.0.0"]).await;
    let same = t.patch("/api/v1/packages/acme/toolkit", &json!({"dev_branches": false})).await;
    assert_eq!((same.status, &same.json["sync"]["status"]), (200, &json!("ok")), "{same}");
    let answer = t.patch("/api/v1/packages/acme%2Ftoolkit", &json!({"dev_branches": true})).await;
    assert_eq!((answer.status, &answer.json["dev_branches"]), (200, &json!(true)), "{answer}");
    assert_eq!((&answer.json["sync"]["status"], &answer.json["versions"]), (&json!("queued"), &json!(["1.0.0"])));

    let moved = json!({"repository_url": "https://gitlab.com/acme-corp/toolkit", "type": "gitlab"});
    let answer = t.patch("/api/v1/packages/acme/toolkit", &moved).await;
    assert_eq!((answer.status, answer.text("/type").as_str()), (200, "gitlab"), "{answer}");
    let store = &t.stack.store;
    assert_eq!(store.packages_of_forge("github/acme-corp/toolkit").await.unwrap(), []);
    assert_eq!(store.packages_of_forge("gitlab/acme-corp/toolkit").await.unwrap().len(), 1);

    for (body, field) in [
        (json!({"type": "github"}), "repository_url"),
        (json!({"repository_url": "https://evil.example/a/b"}), "repository_url"),
        (json!({"repository_url": null}), "repository_url"),
        (json!({"type": "svn"}), "type"),
        (json!({"dev_branches": 1}), "dev_branches"),
    ] {
        t.patch("/api/v1/packages/acme/toolkit", &body).await.is_error(400, "VALIDATION_ERROR", &[field]);
    }
    t.patch("/api/v1/packages/acme/other", &json!({})).await.is_error(404, "NOT_FOUND", &[]);
    let logs = t.get("/api/admin/access-logs?action=package_updated").await;
    assert_eq!(logs.json["pagination"]["total"], 2, "{logs}");
    finish(t).await;
}
