//! "Customers": List Customers, Get Customer, Revoke Access, Flag Customer.

use std::time::Duration;

use journeys::{Answer, TestStack};
use serde_json::{Value, json};
use testkit::github::Access;

#[tokio::test]
async fn list_customers() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.clock.advance(Duration::from_mins(5));
    t.pay_and_settle(&sale).await;
    t.get(&format!("/api/admin/customers?page=1&limit=20&repositoryId={repository}&status=active")).await.is(
        200,
        &json!({
            "customers": [
                {
                    "id": sale.purchase,
                    "email": "customer@example.com",
                    "githubUsername": "johndoe",
                    "repositoryName": "Premium Astro Theme",
                    "purchaseType": "one-time",
                    "amountCents": 4900,
                    "status": "completed",
                    "accessStatus": "active",
                    "accessGrantedAt": "2026-01-01T00:05:00Z",
                    "createdAt": "2026-01-01T00:00:00Z"
                }
            ],
            "pagination": {
                "page": 1, "limit": 20, "total": 1, "totalPages": 1,
                "hasNext": false, "hasPrevious": false
            }
        }),
    );
    t.finish().await;
}

/// Lists the contract's subscription: 29 dollars a month.
async fn subscription(t: &TestStack) -> String {
    t.list(&json!({
        "githubOwner": "ctrimm", "githubRepoName": "premium-theme", "displayName": "Premium Astro Theme",
        "pricingType": "subscription", "priceCents": 2900, "subscriptionCadence": "monthly"
    }))
    .await
}

#[tokio::test]
async fn get_customer() {
    let t = TestStack::start().await;
    let repository = subscription(&t).await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.stripe().pay(&sale.session);
    t.clock.advance(Duration::from_mins(5));
    t.deliver().await;
    t.settle().await;

    let answer = t.get(&format!("/api/admin/customers/{}", sale.purchase)).await;
    let (customer, subscription) = (answer.text("/stripeCustomerId"), answer.text("/stripeSubscriptionId"));
    assert!(customer.starts_with("cus_") && subscription.starts_with("sub_"), "{answer}");
    let logs = answer.json["accessLogs"].clone();
    answer.is(
        200,
        &json!({
            "id": sale.purchase,
            "email": "customer@example.com",
            "githubUsername": "johndoe",
            "repository": {
                "id": repository,
                "displayName": "Premium Astro Theme",
                "githubOwner": "ctrimm",
                "githubRepoName": "premium-theme"
            },
            "purchaseType": "subscription",
            "amountCents": 2900,
            "status": "completed",
            "accessStatus": "active",
            "stripeCustomerId": customer,
            "stripeSubscriptionId": subscription,
            "accessLogs": logs,
            "createdAt": "2026-01-01T00:00:00Z",
            "accessGrantedAt": "2026-01-01T00:05:00Z",
            // An extension: GitHub has the buyer accept an invitation first.
            "invitationStatus": "pending"
        }),
    );
    // What is logged besides the contract's `collaborator_added` is more of the same.
    let mut lines: Vec<_> = logs.as_array().unwrap().iter().map(Value::to_string).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            r#"{"action":"checkout_completed","createdAt":"2026-01-01T00:05:00Z","status":"success"}"#,
            r#"{"action":"checkout_created","createdAt":"2026-01-01T00:00:00Z","status":"success"}"#,
            r#"{"action":"collaborator_added","createdAt":"2026-01-01T00:05:00Z","status":"success"}"#,
            r#"{"action":"email_sent_access_granted","createdAt":"2026-01-01T00:05:00Z","status":"success"}"#,
            r#"{"action":"email_sent_confirmation","createdAt":"2026-01-01T00:00:00Z","status":"success"}"#,
            r#"{"action":"payment_succeeded","createdAt":"2026-01-01T00:05:00Z","status":"success"}"#,
            r#"{"action":"subscription_created","createdAt":"2026-01-01T00:05:00Z","status":"success"}"#,
            r#"{"action":"subscription_updated","createdAt":"2026-01-01T00:05:00Z","status":"success"}"#,
        ]
    );
    t.finish().await;
}

#[tokio::test]
async fn get_customer_before_the_payment() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.get(&format!("/api/admin/customers/{}", sale.purchase)).await.is(
        200,
        &json!({
            "id": sale.purchase,
            "email": "customer@example.com",
            "githubUsername": "johndoe",
            "repository": {
                "id": repository,
                "displayName": "Premium Astro Theme",
                "githubOwner": "ctrimm",
                "githubRepoName": "premium-theme"
            },
            "purchaseType": "one-time",
            "amountCents": 4900,
            "status": "pending",
            "accessStatus": "pending",
            "stripeCustomerId": null,
            "stripeSubscriptionId": null,
            "accessLogs": [
                {"action": "checkout_created", "status": "success", "createdAt": "2026-01-01T00:00:00Z"},
                {"action": "email_sent_confirmation", "status": "success", "createdAt": "2026-01-01T00:00:00Z"}
            ],
            "createdAt": "2026-01-01T00:00:00Z",
            "accessGrantedAt": null
        }),
    );
    t.finish().await;
}

