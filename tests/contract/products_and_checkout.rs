//! "Public API": Get Product Details, Create Checkout Session.

use std::time::Duration;

use journeys::{Options, TestStack, example_repository, with};
use serde_json::json;
use testkit::{connector::Meter, faults::Faults};

use crate::deactivate;

#[tokio::test]
async fn get_product_details() {
    let t = TestStack::start().await;
    let features = json!({"features": ["Fully responsive design", "Dark mode support", "SEO optimized"]});
    t.github().describe("ctrimm", "premium-theme", "", 127).unwrap();
    let id = t.list(&with(example_repository(), &features)).await;
    t.get("/api/products/premium-astro-theme").await.is(
        200,
        &json!({
            "id": id,
            "slug": "premium-astro-theme",
            "displayName": "Premium Astro Theme",
            "description": "A beautiful production-ready theme",
            "coverImageUrl": "https://cdn.example.com/cover.png",
            "pricingType": "one-time",
            "priceCents": 4900,
            "subscriptionCadence": null,
            "githubOwner": "ctrimm",
            "githubRepoName": "premium-theme",
            "githubStars": 127,
            "features": [
                "Fully responsive design",
                "Dark mode support",
                "SEO optimized"
            ]
        }),
    );
    t.finish().await;
}

#[tokio::test]
async fn a_product_that_is_not_there_is_not_found() {
    let t = TestStack::start().await;
    t.list_theme().await;
    t.get("/api/products/nothing").await.is_error(404, "NOT_FOUND", &[]);
    // What cannot be a slug is not looked for: DynamoDB refuses keys of more than 2048 bytes.
    let (long, meter) = ("a".repeat(3000), Meter::new());
    for slug in ["Premium-Astro-Theme", "premium-astro-theme%20", "%00", "%ff", "a%2Fb", "SLUG%23x", &long] {
        let answer = meter.scope(t.get(&format!("/api/products/{slug}"))).await;
        answer.is_error(404, "NOT_FOUND", &[]);
    }
    assert_eq!(meter.usage().calls, []);
    t.finish().await;
}

#[tokio::test]
async fn create_checkout_session() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let answer = t.try_checkout(&repository, "johndoe").await;
    let (session, purchase) = (answer.text("/sessionId"), answer.text("/purchaseId"));
    assert!(session.starts_with("cs_test_"), "{answer}");
    let url = format!("{}/sandbox/stripe/pay/{session}", t.stack.url);
    // The account is an extension (ruling 26).
    let avatar = answer.text("/githubAccount/avatarUrl");
    let account = json!({"login": "johndoe", "id": t.github().user_id("johndoe"), "avatarUrl": avatar});
    let expected = json!({"sessionId": session, "sessionUrl": url, "purchaseId": purchase, "githubAccount": account});
    answer.is(200, &expected);

    // "Creates Stripe Checkout Session", for the price in the table, and "purchase record with status 'pending'".
    let known = t.stripe().session(&session).unwrap();
    assert_eq!((&known["amount_total"], &known["client_reference_id"]), (&json!(4900), &json!(purchase)), "{known}");
    assert_eq!(known["customer_email"], "customer@example.com");
    assert_eq!(t.customer(&purchase).await["status"], "pending");
    t.finish().await;
}

#[tokio::test]
async fn a_name_that_cannot_be_invited_is_refused_before_anything_is_written() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    for name in ["nobody-by-this-name", "acme-corp"] {
        let answer = t.try_checkout(&repository, name).await;
        answer.is_error(400, "VALIDATION_ERROR", &["githubUsername"]);
    }
    nothing_was_sold(&t).await;
    t.finish().await;
}

#[tokio::test]
async fn nothing_is_sold_blindly_while_github_is_down() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    t.github().secondary_limit(Duration::from_mins(1));
    let answer = t.try_checkout(&repository, "johndoe").await;
    answer.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    assert_eq!(answer.header("retry-after"), "5");
    t.clock.advance(Duration::from_mins(2));
    t.github().refuse_credentials(true);
    t.try_checkout(&repository, "johndoe").await.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    nothing_was_sold(&t).await;
    t.github().refuse_credentials(false);
    t.checkout(&repository, "johndoe").await;
    t.finish().await;
}

#[tokio::test]
async fn a_repository_that_is_not_for_sale_is_not_found() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    t.try_checkout("0190b5a0-0000-7000-8000-000000000001", "johndoe").await.is_error(404, "NOT_FOUND", &[]);

    deactivate(&t, &repository).await;
    t.try_checkout(&repository, "johndoe").await.is_error(404, "NOT_FOUND", &[]);
    t.get("/api/products/premium-astro-theme").await.is_error(404, "NOT_FOUND", &[]);
    nothing_was_sold(&t).await;
    t.finish().await;
}

#[tokio::test]
async fn a_buyer_who_has_access_is_not_charged_again() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.checkout(&repository, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.try_checkout(&repository, "johndoe").await.is_error(409, "CONFLICT", &[]);
    t.try_checkout(&repository, "JohnDoe").await.is_error(409, "CONFLICT", &[]);
    t.github().rename_user("johndoe", "john-the-second").unwrap();
    t.try_checkout(&repository, "john-the-second").await.is_error(409, "CONFLICT", &[]);
    t.checkout(&repository, "janedoe").await;

    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    t.checkout(&repository, "john-the-second").await;
    t.finish().await;
}

#[tokio::test]
async fn a_checkout_that_stripe_does_not_answer_can_be_tried_again() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    for _ in 0..3 {
        t.faults.start(&Faults::seeded(7, 100));
        let answer = t.try_checkout(&repository, "johndoe").await;
        answer.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    }
    t.faults.heal();
    t.checkout(&repository, "johndoe").await;
    t.finish().await;
}

#[tokio::test]
async fn an_unfinished_configuration_sells_nothing() {
    let blank = ("STRIPE_API_URL", "http://127.0.0.1:9".to_owned());
    let t = TestStack::start_with(Options { settings: vec![blank], ..Options::default() }).await;
    t.post("/api/admin/repositories", &example_repository()).await.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    let repository = crate::listed_without_stripe(&t).await;
    t.try_checkout(&repository, "johndoe").await.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    nothing_was_sold(&t).await;
    t.finish().await;
}

async fn nothing_was_sold(t: &TestStack) {
    let customers = t.get("/api/admin/customers").await;
    assert_eq!(customers.json["pagination"]["total"], 0, "{customers}");
    assert!(t.stack.stripe.as_ref().is_none_or(|stripe| stripe.sessions().is_empty()));
}
