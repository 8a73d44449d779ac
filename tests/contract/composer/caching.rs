//! What Composer keeps, and when it may go on with it. It keys what it keeps by the repository's address, not by the token.

use std::{io::Read, time::Duration};

use domain::{CompanyId, Secret};
use journeys::{Answer, TestStack, granted, indexed};
use serde_json::json;

use super::{first, full, shelf};

const WIDGET: &str = "/p2/acme/widget.json";

async fn again(t: &TestStack, path: &str, token: &Secret, has: &Answer) -> Answer {
    t.fetch_with(path, token, &[("if-modified-since", has.header("last-modified"))]).await
}

#[tokio::test]
async fn what_has_not_changed_is_304_without_a_body() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    for path in ["/packages.json", WIDGET, "/list.json", "/search.json?q=w"] {
        let has = t.fetch(path, &token).await;
        let answer = again(&t, path, &token, &has).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{path}: {answer}");
        assert_eq!(answer.header("last-modified"), has.header("last-modified"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    t.finish().await;
}

/// The dates are compared for equality: a later one is no reason to believe that somebody has the document.
#[tokio::test]
async fn a_date_that_was_not_given_out_is_worth_nothing() {
    let t = shelf().await;
    let (_, token) = full(&t, 1).await;
    for date in ["Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "", "\u{fc}"] {
        assert_eq!(t.fetch_with(WIDGET, &token, &[("if-modified-since", date)]).await.status, 200, "{date}");
    }
    t.finish().await;
}

/// Two customers with one cache, as on a build server: the second never goes on with what the first was shown.
#[tokio::test]
async fn one_customers_copy_is_not_anothers() {
    let t = shelf().await;
    let ((_, all), (_, some)) = (full(&t, 1).await, first(&t, 2).await);
    for (path, same) in [(WIDGET, false), ("/p2/acme/core.json", true)] {
        let (one, other) = (t.fetch(path, &all).await, t.fetch(path, &some).await);
        assert_eq!(one.body == other.body, same, "{path}");
        let answer = again(&t, path, &some, &one).await;
        assert_eq!(answer.status, if same { 304 } else { 200 }, "{path}: {answer}");
    }
    t.finish().await;
}

/// A 304 is given only to who may still see it.
#[tokio::test]
async fn whoever_may_not_ask_any_more_gets_no_304() {
    let t = shelf().await;
    let (id, token) = full(&t, 1).await;
    let has = t.fetch(WIDGET, &token).await;
    let now = t.now();
    t.change_holder(CompanyId(1), id, |it| it.customer = it.customer.suspended(None, now).unwrap()).await;
    assert_eq!(again(&t, WIDGET, &token, &has).await.status, 403);
    t.change_holder(CompanyId(1), id, |it| it.customer = it.customer.reactivated(now).unwrap()).await;
    assert_eq!(again(&t, WIDGET, &token, &has).await.status, 304);
    t.change_holder(CompanyId(1), id, |it| it.grants.direct.clear()).await;
    assert_eq!(again(&t, WIDGET, &token, &has).await.status, 404);
    let new = id.issue_token(CompanyId(1), &t.random);
    t.change_holder(CompanyId(1), id, |it| it.customer = it.customer.with_token(Some(&new), now)).await;
    assert_eq!(again(&t, WIDGET, &token, &has).await.status, 401);
    t.finish().await;
}

/// Each change of what a customer sees is seen, one that comes with time alone, too.
#[tokio::test]
async fn every_change_of_the_view_is_another_document() {
    let t = shelf().await;
    let mut grants = granted(t.now(), &[("acme/widget", "*")]);
    let (id, token) = t.customer_with(1, grants.clone()).await;
    let mut has = t.fetch(WIDGET, &token).await;
    let mut changed = async |what: &str| {
        let answer = again(&t, WIDGET, &token, &has).await;
        assert_eq!(answer.status, 200, "{what}: {answer}");
        has = answer;
        assert_eq!(again(&t, WIDGET, &token, &has).await.status, 304, "{what}");
    };
    let narrower = granted(t.now(), &[("acme/widget", "^1.0")]);
    t.change_holder(CompanyId(1), id, |it| it.grants.direct = narrower.direct).await;
    changed("a narrower grant").await;
    t.change_holder(CompanyId(1), id, |it| it.grants.direct = grants.direct.clone()).await;
    changed("a wider one").await;
    let package = t.stack.store.package(CompanyId(1), &journeys::package_name("acme/widget")).await.unwrap().unwrap();
    let found = ["2.2.0", "2.0.0"].map(|tag| indexed("acme/widget", tag, t.now(), &json!({})));
    t.resync(CompanyId(1), &package, found.into()).await;
    changed("a release").await;
    t.freeze(id, Some(&[("acme/widget", "2.0.0")])).await;
    changed("frozen").await;

    // A second grant, for a minute, lets everything through.
    let end = t.now() + Duration::from_secs(60);
    grants.direct.values_mut().next().unwrap().expires_at = Some(end);
    let bought = granted(t.now(), &[("acme/widget", "^2.2")]).direct;
    let purchase = domain::PurchaseId::generate(t.now(), &t.random);
    t.change_holder(CompanyId(1), id, |it| {
        it.customer = it.customer.reactivated(end).unwrap();
        it.grants.frozen = None;
        it.grants.direct = grants.direct;
        it.grants.purchases = [(purchase, bought)].into();
    })
    .await;
    changed("two grants").await;
    t.clock.advance(Duration::from_secs(60));
    changed("one of them ended").await;
    t.finish().await;
}

#[tokio::test]
async fn documents_are_compressed_for_who_can_read_that() {
    let t = shelf().await;
    let tags: Vec<String> = (0..100).rev().map(|patch| format!("3.0.{patch}")).collect();
    t.shelve("acme/large", &tags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (_, token) = t.customer_with(1, granted(t.now(), &[("acme/large", "*"), ("acme/core", "*")])).await;
    let path = "/p2/acme/large.json";
    let plain = t.fetch(path, &token).await;
    let packed = t.fetch_with(path, &token, &[("accept-encoding", "deflate, gzip, br, zstd")]).await;
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    assert_eq!((packed.header("content-type"), packed.header("vary")), ("application/json", "Accept-Encoding"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, plain.body);
    assert!(packed.body.len() * 2 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    assert_eq!(plain.header("last-modified"), packed.header("last-modified"));
    t.finish().await;
}