#[tokio::test]
async fn get_customer_after_a_refund() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.clock.advance(Duration::from_hours(1));
    t.stripe().refund(&sale.session, Some(900));
    t.deliver().await;
    t.settle().await;
    let partly = t.customer(&sale.purchase).await;
    assert_eq!((&partly["accessStatus"], &partly["refundedCents"]), (&json!("active"), &json!(900)), "ruling 9");

    t.clock.advance(Duration::from_hours(1));
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    let decided = t.customer(&sale.purchase).await;
    assert_eq!(decided["accessStatus"], "active", "the worker has not seen it");
    t.settle().await;
    let customer = t.customer(&sale.purchase).await;
    let told: Vec<_> = ["status", "accessStatus", "removalStatus", "revokedAt", "refundedCents", "invitationStatus"]
        .map(|name| customer[name].clone())
        .into();
    let expected = json!(["completed", "revoked", "done", "2026-01-01T02:00:00Z", 4900, null]);
    assert_eq!(json!(told), expected, "rulings 17 and 27: {customer}");
    t.finish().await;
}

/// Two payments for one account: a refund of one of them takes nothing away.
#[tokio::test]
async fn get_customer_of_whom_another_purchase_still_opens_the_gate() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let first = t.checkout(&repository, "johndoe").await;
    t.pay_and_settle(&first).await;
    t.stripe().dispute(&first.session);
    t.deliver().await;
    t.settle().await;
    let sales = [first, t.checkout(&repository, "johndoe").await];
    t.pay_and_settle(&sales[1]).await;
    t.clock.advance(Duration::from_secs(1));
    t.stripe().win_dispute(&sales[0].session);
    t.deliver().await;
    t.settle().await;
    t.stripe().refund(&sales[0].session, None);
    t.deliver().await;
    t.settle().await;
    let (refunded, kept) = (t.customer(&sales[0].purchase).await, t.customer(&sales[1].purchase).await);
    assert_eq!((&kept["accessStatus"], &kept["invitationStatus"]), (&json!("active"), &json!("pending")));
    assert_eq!((&refunded["accessStatus"], &refunded["refundedCents"]), (&json!("revoked"), &json!(4900)));
    assert_eq!(refunded["removalStatus"], "done", "nothing of it is left to take back");
    let account = t.github().user_id("johndoe").unwrap();
    assert_eq!(t.github().access("ctrimm", "premium-theme", account), Access::Invited { expired: false });
    t.finish().await;
}

async fn revoke(t: &TestStack, purchase: &str) -> Answer {
    let path = format!("/api/admin/customers/{purchase}/revoke");
    t.patch(&path, &json!({"reason": "Account sharing suspected"})).await
}

fn revoked(purchase: &str, at: &str) -> Value {
    json!({"message": "Access revoked successfully", "purchaseId": purchase, "revokedAt": at})
}

#[tokio::test]
async fn revoke_access() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.clock.advance(Duration::from_hours(12));
    revoke(&t, &sale.purchase).await.is(200, &revoked(&sale.purchase, "2026-01-01T12:00:00Z"));
    let told = |customer: &Value| {
        let names = ["accessStatus", "status", "revokedAt", "revocationReason", "revokedBy", "removalStatus"];
        json!(names.map(|name| customer[name].clone()))
    };
    let expected = |removal| {
        json!(["revoked", "completed", "2026-01-01T12:00:00Z", "Account sharing suspected", "first operator", removal])
    };
    let decided = t.customer(&sale.purchase).await;
    assert_eq!(told(&decided), expected("pending"), "ruling 27: the decision counts at once");
    t.settle().await;
    assert_eq!(told(&t.customer(&sale.purchase).await), expected("done"));
    let account = t.github().user_id("johndoe").unwrap();
    assert_eq!(t.github().access("ctrimm", "premium-theme", account), Access::None);

    // A second time, and by the other method (ruling 15), it is what it was.
    t.clock.advance(Duration::from_hours(1));
    let again = t.post(&format!("/api/admin/customers/{}/revoke", sale.purchase), &json!({"reason": "Else"})).await;
    again.is(200, &revoked(&sale.purchase, "2026-01-01T12:00:00Z"));
    t.settle().await;
    assert_eq!(told(&t.customer(&sale.purchase).await), expected("done"));
    let lines = t.get(&format!("/api/admin/access-logs?purchaseId={}&action=access_revoked", sale.purchase)).await;
    assert_eq!(lines.json["logs"].as_array().unwrap().len(), 1, "{lines}");
    t.finish().await;
}

