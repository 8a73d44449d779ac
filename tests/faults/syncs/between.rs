//! A sync that is slow: it stops at each of its calls in turn, while others act, and then goes on with what it knew before.

use std::time::Duration;

use domain::forge::ForgeKind;
use http::Method;
use serde_json::json;
use testkit::faults::Faults;

use super::{COMPANY, PACKAGE, PATH, Shop, manifest};
use crate::world::{end_waits, stopped_at};

const QUEUE: &str = "PackagesQueue";
/// Longer than a lease.
const AGES: Duration = Duration::from_mins(7);
const ANOTHER: &str = "acme-corp/another";

/// A tag that moved, one that is gone, and one that is new; nobody looked yet.
async fn changed(kind: ForgeKind) -> Shop {
    let shop = Shop::synced(kind, 1).await;
    shop.t.clock.advance(Duration::from_mins(1));
    shop.release("v1.0.0");
    shop.delete("v1.1.0");
    shop.release("v2.0.0");
    assert_eq!(shop.ask().await.status, 202);
    shop
}

/// Stops a sync at a call, if it makes so many, lets `act` happen, and the sync go on. Says whether it did stop, and where.
async fn interrupted(shop: &Shop, call: usize, act: &impl AsyncFn(&Shop)) -> (bool, String) {
    shop.t.faults.start(&Faults::none());
    let slow = stopped_at(call, &shop.t.faults, shop.t.stack.settle_queue(QUEUE, 50)).await;
    let at = shop.t.faults.called().pop().unwrap_or_default();
    act(shop).await;
    let stopped = slow.is_err();
    if let Err(rest) = slow {
        rest.await.unwrap();
    }
    (stopped, at)
}

/// Stops a sync at each call, lets `act` happen, and the sync go on. Then all comes to rest, and has to be right.
async fn at_each_call(kind: ForgeKind, name: &str, act: impl AsyncFn(&Shop)) {
    for call in 0.. {
        let shop = changed(kind).await;
        let (stopped, at) = interrupted(&shop, call, &act).await;
        shop.rest().await;
        shop.right(&format!("{name}, {kind}, at call {call}, {at}")).await;
        shop.t.finish().await;
        if !stopped {
            eprintln!("{name}, {kind}: at each of {call} calls");
            assert!(call > 15, "only {call}");
            return;
        }
    }
}

#[tokio::test]
async fn what_is_pushed_and_asked_for_in_the_middle_is_not_lost() {
    for kind in [ForgeKind::Github, ForgeKind::Bitbucket] {
        at_each_call(kind, "a tag and a webhook", async |shop| {
            shop.release("v3.0.0");
            assert!(shop.deliver().await);
            shop.t.settle().await;
        })
        .await;
    }
    at_each_call(ForgeKind::Gitlab, "a tag and a request", async |shop| {
        shop.release("v3.0.0");
        assert_eq!(shop.ask().await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_moves_on_and_one_that_goes_in_the_middle_end_as_they_are() {
    at_each_call(ForgeKind::Gitlab, "tags move and go", async |shop| {
        shop.look().await;
        shop.release("v1.0.0");
        shop.delete("v2.0.0");
        assert!(shop.deliver().await);
    })
    .await;
}

/// The first one's lease is over, and the second one does all that there is to do, and more.
#[tokio::test]
async fn of_two_syncs_at_once_the_one_whose_time_is_over_writes_nothing() {
    at_each_call(ForgeKind::Github, "another sync", async |shop| {
        shop.t.clock.advance(AGES);
        shop.release("v1.0.0");
        shop.release("v2.0.0");
        shop.delete("v1.1.1");
        assert_eq!(shop.ask().await.status, 202);
        end_waits(&shop.t).await;
        shop.t.settle().await;
        shop.look().await;
    })
    .await;
}

#[tokio::test]
async fn the_same_job_twice_at_once_is_done_once() {
    at_each_call(ForgeKind::Gitlab, "the same job", async |shop| {
        assert_eq!(shop.ask().await.status, 202);
        shop.t.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_package_deleted_in_the_middle_leaves_nothing() {
    for call in 0.. {
        let shop = changed(ForgeKind::Github).await;
        let package = shop.package().await.unwrap();
        let delete = async |shop: &Shop| {
            assert_eq!(shop.remove().await.status, 204);
            shop.t.settle().await;
        };
        let (stopped, at) = interrupted(&shop, call, &delete).await;
        shop.rest().await;
        let when = format!("at call {call}, {at}");
        assert!(shop.package().await.is_none(), "{when}");
        assert_eq!(shop.t.stack.store.versions(COMPANY, &Shop::name()).await.unwrap(), [], "{when}");
        for folder in ["dists", "packages"] {
            let left = shop.stored(&format!("{folder}/{COMPANY}/{}", package.package_id)).await;
            assert_eq!(left, Vec::<String>::new(), "{when}");
        }
        assert_eq!(shop.look().await, Vec::<String>::new(), "{when}");
        shop.t.finish().await;
        if !stopped {
            assert!(call > 15, "only {call}");
            return;
        }
    }
}

/// Another package has the name: nothing of the old one is in it.
#[tokio::test]
async fn a_package_that_has_the_name_of_one_deleted_in_the_middle_has_nothing_of_it() {
    at_each_call(ForgeKind::Github, "deleted and added again", async |shop| {
        assert_eq!(shop.remove().await.status, 204);
        shop.t.settle().await;
        shop.offered.take();
        // Not the same archives: the forge packs anew.
        shop.t.github().regenerate_archives("acme-corp", "widget").unwrap();
        shop.add().await;
        shop.grant().await;
        shop.t.settle().await;
    })
    .await;
}

/// The vendor names another repository while the old one is being looked at.
#[tokio::test]
async fn a_package_whose_repository_is_another_one_in_the_middle_ends_with_what_that_one_has() {
    at_each_call(ForgeKind::Gitlab, "another repository", async |shop| {
        shop.look().await;
        shop.add_repository(ANOTHER);
        let release = |tag| shop.forges().release(ForgeKind::Gitlab, ANOTHER, tag, &manifest().to_string()).unwrap();
        let tags = [("v1.0.0", release("v1.0.0")), ("v5.0.0", release("v5.0.0"))];
        shop.tags.replace(tags.map(|(tag, commit)| (tag.to_owned(), commit)).into());
        shop.bad.take();
        let request = shop.t.request(Method::PATCH, &format!("/api/v1/packages/{PACKAGE}"));
        let request = request.header("content-type", "application/json");
        let body = json!({"repository_url": format!("https://gitlab.com/{ANOTHER}")}).to_string();
        let answer = shop.t.send(request.body(body.into()).unwrap()).await;
        assert_eq!(answer.status, 200, "{answer}");
    })
    .await;
}

/// Old lock files go on working, whatever became of their tags.
#[tokio::test]
async fn what_was_offered_once_can_be_installed_after_its_tag_moved_and_went() {
    for kind in ForgeKind::ALL {
        let shop = Shop::synced(kind, 1).await;
        for round in 0..3 {
            shop.release("v1.0.0");
            assert!(shop.deliver().await);
            shop.rest().await;
            assert!(shop.look().await.contains(&"1.0.0".to_owned()));
            shop.delete("v1.0.0");
            assert!(shop.deliver().await);
            shop.rest().await;
            assert!(!shop.look().await.contains(&"1.0.0".to_owned()));
            shop.right(&format!("{kind}, round {round}")).await;
        }
        assert_eq!(shop.offered.borrow().keys().filter(|url| url.contains("/1.0.0/")).count(), 4, "{PATH}");
        shop.t.finish().await;
    }
}
