//! "Create Checkout Session", and what becomes of one that is begun again (rulings 8, 20, 21, 26).

use std::time::Duration;

use journeys::{Answer, TestStack, example_repository, with};
use serde_json::{Value, json};

async fn begin(t: &TestStack, repository: &str, email: &str) -> Answer {
    let body = json!({"repositoryId": repository, "githubUsername": "johndoe", "email": email});
    t.post("/api/checkout", &body).await
}

/// The lines of a purchase's log, as actions.
async fn actions(t: &TestStack, purchase: &str) -> Vec<String> {
    let lines = t.customer(purchase).await["accessLogs"].as_array().unwrap().clone();
    lines.iter().map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

async fn customers(t: &TestStack) -> Value {
    t.get("/api/admin/customers").await.json["pagination"]["total"].clone()
}

#[tokio::test]
async fn the_buyer_can_be_asked_whether_it_is_their_account() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let answer = begin(&t, &repository, "customer@example.com").await;
    let account = &answer.json["githubAccount"];
    assert_eq!(account["login"], "johndoe");
    assert!(account["id"].is_u64() && account["avatarUrl"].as_str().unwrap().starts_with("https://"), "{answer}");
    t.settle().await;
    t.finish().await;
}

#[tokio::test]
async fn an_unpaid_checkout_that_is_begun_again_is_the_same_one() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let first = begin(&t, &repository, "customer@example.com").await;
    t.settle().await;
    t.clock.advance(Duration::from_hours(2));
    let second = begin(&t, &repository, "customer@example.com").await;
    assert_eq!(second.json, first.json);
    assert_eq!(customers(&t).await, 1);
    t.settle().await;

    // When the session has expired, the purchase gets another one.
    t.clock.advance(Duration::from_hours(23));
    let third = begin(&t, &repository, "customer@example.com").await;
    assert_eq!(third.text("/purchaseId"), first.text("/purchaseId"));
    assert_ne!(third.text("/sessionId"), first.text("/sessionId"));
    assert_eq!(
        (customers(&t).await, t.customer(&third.text("/purchaseId")).await["status"].clone()),
        (json!(1), json!("pending"))
    );
    t.settle().await;
    t.deliver().await;
    t.settle().await;
    assert_eq!(
        t.customer(&third.text("/purchaseId")).await["status"],
        "pending",
        "an earlier session's end is not this one's"
    );

    t.stripe().pay(&third.text("/sessionId"));
    t.deliver().await;
    t.settle().await;
    assert_eq!(t.customer(&third.text("/purchaseId")).await["accessStatus"], "active");
    t.finish().await;
}

#[tokio::test]
async fn another_address_is_told_too_and_nobody_can_pay_the_older_session() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let first = begin(&t, &repository, "customer@example.com").await;
    t.settle().await;
    let second = begin(&t, &repository, "other@example.com").await;
    assert_eq!(second.text("/purchaseId"), first.text("/purchaseId"));
    assert_eq!(t.stripe().session(&first.text("/sessionId")).unwrap()["status"], "expired");
    assert_eq!(t.stripe().session(&second.text("/sessionId")).unwrap()["customer_email"], "other@example.com");
    t.settle().await;
    let purchase = second.text("/purchaseId");
    let mut actions = actions(&t, &purchase).await;
    actions.sort();
    let confirmed = "email_sent_confirmation";
    assert_eq!(actions, ["checkout_created", "checkout_resumed", confirmed, confirmed]);
    assert_eq!(t.customer(&purchase).await["email"], "other@example.com");
    t.deliver().await;
    t.settle().await;
    assert_eq!(t.customer(&purchase).await["status"], "pending");
    t.finish().await;
}

#[tokio::test]
async fn a_checkout_is_confirmed_once_a_day_to_an_address() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let mail = t.stack.mail.clone().unwrap();
    let checkout = async |login: &str| {
        let body = json!({"repositoryId": repository, "githubUsername": login, "email": "Victim@example.com"});
        let answer = t.post("/api/checkout", &body).await;
        assert_eq!(answer.status, 200, "{answer}");
        t.settle().await;
    };
    for login in ["johndoe", "janedoe", "octocat", "johndoe"] {
        checkout(login).await;
    }
    let letters = mail.to("victim@example.com");
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = &letters[0];
    assert!(letter.subject.contains("Premium Astro Theme") && letter.text.contains("$49.00"), "{}", letter.text);
    assert!(
        !letter.text.contains("johndoe") && !letter.text.contains("token="),
        "nothing that a stranger wrote, no key"
    );
    t.clock.advance(Duration::from_hours(24));
    checkout("janedoe").await;
    assert_eq!(mail.to("victim@example.com").len(), 2, "tomorrow is another day");
    t.finish().await;
}

#[tokio::test]
async fn a_delayed_payment_that_is_under_way_is_not_made_twice() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.settle().await;
    t.stripe().pay_later(&sale.session);
    t.deliver().await;
    t.settle().await;
    t.clock.advance(Duration::from_hours(25));
    t.try_checkout(&repository, "johndoe").await.is_error(409, "CONFLICT", &[]);
    t.finish().await;
}

#[tokio::test]
async fn both_modes_ask_stripe_for_what_leads_back_to_the_purchase() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let yearly = json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit", "displayName": "Toolkit",
        "pricingType": "subscription", "subscriptionCadence": "yearly"});
    let subscription = t.list(&with(example_repository(), &yearly)).await;
    for (repository, mode) in [(repository, "payment"), (subscription, "subscription")] {
        let sale = t.checkout(&repository, "johndoe").await;
        let session = t.stripe().session(&sale.session).unwrap();
        assert_eq!((&session["mode"], &session["client_reference_id"]), (&json!(mode), &json!(sale.purchase)));
        let success = session["success_url"].as_str().unwrap();
        assert!(success.contains(&format!("/purchases/{}?token=tgp_", sale.purchase)), "{success}");
        t.pay_and_settle(&sale).await;
        assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active", "{mode}");
    }
    t.finish().await;
}

/// By hand in Stripe's dashboard, say.
#[tokio::test]
async fn a_session_that_is_ended_before_its_time_ends_the_checkout_until_it_is_begun_again() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let first = begin(&t, &repository, "customer@example.com").await;
    t.settle().await;
    t.clock.advance(Duration::from_mins(5));
    t.stripe().expire(&first.text("/sessionId"));
    t.deliver().await;
    t.settle().await;
    assert_eq!(t.customer(&first.text("/purchaseId")).await["status"], "failed");

    let second = begin(&t, &repository, "customer@example.com").await;
    assert_eq!(second.text("/purchaseId"), first.text("/purchaseId"));
    assert_ne!(second.text("/sessionId"), first.text("/sessionId"));
    assert_eq!(t.customer(&first.text("/purchaseId")).await["status"], "pending");
    t.finish().await;
}
