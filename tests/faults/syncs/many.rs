//! More tags than one sync looks at.

use std::time::Duration;

use domain::forge::ForgeKind;
use testkit::forges::Trouble;

use super::Shop;

/// More than one run of a sync fetches.
const MANY: usize = 130;

fn tags() -> impl Iterator<Item = String> {
    (0..MANY).map(|number| format!("v1.{number}.0"))
}

#[tokio::test]
async fn what_one_sync_leaves_the_next_one_takes() {
    let shop = Shop::open(ForgeKind::Gitlab, 1).await;
    tags().for_each(|tag| drop(shop.release(&tag)));
    shop.rest().await;
    shop.right("all of them").await;
    // While many tags move, none of them is off the list.
    tags().for_each(|tag| drop(shop.release(&tag)));
    shop.ask().await;
    while shop.t.stack.settle(1).await.unwrap().succeeded > 0 {
        assert_eq!(shop.look().await.len(), MANY);
    }
    shop.rest().await;
    shop.right("moved").await;
    shop.t.finish().await;
}

/// A credential that lists tags and fetches nothing: each archive is a page to sign in.
#[tokio::test]
async fn many_tags_that_cannot_be_fetched_are_not_asked_for_again_and_again() {
    let shop = Shop::open(ForgeKind::Gitlab, 1).await;
    tags().for_each(|tag| drop(shop.release(&tag)));
    shop.forges().trouble(ForgeKind::Gitlab, Some(Trouble::WebPage));
    shop.rest().await;
    let asked = shop.asked();
    assert!(asked < 2 * MANY + 20, "{asked} calls");
    assert_eq!(shop.package().await.unwrap().found.skipped as usize, MANY);
    assert!(shop.reason("v1.129.0").await.unwrap().contains("web page"));
    shop.wait(Duration::from_mins(10)).await;
    assert_eq!(shop.asked(), asked, "until somebody asks, or an hour has passed");
    shop.forges().trouble(ForgeKind::Gitlab, None);
    shop.ask().await;
    shop.rest().await;
    shop.right("healed").await;
    shop.t.finish().await;
}

/// The forge has had enough in the middle: what was on the list stays there, moved or not.
#[tokio::test]
async fn a_tag_that_moves_while_the_forge_says_no_stays_on_the_list() {
    for trouble in [Trouble::WebPage, Trouble::Truncated, Trouble::EndlessRedirect, Trouble::ToMetadata] {
        let shop = Shop::synced(ForgeKind::Bitbucket, 1).await;
        let before = shop.look().await;
        shop.release("v1.0.0");
        shop.forges().trouble(ForgeKind::Bitbucket, Some(trouble));
        shop.ask().await;
        shop.rest().await;
        assert_eq!(shop.look().await, before, "{trouble:?}");
        shop.forges().trouble(ForgeKind::Bitbucket, None);
        shop.ask().await;
        shop.rest().await;
        shop.right(&format!("{trouble:?}")).await;
        shop.t.finish().await;
    }
}
