//! The way to archives: `dist`.

use std::time::Duration;

use axum::body::Body;
use domain::{CompanyId, Secret, customer::CustomerId};
use http::{Request, header};
use journeys::{TestStack, archive_bytes, commit_of, granted, indexed, package_name};
use serde_json::json;

use super::{first, full, shelf, versions};

/// Follows a link as whoever has it: without credentials.
async fn follow(t: &TestStack, link: &str) -> (u16, Vec<u8>) {
    let (host, rest) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let request = Request::get(format!("/{rest}")).header(header::HOST, host);
    let answer = t.send(request.body(Body::empty()).unwrap()).await;
    (answer.status, answer.body)
}

/// How often a customer downloaded each version.
async fn counted(t: &TestStack, id: CustomerId) -> Vec<(String, u64)> {
    let counts = t.stack.store.downloads(CompanyId(1), id).await.unwrap();
    counts.into_iter().map(|it| (format!("{} {}", it.package, it.version), it.downloads)).collect()
}

async fn link(t: &TestStack, path: &str, token: &Secret) -> String {
    let answer = t.fetch(path, token).await;
    assert_eq!((answer.status, answer.body.len()), (302, 0), "{answer}");
    answer.header("location").to_owned()
}

#[tokio::test]
async fn an_archive_is_a_link_to_another_host_that_is_good_for_minutes() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    let commit = commit_of("acme/widget", "2.0.0");
    for path in [format!("/dist/acme/widget/2.0.0/{commit}.zip"), "/dist/acme/widget/2.0.0.zip".to_owned()] {
        let link = link(&t, &path, &token).await;
        // The same host would be sent the customer's credentials.
        assert!(!link.starts_with(&t.stack.url) && link.contains("X-Amz-Expires=300"), "{link}");
        assert!(!link.contains(token.reveal()), "{link}");
        assert_eq!(follow(&t, &link).await, (200, archive_bytes("acme/widget", "2.0.0").into_bytes()));
    }
    assert_eq!(counted(&t, id).await, [("acme/widget 2.0.0.0".to_owned(), 2)]);
    t.finish().await;
}

#[tokio::test]
async fn what_is_refused_is_not_counted_and_leaves_nothing_behind() {
    let t = shelf().await;
    let ((id, token), (other, _)) = (first(&t, 1).await, full(&t, 2).await);
    link(&t, "/dist/acme/widget/1.0.0.zip", &token).await;
    let forged = other.issue_token(CompanyId(1), &journeys::seeded(9));
    for _ in 0..3 {
        assert_eq!(t.fetch("/dist/acme/widget/2.0.0.zip", &token).await.status, 403);
        assert_eq!(t.fetch("/dist/acme/widget/7.0.0.zip", &token).await.status, 404);
        assert_eq!(t.fetch("/dist/acme/nothing/1.0.0.zip", &token).await.status, 404);
        assert_eq!(t.fetch("/dist/acme/widget/2.0.0.zip", &forged).await.status, 401);
    }
    assert_eq!(counted(&t, id).await, [("acme/widget 1.0.0.0".to_owned(), 1)]);
    let at_once = (0..8).map(async |_| t.fetch("/dist/acme/widget/2.0.0.zip", &forged).await.status);
    assert_eq!(futures::future::join_all(at_once).await, [401; 8]);
    assert_eq!(counted(&t, other).await, [], "not even a count of nothing");
    // What was downloaded before keeps its count when it is refused later.
    t.change_holder(CompanyId(1), id, |holder| holder.grants.direct.clear()).await;
    assert_eq!(t.fetch("/dist/acme/widget/1.0.0.zip", &token).await.status, 404);
    assert_eq!(counted(&t, id).await, [("acme/widget 1.0.0.0".to_owned(), 1)]);
    t.finish().await;
}

