//! The way to archives: `dist`.

use axum::body::Body;
use domain::{CompanyId, Secret, customer::CustomerId};
use http::{Request, header};
use journeys::{TestStack, archive_bytes, commit_of, indexed, package_name};
use serde_json::json;

use super::{first, full, shelf};

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
    assert_eq!(counted(&t, other).await, []);
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
    let (_, token) = full(&t, 1).await;
    let (store, name) = (&t.stack.store, package_name("acme/core"));
    let package = store.package(CompanyId(1), &name).await.unwrap().unwrap();
    let line = domain::log::LogEntry::new(
        domain::LogId::generate(t.now(), &t.random),
        t.now(),
        domain::log::Actor::Tollgate,
        domain::log::Action::PackageDeleted,
        domain::log::LogStatus::Success,
    );
    assert!(store.remove_package(CompanyId(1), &package, &[], &line).await.unwrap());
    assert_eq!(t.fetch("/dist/acme/core/1.0.0.zip", &token).await.status, 404);
    assert_eq!(t.fetch("/p2/acme/core.json", &token).await.status, 404);
    t.shelve_versions(CompanyId(1), "acme/core", Vec::new()).await;
    assert_eq!(t.fetch("/dist/acme/core/1.0.0.zip", &token).await.status, 404);
    assert_eq!(t.fetch("/p2/acme/core.json", &token).await.json["packages"], json!({"acme/core": []}));
    t.finish().await;
}
