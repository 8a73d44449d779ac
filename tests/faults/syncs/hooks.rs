//! Webhooks that come twice, late, for what is deleted or unknown, or not at all.

use domain::forge::ForgeKind;

use super::Shop;

/// How many calls it costs to see that nothing changed.
const LOOK: usize = 3;

#[tokio::test]
async fn webhooks_that_come_twice_and_late_cost_a_look_and_change_nothing() {
    for kind in [ForgeKind::Gitlab, ForgeKind::Bitbucket] {
        let shop = Shop::synced(kind, 1).await;
        let early = shop.forges().undelivered(kind);
        assert!(early.len() > 3, "{}", early.len());
        shop.release("v2.0.0");
        assert!(shop.deliver().await);
        shop.rest().await;
        let (asked, changes) = (shop.asked(), shop.package().await.unwrap().found);
        for delivery in early.iter().chain(&early) {
            assert_eq!(shop.post_hook(delivery).await.status, 200);
        }
        shop.rest().await;
        assert!(shop.asked() - asked <= LOOK * 2 * early.len(), "{} calls", shop.asked() - asked);
        assert_eq!(shop.package().await.unwrap().found, changes, "the index is the same one");
        shop.right(&kind.to_string()).await;
        shop.t.finish().await;
    }
}

#[tokio::test]
async fn webhooks_for_packages_that_are_gone_and_for_repositories_that_are_none_do_nothing() {
    for kind in ForgeKind::ALL {
        let shop = Shop::synced(kind, 1).await;
        shop.deliver().await;
        shop.rest().await;
        shop.release("v2.0.0");
        assert_eq!(shop.remove().await.status, 204);
        shop.rest().await;
        let asked = shop.asked();
        assert!(shop.deliver().await);
        shop.rest().await;
        assert_eq!(shop.asked(), asked, "{kind}: nobody has to be asked");
        assert!(shop.package().await.is_none());
        // The package comes back, and so do its webhooks.
        shop.add().await;
        shop.grant().await;
        shop.offered.take();
        shop.rest().await;
        shop.release("v3.0.0");
        assert!(shop.deliver().await);
        shop.rest().await;
        shop.right(&kind.to_string()).await;
        shop.t.finish().await;
    }
}

#[tokio::test]
async fn tags_that_no_webhook_told_of_are_found_within_the_hour() {
    for kind in ForgeKind::ALL {
        let shop = Shop::synced(kind, 1).await;
        shop.deliver().await;
        shop.rest().await;
        for tag in ["v2.0.0", "v2.0.1", "v2.0.2", "v2.0.3", "v2.0.4"] {
            shop.release(tag);
        }
        shop.delete("v1.0.0");
        // Five at once: the forge says nothing.
        shop.forget_hooks();
        shop.rest().await;
        assert!(!shop.look().await.contains(&"2.0.4".to_owned()));
        shop.t.clock.advance(std::time::Duration::from_hours(1));
        shop.t.run_schedule("packages").await;
        shop.rest().await;
        shop.right(&kind.to_string()).await;
        shop.t.finish().await;
    }
}

/// Many packages are made from one repository, under one name or another.
#[tokio::test]
async fn a_repository_that_is_renamed_is_found_by_what_its_forge_calls_it() {
    let shop = Shop::synced(ForgeKind::Gitlab, 1).await;
    shop.deliver().await;
    shop.rest().await;
    shop.forges().rename(ForgeKind::Gitlab, super::PATH, "acme-corp/renamed").unwrap();
    let commit = shop.release_text("v2.0.0", &super::manifest().to_string());
    shop.tags.borrow_mut().insert("v2.0.0".to_owned(), commit);
    assert!(shop.deliver().await);
    shop.rest().await;
    shop.right("renamed").await;
    shop.t.finish().await;
}