/// Lock files name a version with its commit, for years.
#[tokio::test]
async fn archives_of_tags_that_were_moved_or_deleted_are_still_given_out() {
    let t = shelf().await;
    let ((_, token), (_, old_only)) = (full(&t, 1).await, first(&t, 2).await);
    let (old, new) = (commit_of("acme/widget", "2.0.0"), commit_of("acme/widget", "2.0.0 moved"));
    let package = t.stack.store.package(CompanyId(1), &package_name("acme/widget")).await.unwrap().unwrap();
    let mut moved = indexed("acme/widget", "2.0.0", t.now(), &json!({}));
    moved.archive.commit.clone_from(&new);
    t.resync(CompanyId(1), &package, vec![moved]).await;

    let shown = t.fetch("/p2/acme/widget.json", &token).await.json;
    let versions = &shown["packages"]["acme/widget"];
    assert_eq!((versions.as_array().unwrap().len(), &versions[0]["dist"]["reference"]), (1, &json!(new)));
    for (path, commit) in [
        (format!("/dist/acme/widget/2.0.0/{old}.zip"), &old),
        (format!("/dist/acme/widget/2.0.0/{new}.zip"), &new),
        ("/dist/acme/widget/2.0.0.zip".to_owned(), &new),
        ("/dist/acme/widget/1.1.0.zip".to_owned(), &commit_of("acme/widget", "1.1.0")),
    ] {
        let link = link(&t, &path, &token).await;
        assert!(link.contains(commit.as_str()), "{path}: {link}");
        assert_eq!(follow(&t, &link).await.0, 200);
    }
    // Its commit is no way around the grant, nor is another version's commit.
    assert_eq!(t.fetch(&format!("/dist/acme/widget/2.0.0/{old}.zip"), &old_only).await.status, 403);
    assert_eq!(t.fetch(&format!("/dist/acme/widget/1.1.0/{old}.zip"), &old_only).await.status, 404);
    t.finish().await;
}

/// A package that was deleted and added again is another one, though it has the name.
#[tokio::test]
async fn versions_of_a_package_that_had_the_name_before_are_not_given_out() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    let (store, name) = (&t.stack.store, package_name("acme/core"));
    for _ in 0..2 {
        link(&t, "/dist/acme/core/1.0.0.zip", &token).await;
    }
    assert_eq!(counted(&t, id).await, [("acme/core 1.0.0.0".to_owned(), 2)]);
    let package = store.package(CompanyId(1), &name).await.unwrap().unwrap();
    let line = t.line(domain::log::Action::PackageDeleted);
    assert!(store.remove_package(CompanyId(1), &package, &[], &line).await.unwrap());
    assert_eq!(t.fetch("/dist/acme/core/1.0.0.zip", &token).await.status, 404);
    assert_eq!(t.fetch("/p2/acme/core.json", &token).await.status, 404);
    store.cleared(CompanyId(1), &store::Leftover::of(&package)).await.unwrap();
    let package = t.shelve_versions(CompanyId(1), "acme/core", Vec::new()).await;
    assert_eq!(t.fetch("/dist/acme/core/1.0.0.zip", &token).await.status, 404);
    assert_eq!(t.fetch("/p2/acme/core.json", &token).await.json["packages"], json!({"acme/core": []}));
    assert_eq!(counted(&t, id).await, [("acme/core 1.0.0.0".to_owned(), 2)], "what was refused is not counted");
    // Its downloads begin anew.
    t.resync(CompanyId(1), &package, vec![indexed("acme/core", "1.0.0", t.now(), &json!({}))]).await;
    link(&t, "/dist/acme/core/1.0.0.zip", &token).await;
    assert_eq!(counted(&t, id).await, [("acme/core 1.0.0.0".to_owned(), 1)]);
    t.finish().await;
}

