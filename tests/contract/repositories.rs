//! "Repositories": Create, List, Get, Update and Deactivate Repository, Fetch GitHub Data.

use std::time::Duration;

use journeys::{Options, TestStack, example_repository, with};
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
            "createdAt": "2026-01-01T00:00:00Z",
            // An extension.
            "warnings": personal_warning()
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
            "createdAt": "2026-01-01T00:00:00Z",
            "warnings": answer.json["warnings"]
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
    t.github().add_repository("ctrimm", "premium-theme-pro", true);
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
    t.github().describe("ctrimm", "premium-theme", "", 127).unwrap();
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
            "githubStars": 127,
            "githubLastUpdated": "2026-01-01T00:00:00Z",
            "stats": {
                "totalPurchases": 2,
                "activePurchases": 1,
                "totalRevenueCents": 4900
            },
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "warnings": personal_warning()
        }),
    );
    t.finish().await;
}

/// What the contract's example of Get Repository leaves out.
fn personal_warning() -> serde_json::Value {
    json!([{
        "code": "PERSONAL_REPO_WRITE_ACCESS",
        "message": "A person owns this repository, and GitHub lets every collaborator of such a repository push to it. \
                    In an organisation, which can be a free one, buyers can only read"
    }])
}

#[tokio::test]
async fn update_repository() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    t.clock.advance(Duration::from_hours(1));
    let path = format!("/api/admin/repositories/{id}");
    let changes = json!({
        "displayName": "Premium Astro Theme v2", "priceCents": 5900, "description": "Updated description"
    });
    let expected = json!({
        "id": id, "displayName": "Premium Astro Theme v2", "priceCents": 5900, "updatedAt": "2026-01-01T01:00:00Z"
    });
    t.patch(&path, &changes).await.is(200, &expected);
    let after = t.get(&path).await.json;
    let shown = ["slug", "displayName", "description", "updatedAt"].map(|name| after[name].clone());
    let expected =
        json!(["premium-astro-theme", "Premium Astro Theme v2", "Updated description", "2026-01-01T01:00:00Z"]);
    assert_eq!(json!(shown), expected);

    // The same again is no change, and what changes besides is shown.
    t.clock.advance(Duration::from_hours(1));
    assert_eq!(t.patch(&path, &changes).await.json["updatedAt"], "2026-01-01T01:00:00Z");
    let more = json!({
        "pricingType": "subscription", "subscriptionCadence": "yearly", "features": ["Dark mode support"],
        "coverImageUrl": null, "refundPolicy": "flag", "graceDays": 7
    });
    t.patch(&path, &more).await.is(
        200,
        &json!({
            "id": id, "displayName": "Premium Astro Theme v2", "priceCents": 5900, "pricingType": "subscription",
            "subscriptionCadence": "yearly", "features": ["Dark mode support"], "coverImageUrl": null,
            "refundPolicy": "flag", "graceDays": 7, "updatedAt": "2026-01-01T02:00:00Z"
        }),
    );
    let after = t.get(&path).await.json;
    assert_eq!((&after["refundPolicy"], &after["graceDays"]), (&json!("flag"), &json!(7)));
    t.finish().await;
}

