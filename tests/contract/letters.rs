//! Who gets which letter, and that each comes once.

use std::time::Duration;

use journeys::{Options, Sale, TestStack, WEBHOOK_SECRET, example_repository, with};
use serde_json::json;

const BUYER: &str = "customer@example.com";
const VENDOR: &str = "vendor@example.com";

async fn start() -> TestStack {
    let settings = vec![("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()), ("ALERT_EMAIL", VENDOR.to_owned())];
    TestStack::start_with(Options { settings, ..Options::default() }).await
}

fn subjects(t: &TestStack, to: &str) -> Vec<String> {
    t.stack.mail.as_ref().unwrap().to(to).into_iter().map(|letter| letter.subject).collect()
}

/// Delivers everything twice, and works it off.
async fn twice(t: &TestStack) {
    let deliveries = t.stripe().undelivered();
    for delivery in deliveries.iter().chain(&deliveries) {
        let answer = t.post_event(delivery.body.clone(), &delivery.signature).await;
        assert_eq!(answer.status, 200, "{answer}");
        t.stripe().delivered(&delivery.event_id);
    }
    t.settle().await;
}

async fn subscribe(t: &TestStack) -> Sale {
    let monthly = json!({"pricingType": "subscription", "subscriptionCadence": "monthly"});
    let repository = t.list(&with(example_repository(), &monthly)).await;
    t.checkout(&repository, "johndoe").await
}

#[tokio::test]
async fn a_purchase_and_its_refund_are_told_once_each() {
    let t = start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.settle().await;
    assert_eq!(subjects(&t, BUYER), ["Your checkout of Premium Astro Theme"]);
    t.stripe().pay(&sale.session);
    twice(&t).await;
    assert_eq!(subjects(&t, BUYER)[1..], ["Your access to Premium Astro Theme"]);
    assert_eq!(subjects(&t, VENDOR), [""; 0]);

    t.stripe().refund(&sale.session, Some(1000));
    twice(&t).await;
    assert_eq!(subjects(&t, BUYER)[2..], ["A refund for Premium Astro Theme"]);
    assert_eq!(subjects(&t, VENDOR), ["A payment for Premium Astro Theme was refunded"]);
    t.clock.advance(Duration::from_mins(1));
    t.stripe().refund(&sale.session, None);
    twice(&t).await;
    assert_eq!(subjects(&t, BUYER)[3..], ["Your access to Premium Astro Theme has ended"]);
    assert_eq!(subjects(&t, VENDOR).len(), 2);

    let logs = t.customer(&sale.purchase).await["accessLogs"].as_array().unwrap().clone();
    let sent = logs.iter().filter(|line| line["action"].as_str().unwrap().starts_with("email_sent_")).count();
    assert_eq!(sent, 6, "each letter has its line");
    t.finish().await;
}

#[tokio::test]
async fn a_disputed_purchase_suspends_and_the_vendor_hears_how_it_ends() {
    let t = start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.stripe().dispute(&sale.session);
    twice(&t).await;
    t.clock.advance(Duration::from_mins(1));
    t.stripe().win_dispute(&sale.session);
    twice(&t).await;
    let buyer = subjects(&t, BUYER);
    assert_eq!(
        buyer[2..],
        ["Your access to Premium Astro Theme is suspended", "Your access to Premium Astro Theme"],
        "{buyer:?}"
    );
    assert_eq!(
        subjects(&t, VENDOR),
        ["A payment for Premium Astro Theme is disputed", "You have won a dispute about Premium Astro Theme"]
    );
    t.finish().await;
}

#[tokio::test]
async fn a_subscription_is_told_of_each_renewal_and_of_what_was_not_paid() {
    let t = start().await;
    let sale = subscribe(&t).await;
    t.pay_and_settle(&sale).await;
    t.clock.advance(Duration::from_hours(24 * 31));
    t.stripe().renew(&sale.session);
    twice(&t).await;
    t.clock.advance(Duration::from_hours(24 * 31));
    t.stripe().fail_renewal(&sale.session);
    twice(&t).await;
    let buyer = subjects(&t, BUYER);
    assert!(buyer.contains(&"Your subscription to Premium Astro Theme was renewed".to_owned()), "{buyer:?}");
    assert_eq!(buyer.iter().filter(|subject| *subject == "The payment for Premium Astro Theme failed").count(), 1);
    assert_eq!(subjects(&t, VENDOR), ["A renewal of Premium Astro Theme could not be paid"]);
    t.stripe().cancel_subscription(&sale.session);
    twice(&t).await;
    assert_eq!(subjects(&t, BUYER).last().unwrap(), "Your access to Premium Astro Theme has ended");
    t.finish().await;
}

#[tokio::test]
async fn access_that_needs_a_person_is_told_to_the_vendor_and_not_to_the_buyer() {
    let t = start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.settle().await;
    t.github().forbid("ctrimm", "premium-theme", "Must have admin rights").unwrap();
    t.stripe().pay(&sale.session);
    twice(&t).await;
    assert_eq!(subjects(&t, VENDOR), ["A buyer of Premium Astro Theme cannot be let in"]);
    assert_eq!(subjects(&t, BUYER).len(), 1, "only the confirmation");
    t.finish().await;
}

#[tokio::test]
async fn a_refused_address_is_written_down_and_counts_as_told() {
    let t = start().await;
    t.stack.mail.as_ref().unwrap().refuse(BUYER);
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let logs = t.customer(&sale.purchase).await["accessLogs"].as_array().unwrap().clone();
    let failed: Vec<_> = logs.iter().filter(|line| line["status"] == "failed").map(|line| &line["action"]).collect();
    assert!(failed.contains(&&json!("email_sent_access_granted")), "{logs:?}");
    t.finish().await;
}

#[tokio::test]
async fn with_nobody_to_be_told_the_vendors_letters_are_written_down_as_failed() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.stripe().dispute(&sale.session);
    twice(&t).await;
    let logs = t.customer(&sale.purchase).await["accessLogs"].as_array().unwrap().clone();
    let alert = logs.iter().find(|line| line["action"] == "email_sent_alert").expect("a line");
    assert_eq!(alert["status"], "failed");
    t.finish().await;
}

type Act = fn(&testkit::github::Sandbox);

/// By the repository that was deleted, or that anybody can read.
#[tokio::test]
async fn a_vendor_is_told_once_when_there_is_nothing_left_to_sell() {
    let acts: [(Act, &str); 2] = [
        (|github| github.delete_repository("ctrimm", "premium-theme"), "was deleted on GitHub"),
        (|github| github.set_private("ctrimm", "premium-theme", false).unwrap(), "Anybody can read the repository"),
    ];
    for (act, why) in acts {
        let t = start().await;
        let repository = t.list_theme().await;
        act(t.github());
        for delivery in t.github().undelivered().iter().cycle().take(4) {
            assert_eq!(t.post_github(delivery).await.status, 200);
        }
        t.settle().await;
        assert_eq!(subjects(&t, VENDOR), ["Premium Astro Theme is not for sale any more"]);
        let letter = t.stack.mail.as_ref().unwrap().to(VENDOR).remove(0);
        assert!(letter.text.contains(why) && letter.text.contains(&repository), "{}", letter.text);
        let path = format!("/api/admin/access-logs?repositoryId={repository}&action=email_sent_alert");
        assert_eq!(t.get(&path).await.json["logs"].as_array().unwrap().len(), 1, "it has its line");
        t.finish().await;
    }
}

#[tokio::test]
async fn what_is_put_up_for_sale_again_is_told_of_again() {
    let t = start().await;
    let path = format!("/api/admin/repositories/{}", t.list_theme().await);
    for _ in 0..2 {
        t.github().set_private("ctrimm", "premium-theme", false).unwrap();
        t.deliver_github().await;
        t.settle().await;
        t.github().set_private("ctrimm", "premium-theme", true).unwrap();
        t.deliver_github().await;
        t.settle().await;
        assert_eq!(t.patch(&path, &json!({"active": true})).await.status, 200);
    }
    assert_eq!(subjects(&t, VENDOR).len(), 2);
    // What its vendor takes off the market is no news.
    assert_eq!(t.delete(&path).await.status, 200);
    t.settle().await;
    assert_eq!(subjects(&t, VENDOR).len(), 2);
    t.finish().await;
}
