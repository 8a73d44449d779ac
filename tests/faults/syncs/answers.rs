//! What forges answer instead of what was asked for: the vendor is told why, nothing goes round in circles, and a good
//! answer heals it.

use std::time::Duration;

use domain::forge::ForgeKind;
use testkit::forges::Trouble;

use super::Shop;

/// Longer than any pause.
const WHILE: Duration = Duration::from_mins(16);

/// What is wrong with all calls, and what the vendor is told.
const ALL_CALLS: [(Trouble, &str); 4] = [
    (Trouble::Unauthorized, "no access: the credentials are not accepted"),
    (Trouble::Missing, "not found, or hidden from the credentials"),
    (Trouble::Limited { seconds: 120 }, "rate limited until 20"),
    (Trouble::Down, "unavailable at present"),
];

/// What is wrong with archives, and what the vendor is told of the tag. The addresses are inside, however they are written;
/// `localhost` is a name that resolves to one.
const ARCHIVES: [(Trouble, &str); 14] = [
    (Trouble::Truncated, "the archive is cut off or damaged"),
    (Trouble::EndlessRedirect, "redirected again and again"),
    (Trouble::WebPage, "a web page came instead of an archive"),
    (Trouble::ToMetadata, "redirected to http://169.254.169.254, where it is not followed"),
    (Trouble::To("https://169.254.169.254/latest/"), "redirected to https://169.254.169.254, where"),
    (Trouble::To("https://127.0.0.1/"), "redirected to https://127.0.0.1, where"),
    (Trouble::To("http://127.0.0.1:1/"), "redirected to http://127.0.0.1:1, where"),
    (Trouble::To("https://[::1]/"), "redirected to https://[::1], where"),
    (Trouble::To("https://10.0.0.1/"), "redirected to https://10.0.0.1, where"),
    (Trouble::To("https://localhost/"), "redirected to https://localhost, where"),
    (Trouble::To("https://2130706433/"), "redirected to https://127.0.0.1, where"),
    (Trouble::To("https://[::ffff:10.0.0.1]/"), "redirected to https://[::ffff:a00:1], where"),
    (Trouble::To("file:///etc/passwd"), "where it is not followed"),
    (Trouble::To("http://["), "a redirect that leads nowhere"),
];

fn trouble(shop: &Shop, trouble: Option<Trouble>) {
    match shop.kind {
        ForgeKind::Github => shop.t.github().archive_trouble(trouble),
        kind => shop.forges().trouble(kind, trouble),
    }
}

/// A text for people: of one line, and without what only we understand.
fn is_human(text: &str) -> bool {
    text.len() < 200 && !text.contains(['{', '\n', '<']) && !text.contains("Error")
}

#[tokio::test]
async fn a_forge_that_answers_nothing_is_asked_a_few_times_and_the_vendor_is_told_why() {
    for kind in [ForgeKind::Gitlab, ForgeKind::Bitbucket] {
        for (wrong, told) in ALL_CALLS {
            let when = format!("{kind}: {wrong:?}");
            let shop = Shop::synced(kind, 1).await;
            let offered = shop.look().await;
            shop.release("v2.0.0");
            trouble(&shop, Some(wrong));
            let before = shop.asked();
            assert!(shop.deliver().await);
            for _ in 0..12 {
                shop.wait(WHILE).await;
            }
            let asked = shop.asked() - before;
            assert!((1..=40).contains(&asked), "{when}: {asked} calls in three hours");
            let shown = shop.shown().await;
            let error = shown["sync"]["last_error"].as_str().unwrap_or_default();
            assert!(error.starts_with(kind.title()) && error.contains(told) && is_human(error), "{when}: {error}");
            assert_eq!(shop.look().await, offered, "{when}: what is known stays");
            trouble(&shop, None);
            shop.wait(WHILE).await;
            shop.ask().await;
            shop.rest().await;
            shop.right(&when).await;
            shop.t.finish().await;
        }
    }
}

#[tokio::test]
async fn a_tag_whose_archive_is_none_is_passed_over_until_it_is_one() {
    for kind in ForgeKind::ALL {
        let shop = Shop::synced(kind, 1).await;
        for (round, (wrong, told)) in ARCHIVES.into_iter().enumerate() {
            let when = format!("{kind}: {wrong:?}");
            let (offered, tag) = (shop.look().await, format!("v2.{round}.0"));
            trouble(&shop, Some(wrong));
            shop.release(&tag);
            let before = shop.asked();
            shop.ask().await;
            shop.rest().await;
            shop.wait(WHILE).await;
            assert!(shop.asked() - before < 15, "{when}: {} calls", shop.asked() - before);
            let reason = shop.reason(&tag).await.unwrap_or_default();
            assert!(reason.contains(told) && is_human(&reason), "{when}: {reason}");
            assert_eq!(shop.shown().await["sync"]["status"], "ok", "{when}");
            assert_eq!(shop.look().await, offered, "{when}: the others are there");
            trouble(&shop, None);
            shop.ask().await;
            shop.rest().await;
        }
        shop.right(&kind.to_string()).await;
        shop.t.finish().await;
    }
}

/// Turns something that is wrong with GitHub on, or off.
type Switch = fn(&Shop, bool);

#[tokio::test]
async fn github_that_answers_nothing_is_waited_for_and_the_vendor_is_told_why() {
    let shop = Shop::synced(ForgeKind::Github, 1).await;
    let switches: [(&str, Switch); 3] = [
        ("credentials", |shop, on| shop.t.github().refuse_credentials(on)),
        ("not found", |shop, on| shop.t.github().hide("acme-corp", "widget", on).unwrap()),
        ("rate limited until 20", |shop, on| {
            shop.t.github().limit_requests(if on { 0 } else { 5000 }, Duration::from_mins(30));
        }),
    ];
    for (round, (told, switch)) in switches.into_iter().enumerate() {
        let offered = shop.look().await;
        shop.release(&format!("v3.{round}.0"));
        assert!(shop.deliver().await);
        switch(&shop, true);
        shop.t.settle().await;
        let shown = shop.shown().await;
        let error = shown["sync"]["last_error"].as_str().unwrap_or_default();
        assert!(error.starts_with("GitHub") && error.contains(told) && is_human(error), "{told}: {shown}");
        assert_eq!(shop.look().await, offered, "{told}");
        switch(&shop, false);
        shop.wait(Duration::from_mins(40)).await;
        shop.ask().await;
        shop.rest().await;
        shop.right(told).await;
    }
    shop.t.finish().await;
}
