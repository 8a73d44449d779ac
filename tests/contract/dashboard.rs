//! "Dashboard": Get Dashboard Metrics.

use std::time::Duration;

use domain::{CompanyId, RepositoryId};
use journeys::{TestStack, example_repository, with};
use serde_json::{Value, json};
use store::day_number;

const DAY: Duration = Duration::from_hours(24);

async fn dashboard(t: &TestStack, period: &str) -> Value {
    let answer = t.get(&format!("/api/admin/dashboard?period={period}")).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json
}

/// A repository that is sold by the month.
async fn kit(t: &TestStack) -> String {
    let fields = json!({
        "githubOwner": "acme-corp", "githubRepoName": "toolkit", "displayName": "Toolkit",
        "pricingType": "subscription", "priceCents": 2900, "subscriptionCadence": "monthly"
    });
    t.list(&with(example_repository(), &fields)).await
}

#[tokio::test]
async fn get_dashboard_metrics() {
    let t = TestStack::start().await;
    let (theme, kit) = (t.list_theme().await, kit(&t).await);
    let sold = t.checkout(&theme, "johndoe").await;
    t.pay_and_settle(&sold).await;
    t.clock.advance(Duration::from_hours(9));
    let declined = t.checkout(&theme, "janedoe").await;
    t.stripe().decline_with(&declined.session, "insufficient_funds");
    t.deliver().await;
    t.settle().await;
    t.clock.advance(Duration::from_hours(1));
    let subscribed = t.checkout(&kit, "octocat").await;
    t.pay_and_settle(&subscribed).await;
    t.get("/api/admin/dashboard").await.is(
        200,
        &json!({
            "period": "30d",
            "metrics": {
                "totalRevenueCents": 7800,
                "totalPurchases": 2,
                "activePurchases": 2,
                "activeSubscriptions": 1,
                "churnRate": 0.0,
                "conversionRate": 66.7,
                "averageOrderValueCents": 3900
            },
            "recentSales": [
                {
                    "id": subscribed.purchase,
                    "repositoryName": "Toolkit",
                    "email": "customer@example.com",
                    "amountCents": 2900,
                    "createdAt": "2026-01-01T10:00:00Z"
                },
                {
                    "id": sold.purchase,
                    "repositoryName": "Premium Astro Theme",
                    "email": "customer@example.com",
                    "amountCents": 4900,
                    "createdAt": "2026-01-01T00:00:00Z"
                }
            ],
            "failedPayments": [
                {
                    "id": declined.purchase,
                    "email": "customer@example.com",
                    "repositoryName": "Premium Astro Theme",
                    "amountCents": 4900,
                    "reason": "insufficient_funds",
                    "createdAt": "2026-01-01T09:00:00Z"
                }
            ]
        }),
    );
    // What is paid after all has not failed.
    t.pay_and_settle(&declined).await;
    assert_eq!(dashboard(&t, "30d").await["failedPayments"], json!([]));
    t.finish().await;
}

#[tokio::test]
async fn an_empty_company_has_a_dashboard() {
    let t = TestStack::start().await;
    for period in ["7d", "30d", "90d", "1y", "all"] {
        let found = dashboard(&t, period).await;
        assert_eq!((&found["period"], &found["metrics"]["churnRate"]), (&json!(period), &json!(0.0)));
        assert_eq!((&found["recentSales"], &found["failedPayments"]), (&json!([]), &json!([])));
    }
    for wrong in ["", "30D", "2y", "30", "all,7d"] {
        t.get(&format!("/api/admin/dashboard?period={wrong}")).await.is_error(400, "VALIDATION_ERROR", &["period"]);
    }
    t.finish().await;
}

/// Ruling 17: renewals are revenue, refunds are taken off it. A renewal that was not paid is a failed payment until it is.
#[tokio::test]
async fn renewals_and_refunds_are_in_the_figures() {
    let t = TestStack::start().await;
    let (theme, kit) = (t.list_theme().await, kit(&t).await);
    let (sold, subscribed) = (t.checkout(&theme, "johndoe").await, t.checkout(&kit, "octocat").await);
    t.pay_and_settle(&sold).await;
    t.pay_and_settle(&subscribed).await;
    t.stripe().renew(&subscribed.session);
    t.stripe().refund(&sold.session, None);
    t.deliver().await;
    t.settle().await;
    let metrics = dashboard(&t, "7d").await["metrics"].take();
    assert_eq!((&metrics["totalRevenueCents"], &metrics["totalPurchases"]), (&json!(5800), &json!(2)), "{metrics}");
    assert_eq!((&metrics["activePurchases"], &metrics["churnRate"]), (&json!(1), &json!(50.0)), "{metrics}");

    t.clock.advance(DAY);
    t.stripe().fail_renewal(&subscribed.session);
    t.deliver().await;
    t.settle().await;
    let failed = dashboard(&t, "7d").await["failedPayments"].take();
    assert_eq!(failed.as_array().unwrap().len(), 1, "{failed}");
    assert_eq!((&failed[0]["id"], &failed[0]["amountCents"]), (&json!(subscribed.purchase), &json!(2900)), "{failed}");
    t.stripe().pay_overdue(&subscribed.session);
    t.deliver().await;
    t.settle().await;
    assert_eq!(dashboard(&t, "7d").await["failedPayments"], json!([]));
    t.finish().await;
}

/// Sales on many days: each period has its own, and rolling days up changes no figure.
#[tokio::test]
async fn a_period_has_its_days_whether_they_were_rolled_up_or_not() {
    let t = TestStack::start().await;
    let theme = t.list_theme().await;
    // 400 days, 45 sales.
    for sale in 0..45 {
        let buyer = format!("buyer-{sale}");
        t.github().add_user(&buyer);
        let sale = t.checkout(&theme, &buyer).await;
        t.pay_and_settle(&sale).await;
        t.clock.advance(DAY * 9);
    }
    // Today is nine days after the last sale.
    let expected = [("7d", 0), ("30d", 3), ("90d", 9), ("1y", 40), ("all", 45)];
    let counts = async |when: &str| {
        for (period, sales) in expected {
            let metrics = dashboard(&t, period).await["metrics"].take();
            assert_eq!(metrics["totalPurchases"], sales, "{period}, {when}: {metrics}");
            assert_eq!(metrics["totalRevenueCents"], sales * 4900, "{period}, {when}");
        }
    };
    counts("before").await;
    let (company, repository) = (CompanyId(1), Some(theme.parse::<RepositoryId>().unwrap()));
    let (today, mut moved) = (day_number(t.now()), 0);
    for before in [today - 200, today - 1] {
        loop {
            let rolled_up = t.stack.store.roll_up(company, repository, before).await.unwrap();
            moved += rolled_up.days;
            counts("on the way").await;
            if !rolled_up.again {
                break;
            }
        }
    }
    assert_eq!(moved, 45);
    let nothing = t.stack.store.roll_up(company, repository, today - 1).await.unwrap();
    assert_eq!((nothing.days, nothing.again), (0, false));
    t.finish().await;
}