/// Who subscribed or bought keeps the price; the next buyer pays the new one.
#[tokio::test]
async fn a_new_price_is_for_new_buyers_and_the_old_ones_are_kept_in_the_history() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    let path = format!("/api/admin/repositories/{id}");
    let old = t.checkout(&id, "johndoe").await;
    t.pay_and_settle(&old).await;
    t.clock.advance(Duration::from_hours(1));
    assert_eq!(t.patch(&path, &json!({"priceCents": 5900})).await.status, 200);
    let new = t.checkout(&id, "janedoe").await;
    assert_eq!(t.customer(&old.purchase).await["amountCents"], 4900);
    assert_eq!(t.customer(&new.purchase).await["amountCents"], 5900);

    let history = t.get(&format!("{path}/pricing-history")).await;
    let stripe = |place: usize, name: &str| history.text(&format!("/pricingHistory/{place}/{name}"));
    assert_ne!(stripe(0, "stripePriceId"), stripe(1, "stripePriceId"));
    assert_eq!(stripe(0, "stripeProductId"), stripe(1, "stripeProductId"));
    let row = |place, cents: i64, from: &str, until: Option<&str>| {
        json!({
            "pricingType": "one-time", "priceCents": cents, "stripeProductId": stripe(place, "stripeProductId"),
            "stripePriceId": stripe(place, "stripePriceId"), "changedBy": stripe(place, "changedBy"),
            "effectiveFrom": from, "effectiveUntil": until
        })
    };
    history.is(
        200,
        &json!({"pricingHistory": [
            row(0, 5900, "2026-01-01T01:00:00Z", None),
            row(1, 4900, "2026-01-01T00:00:00Z", Some("2026-01-01T01:00:00Z")),
        ]}),
    );
    t.finish().await;
}

#[tokio::test]
async fn a_change_sets_nothing_that_is_not_a_clients_to_set() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    let path = format!("/api/admin/repositories/{id}");
    let before = t.get(&path).await.json;
    let greedy = json!({
        "id": "550e8400-e29b-41d4-a716-446655440000", "slug": "mine", "company": 7, "githubStars": 9000, "currency": "jpy",
        "githubOwner": "octocat", "githubRepoName": "other", "createdAt": "1999-01-01T00:00:00Z", "rev": 99,
        "updatedAt": "1999-01-01T00:00:00Z", "stats": {"totalRevenueCents": 1}, "stripe": {"price": "price_mine"},
        "status": "completed", "accessStatus": "active", "warnings": [], "active": true
    });
    assert_eq!(t.patch(&path, &greedy).await.status, 200);
    assert_eq!(t.get(&path).await.json, before);
    t.finish().await;
}

#[tokio::test]
async fn deactivate_repository() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    let sale = t.checkout(&id, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let path = format!("/api/admin/repositories/{id}");
    // Once more does no harm.
    for _ in 0..2 {
        t.delete(&path).await.is(200, &json!({"message": "Repository deactivated successfully", "id": id}));
    }
    assert_eq!(t.get(&path).await.json["active"], false);
    assert_eq!(t.get("/api/admin/repositories?active=false").await.json["pagination"]["total"], 1);
    // Ruling 22.
    t.get("/api/products/premium-astro-theme").await.is_error(404, "NOT_FOUND", &[]);
    t.try_checkout(&id, "janedoe").await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");

    assert_eq!(t.patch(&path, &json!({"active": true})).await.json["active"], true);
    t.checkout(&id, "janedoe").await;
    assert_eq!(t.get("/api/admin/repositories?active=true").await.json["pagination"]["total"], 1);
    t.delete(&path.replace(&id, "019b76da-a800-7bab-abab-abababababab")).await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}

#[tokio::test]
async fn fetch_github_data() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    let path = format!("/api/admin/repositories/{id}");
    t.github().describe("ctrimm", "premium-theme", "A beautiful production-ready theme", 127).unwrap();
    // By its number: a new name does not hide it.
    t.github().rename_repository("ctrimm", "premium-theme", "better-theme").unwrap();
    t.post(&format!("{path}/fetch-github-data"), &json!({})).await.is(
        200,
        &json!({
            "githubStars": 127,
            "githubLastUpdated": "2026-01-01T00:00:00Z",
            "description": "A beautiful production-ready theme"
        }),
    );
    let after = t.get(&path).await.json;
    assert_eq!((&after["githubStars"], &after["githubLastUpdated"]), (&json!(127), &json!("2026-01-01T00:00:00Z")));

    t.github().hide("ctrimm", "better-theme", true).unwrap();
    t.post(&format!("{path}/fetch-github-data"), &json!({})).await.is_error(409, "CONFLICT", &[]);
    t.github().refuse_credentials(true);
    t.post(&format!("{path}/fetch-github-data"), &json!({})).await.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    t.finish().await;
}