/// Ruling 27: the pending grant is cancelled, and the checkout can't be paid any more.
#[tokio::test]
async fn revoke_access_that_was_never_active() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    revoke(&t, &sale.purchase).await.is(200, &revoked(&sale.purchase, "2026-01-01T00:00:00Z"));
    t.settle().await;
    assert_eq!(t.stripe().session(&sale.session).unwrap()["status"], "expired");
    assert!(t.stripe().pay(&sale.session).is_empty());
    t.deliver().await;
    t.settle().await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!((&customer["status"], &customer["accessStatus"]), (&json!("failed"), &json!("revoked")));

    // Once more: the session has ended, and that is no failure.
    revoke(&t, &sale.purchase).await.is(200, &revoked(&sale.purchase, "2026-01-01T00:00:00Z"));
    t.settle().await;
    let closed = t.stripe().requests().into_iter().filter(|request| request.ends_with("/expire")).count();
    assert_eq!(closed, 1);
    t.finish().await;
}

/// Who was quicker has paid, which is written down, and opens nothing.
#[tokio::test]
async fn revoke_access_while_it_is_paid() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.settle().await;
    revoke(&t, &sale.purchase).await.is(200, &revoked(&sale.purchase, "2026-01-01T00:00:00Z"));
    t.stripe().pay(&sale.session);
    t.settle().await;
    assert_eq!(t.stripe().session(&sale.session).unwrap()["status"], "complete", "it is not closed any more");
    t.deliver().await;
    t.settle().await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!((&customer["status"], &customer["accessStatus"]), (&json!("completed"), &json!("revoked")));
    assert_eq!(t.github().invitations_sent("ctrimm", "premium-theme"), 0);
    t.finish().await;
}

/// Ruling 28: the subscription ends, and nothing is paid back.
#[tokio::test]
async fn revoke_access_of_a_subscription() {
    let t = TestStack::start().await;
    let sale = t.checkout(&subscription(&t).await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let path = format!("/api/admin/customers/{}/revoke", sale.purchase);
    let request = t.request(http::Method::PATCH, &path).body(axum::body::Body::empty()).unwrap();
    t.send(request).await.is(200, &revoked(&sale.purchase, "2026-01-01T00:00:00Z"));
    t.settle().await;
    t.deliver().await;
    t.settle().await;
    let customer = t.customer(&sale.purchase).await;
    let told: Vec<_> =
        ["status", "accessStatus", "revocationReason", "refundedCents"].map(|name| &customer[name]).into();
    assert_eq!(json!(told), json!(["canceled", "revoked", "revoked", null]), "{customer}");
    let cancelled = t.stripe().requests().into_iter().filter(|request| request.starts_with("DELETE")).count();
    assert_eq!(cancelled, 1);
    t.finish().await;
}

#[tokio::test]
async fn flag_customer() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let path = format!("/api/admin/customers/{}/flag", sale.purchase);
    for reason in ["Suspicious activity detected", "A second look"] {
        t.clock.advance(Duration::from_hours(1));
        let answer = t.post(&path, &json!({"reason": reason})).await;
        answer.is(200, &json!({"message": "Customer flagged successfully", "purchaseId": sale.purchase}));
    }
    let customer = t.customer(&sale.purchase).await;
    let told: Vec<_> =
        ["flagged", "flagReason", "flaggedAt", "flaggedBy", "accessStatus"].map(|it| &customer[it]).into();
    let expected = json!([true, "A second look", "2026-01-01T02:00:00Z", "first operator", "active"]);
    assert_eq!(json!(told), expected, "ruling 16: the last flag wins, and takes nothing away");
    t.finish().await;
}

#[tokio::test]
async fn a_decision_about_nothing_or_with_a_bad_reason_is_refused() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    for verb in ["revoke", "flag"] {
        let unknown = format!("/api/admin/customers/0190b5a0-0000-7000-8000-000000000001/{verb}");
        t.post(&unknown, &json!({})).await.is_error(404, "NOT_FOUND", &[]);
        let path = format!("/api/admin/customers/{}/{verb}", sale.purchase);
        for wrong in [json!(""), json!(7), json!("a".repeat(201)), json!("two\nlines")] {
            t.post(&path, &json!({"reason": wrong})).await.is_error(400, "VALIDATION_ERROR", &["reason"]);
        }
    }
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "pending");
    t.finish().await;
}
