//! "Repositories": Create Repository, List Repositories, Get Repository.

use std::time::Duration;

use journeys::{TestStack, example_repository, with};
use serde_json::json;

#[tokio::test]
async fn create_repository() {
    let t = TestStack::start().await;
    let answer = t.post("/api/admin/repositories", &example_repository()).await;
    let id = answer.text("/id");
    assert!(id.parse::<domain::RepositoryId>().is_ok(), "{id}");
    answer.is(
        201,
        &json!({
            "id": id,
            "slug": "premium-astro-theme",
            "displayName": "Premium Astro Theme",
            "githubOwner": "ctrimm",
            "githubRepoName": "premium-theme",
            "description": "A beautiful production-ready theme",
            "coverImageUrl": "https://cdn.example.com/cover.png",
            "pricingType": "one-time",
            "priceCents": 4900,
            "active": true,
            "createdAt": "2026-01-01T00:00:00Z"
        }),
    );
    t.finish().await;
}

#[tokio::test]
async fn create_repository_for_a_subscription() {
    let t = TestStack::start().await;
    let toolkit = json!({
        "githubOwner": "acme-corp", "githubRepoName": "toolkit", "displayName": "Toolkit", "pricingType": "subscription",
        "priceCents": 2900, "subscriptionCadence": "custom", "customCadenceDays": 14, "features": ["Dark mode support"]
    });
    let answer = t.post("/api/admin/repositories", &toolkit).await;
    answer.is(
        201,
        &json!({
            "id": answer.text("/id"),
            "slug": "toolkit",
            "displayName": "Toolkit",
            "githubOwner": "acme-corp",
            "githubRepoName": "toolkit",
            "description": null,
            "coverImageUrl": null,
            "pricingType": "subscription",
            "priceCents": 2900,
            // Extensions: the example has a one-time price.
            "subscriptionCadence": "custom",
            "customCadenceDays": 14,
            "active": true,
            "createdAt": "2026-01-01T00:00:00Z"
        }),
    );
    t.finish().await;
}

#[tokio::test]
async fn a_repository_is_listed_once_and_a_display_name_may_be_used_again() {
    let t = TestStack::start().await;
    t.list_theme().await;
    let again = t.post("/api/admin/repositories", &example_repository()).await;
    again.is_error(409, "CONFLICT", &[]);
    let other_case = with(example_repository(), &json!({"githubOwner": "CTrimm", "displayName": "Another"}));
    t.post("/api/admin/repositories", &other_case).await.is_error(409, "CONFLICT", &[]);

    let namesake = with(example_repository(), &json!({"githubRepoName": "premium-theme-pro"}));
    let answer = t.post("/api/admin/repositories", &namesake).await;
    assert_eq!((answer.status, answer.text("/slug").as_str()), (201, "premium-astro-theme-2"), "{answer}");
    assert_eq!(t.get("/api/admin/repositories").await.json["pagination"]["total"], 2);
    t.finish().await;
}

#[tokio::test]
async fn a_client_cannot_set_what_is_not_its_to_set() {
    let t = TestStack::start().await;
    let greedy = json!({
        "id": "550e8400-e29b-41d4-a716-446655440000", "slug": "mine", "active": false, "company": 7, "githubStars": 9000,
        "currency": "jpy", "createdAt": "1999-01-01T00:00:00Z", "stats": {"totalRevenueCents": 1}
    });
    let answer = t.post("/api/admin/repositories", &with(example_repository(), &greedy)).await;
    assert_eq!((answer.status, answer.text("/slug").as_str()), (201, "premium-astro-theme"), "{answer}");
    assert_ne!(answer.text("/id"), "550e8400-e29b-41d4-a716-446655440000");
    assert_eq!((&answer.json["active"], &answer.json["createdAt"]), (&json!(true), &json!("2026-01-01T00:00:00Z")));
    t.finish().await;
}

#[tokio::test]
async fn list_repositories() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    t.github().add_user("mona");
    for buyer in ["johndoe", "janedoe", "mona"] {
        let sale = t.checkout(&id, buyer).await;
        t.pay_and_settle(&sale).await;
        if buyer == "mona" {
            t.stripe().refund(&sale.session, None);
            t.deliver().await;
            t.settle().await;
        }
    }
    t.checkout(&id, "octocat").await;
    t.get("/api/admin/repositories?page=1&limit=20&active=true").await.is(
        200,
        &json!({
            "repositories": [
                {
                    "id": id,
                    "slug": "premium-astro-theme",
                    "displayName": "Premium Astro Theme",
                    "pricingType": "one-time",
                    "priceCents": 4900,
                    "active": true,
                    "purchaseCount": 3,
                    "totalRevenueCents": 9800,
                    "createdAt": "2026-01-01T00:00:00Z"
                }
            ],
            "pagination": {
                "page": 1, "limit": 20, "total": 1, "totalPages": 1,
                // Of the section "Pagination", which each list follows (ruling 4).
                "hasNext": false, "hasPrevious": false
            }
        }),
    );
    t.finish().await;
}

#[tokio::test]
async fn get_repository() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    let sales = [t.checkout(&id, "johndoe").await, t.checkout(&id, "janedoe").await];
    for sale in &sales {
        t.pay_and_settle(sale).await;
    }
    t.stripe().refund(&sales[1].session, None);
    t.clock.advance(Duration::from_mins(5));
    t.deliver().await;
    t.settle().await;
    t.get(&format!("/api/admin/repositories/{id}")).await.is(
        200,
        &json!({
            "id": id,
            "slug": "premium-astro-theme",
            "displayName": "Premium Astro Theme",
            "githubOwner": "ctrimm",
            "githubRepoName": "premium-theme",
            "description": "A beautiful production-ready theme",
            "coverImageUrl": "https://cdn.example.com/cover.png",
            "pricingType": "one-time",
            "priceCents": 4900,
            "active": true,
            // Null until GitHub has been asked for them.
            "githubStars": null,
            "githubLastUpdated": null,
            "stats": {
                "totalPurchases": 2,
                "activePurchases": 1,
                "totalRevenueCents": 4900
            },
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z"
        }),
    );
    t.finish().await;
}