#[tokio::test]
async fn what_github_does_not_show_or_what_is_archived_cannot_be_listed() {
    let t = TestStack::start().await;
    let unknown = with(example_repository(), &json!({"githubRepoName": "nothing"}));
    t.post("/api/admin/repositories", &unknown).await.is_error(400, "VALIDATION_ERROR", &["githubRepoName"]);
    t.github().set_archived("ctrimm", "premium-theme", true).unwrap();
    let example = example_repository();
    t.post("/api/admin/repositories", &example).await.is_error(400, "VALIDATION_ERROR", &["githubRepoName"]);
    t.github().refuse_credentials(true);
    t.post("/api/admin/repositories", &example).await.is_error(503, "SERVICE_UNAVAILABLE", &[]);
    assert_eq!(t.get("/api/admin/repositories").await.json["pagination"]["total"], 0);
    assert!(t.stripe().requests().is_empty(), "nobody makes a price for nothing");
    t.finish().await;
}

#[tokio::test]
async fn a_vendor_is_warned_of_what_github_makes_of_collaborators() {
    let t = TestStack::start().await;
    t.github().set_private("acme-corp", "starter-kit", false).unwrap();
    t.github().describe("acme-corp", "toolkit", "From GitHub", 3).unwrap();
    for (owner, name, code) in [
        ("ctrimm", "premium-theme", "PERSONAL_REPO_WRITE_ACCESS"),
        ("Acme-Corp", "Toolkit", "PAID_SEATS"),
        ("acme-corp", "starter-kit", "PUBLIC_REPOSITORY"),
    ] {
        let names = json!({"githubOwner": owner, "githubRepoName": name, "displayName": name, "description": null});
        let answer = t.post("/api/admin/repositories", &with(example_repository(), &names)).await;
        assert_eq!((answer.status, answer.text("/warnings/0/code").as_str()), (201, code), "{answer}");
        assert_eq!(answer.json["warnings"].as_array().map(Vec::len), Some(1), "{answer}");
        if name == "Toolkit" {
            let shown = ["githubOwner", "githubRepoName", "description"].map(|field| answer.json[field].clone());
            assert_eq!(json!(shown), json!(["acme-corp", "toolkit", "From GitHub"]), "as GitHub spells and tells it");
        }
    }
    t.finish().await;
}

#[tokio::test]
async fn what_a_person_owns_can_be_refused() {
    let settings = vec![("REFUSE_PERSONAL_REPOSITORIES", "true".to_owned())];
    let t = TestStack::start_with(Options { settings, ..Options::default() }).await;
    t.post("/api/admin/repositories", &example_repository()).await.is_error(400, "VALIDATION_ERROR", &["githubOwner"]);
    t.list(&with(example_repository(), &json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit"}))).await;
    t.finish().await;
}

/// Each change leaves a line with who made it, and a change that changes nothing leaves none.
#[tokio::test]
async fn the_log_tells_who_changed_what() {
    let t = TestStack::start().await;
    let id = t.list_theme().await;
    let path = format!("/api/admin/repositories/{id}");
    t.patch(&path, &json!({"priceCents": 5900})).await;
    t.patch(&path, &json!({"priceCents": 5900})).await;
    t.patch(&path, &json!({"displayName": "Theme", "priceCents": 6900})).await;
    t.delete(&path).await;
    t.delete(&path).await;
    let sums = t.stack.store.sums(domain::CompanyId(1), id.parse().unwrap()).await.unwrap();
    let lines: Vec<_> = sums.lines.iter().map(|((action, _), count)| (action.name(), *count)).collect();
    let expected =
        [("repository_created", 1), ("repository_updated", 1), ("price_changed", 2), ("repository_deactivated", 1)];
    assert_eq!(lines, expected);
    let product = t.stack.store.repository(domain::CompanyId(1), id.parse().unwrap()).await.unwrap().unwrap();
    let names = t.stripe().requests();
    let renamed = format!("POST /v1/products/{}", product.repository.stripe.unwrap().product);
    assert_eq!(names.iter().filter(|request| **request == renamed).count(), 1, "{names:?}");
    t.finish().await;
}
