//! What syncs leave behind, and what is too much for them; and syncs that nobody asked for, or whose request was lost.

use domain::forge::ForgeKind;
use serde_json::json;

use super::{COMPANY, PACKAGE, Shop};

/// The one that is read, and the one before it: somebody may be reading that.
#[tokio::test]
async fn of_the_indexes_of_many_syncs_two_are_left() {
    let shop = Shop::synced(ForgeKind::Gitlab, 1).await;
    for number in 0..4 {
        shop.release(&format!("v2.{number}.0"));
        shop.ask().await;
        shop.rest().await;
        let (package, stored) = (shop.package().await.unwrap(), shop.stored("packages/").await);
        let digest = package.found.index.unwrap();
        assert!(stored.len() == 2 && stored.iter().any(|key| key.contains(&digest)), "{stored:?}");
        shop.right(&number.to_string()).await;
    }
    shop.t.finish().await;
}

/// Each of them is good, and all of them together are more than can be read with each request.
#[tokio::test]
async fn the_vendor_is_told_of_more_versions_than_can_be_kept() {
    let shop = Shop::synced(ForgeKind::Gitlab, 1).await;
    let before = shop.look().await;
    let long = json!({"name": PACKAGE, "type": "library", "extra": {"long": "x".repeat(120_000)}}).to_string();
    let tags: Vec<String> = (0..75).map(|number| format!("v3.{number}.0")).collect();
    for tag in &tags {
        shop.release_text(tag, &long);
    }
    shop.ask().await;
    shop.rest().await;
    let shown = shop.shown().await;
    assert!(shown["sync"]["last_error"].as_str().is_some_and(|error| error.contains("too much")), "{shown:#}");
    assert_eq!(shop.look().await, before, "what was there stays");
    for tag in &tags {
        shop.delete(tag);
    }
    shop.ask().await;
    shop.rest().await;
    shop.right("they are gone").await;
    shop.t.finish().await;
}

#[tokio::test]
async fn a_request_that_was_lost_is_sent_again_and_is_the_same_request() {
    let shop = Shop::synced(ForgeKind::Gitlab, 1).await;
    shop.release("v2.0.0");
    let wanted = shop.t.stack.store.want_sync(COMPANY, &Shop::name()).await.unwrap();
    shop.t.run_schedule("packages").await;
    assert_eq!(shop.package().await.map(|it| it.sync.wanted), wanted);
    shop.t.settle().await;
    shop.right("though it was looked at a moment ago").await;
    shop.t.run_schedule("packages").await;
    assert!(shop.t.messages().await.is_empty(), "nothing is to be done");
    shop.t.finish().await;
}