#[tokio::test]
async fn a_package_that_takes_over_a_name_was_granted_to_nobody() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    let (store, name) = (&t.stack.store, package_name("acme/core"));
    let package = store.package(CompanyId(1), &name).await.unwrap().unwrap();
    let line = t.line(domain::log::Action::PackageDeleted);
    assert!(store.remove_package(CompanyId(1), &package, &[], &line).await.unwrap());
    store.cleared(CompanyId(1), &store::Leftover::of(&package)).await.unwrap();
    // The grant is still written down: nobody has cleared it away.
    t.clock.advance(Duration::from_hours(1));
    t.shelve("acme/core", &["1.0.0"]).await;
    assert_eq!(t.fetch("/p2/acme/core.json", &token).await.status, 404);
    assert_eq!(t.fetch("/dist/acme/core/1.0.0.zip", &token).await.status, 404);
    assert_eq!(t.fetch("/packages.json", &token).await.json["available-packages"], json!(["acme/widget"]));
    // Until it is granted itself.
    let path = format!("/api/v1/customers/{id}/packages");
    for granted in [
        t.post(&path, &json!({"package": "acme/core"})).await,
        t.put(&path, &json!({"packages": [{"package": "acme/core"}]})).await,
    ] {
        assert_eq!(granted.status, 200, "{granted}");
        assert_eq!(t.fetch("/p2/acme/core.json", &token).await.status, 200);
    }
    t.finish().await;
}

/// Customer 1 has updates until now, customer 2 is frozen now.
async fn held_back(t: &TestStack) -> [Secret; 2] {
    let mut grants = granted(t.now(), &[("acme/widget", "*")]);
    grants.direct.values_mut().for_each(|grant| grant.updates_until = Some(t.now()));
    let (_, until) = t.customer_with(1, grants).await;
    let (id, frozen) = full(t, 2).await;
    t.freeze(id, None).await;
    [until, frozen]
}

/// Whoever may have a tag may have what it is moved to: a vendor who moves it says that this is the release.
#[tokio::test]
async fn a_moved_tag_is_the_release_that_it_was() {
    let t = shelf().await;
    let tokens = held_back(&t).await;
    t.clock.advance(Duration::from_hours(1));
    let package = t.stack.store.package(CompanyId(1), &package_name("acme/widget")).await.unwrap().unwrap();
    let mut moved = indexed("acme/widget", "2.0.0", t.now(), &json!({}));
    moved.archive.commit = commit_of("acme/widget", "2.0.0 moved");
    let new = indexed("acme/widget", "2.1.0", t.now(), &json!({}));
    t.resync(CompanyId(1), &package, vec![new, moved.clone()]).await;
    for token in tokens {
        assert_eq!(versions(&t, &token, "acme/widget").await, ["2.0.0"]);
        for commit in [&moved.archive.commit, &commit_of("acme/widget", "2.0.0")] {
            let link = link(&t, &format!("/dist/acme/widget/2.0.0/{commit}.zip"), &token).await;
            assert!(link.contains(commit.as_str()), "{link}");
        }
        assert_eq!(t.fetch("/dist/acme/widget/2.1.0.zip", &token).await.status, 403);
    }
    t.finish().await;
}

/// Each commit of a branch is a release of its own.
#[tokio::test]
async fn a_branch_is_given_out_as_it_was_to_who_gets_nothing_newer() {
    let t = shelf().await;
    let package = t.stack.store.package(CompanyId(1), &package_name("acme/widget")).await.unwrap().unwrap();
    let first = indexed("acme/widget", "dev-main", t.now(), &json!({}));
    let old = first.archive.commit.clone();
    let package = t.resync(CompanyId(1), &package, vec![first]).await;
    let tokens = held_back(&t).await;
    t.clock.advance(Duration::from_hours(1));
    let mut pushed = indexed("acme/widget", "dev-main", t.now(), &json!({}));
    pushed.archive.commit = commit_of("acme/widget", "pushed");
    let new = pushed.archive.commit.clone();
    t.resync(CompanyId(1), &package, vec![pushed]).await;
    for token in tokens {
        for path in [format!("/dist/acme/widget/dev-main/{old}.zip"), "/dist/acme/widget/dev-main.zip".to_owned()] {
            let link = link(&t, &path, &token).await;
            assert!(link.contains(&old), "{path}: {link}");
        }
        assert_eq!(t.fetch(&format!("/dist/acme/widget/dev-main/{new}.zip"), &token).await.status, 403);
    }
    t.finish().await;
}
