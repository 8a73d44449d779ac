//! "Access Logs": Get Access Logs.

use std::time::Duration;

use journeys::{TestStack, example_repository, with};
use serde_json::{Value, json};

#[tokio::test]
async fn get_access_logs() {
    let t = TestStack::start().await;
    let repository = t.list_theme().await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.clock.advance(Duration::from_mins(5));
    t.pay_and_settle(&sale).await;
    let path = format!("/api/admin/access-logs?purchaseId={}&action=collaborator_added&status=success", sale.purchase);
    let answer = t.get(&path).await;
    answer.is(
        200,
        &json!({
            "logs": [
                {
                    "id": answer.text("/logs/0/id"),
                    "purchaseId": sale.purchase,
                    "action": "collaborator_added",
                    "status": "success",
                    "metadata": answer.json["logs"][0]["metadata"],
                    "createdAt": "2026-01-01T00:05:00Z",
                    // Extensions.
                    "actor": {"type": "tollgate", "name": "Tollgate"},
                    "repositoryId": repository,
                    "changes": {"accessStatus": {"before": "pending", "after": "active"}}
                }
            ],
            "pagination": {
                "page": 1, "limit": 50, "total": 1, "totalPages": 1, "hasNext": false, "hasPrevious": false
            }
        }),
    );
    let metadata = &answer.json["logs"][0]["metadata"];
    assert_eq!(
        (&metadata["githubUsername"], &metadata["repositoryFullName"]),
        (&json!("johndoe"), &json!("ctrimm/premium-theme"))
    );
    t.finish().await;
}

#[tokio::test]
async fn an_operators_decision_is_told_with_who_decided_and_an_event_with_its_id() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.post(&format!("/api/admin/customers/{}/flag", sale.purchase), &json!({"reason": "Odd"})).await;
    let flagged = t.get("/api/admin/access-logs?action=customer_flagged").await;
    let line = &flagged.json["logs"][0];
    assert_eq!((&line["actor"]["type"], &line["actor"]["name"]), (&json!("token"), &json!("first operator")), "{line}");
    assert_eq!((&line["metadata"]["reason"], &line["purchaseId"]), (&json!("Odd"), &json!(sale.purchase)));
    let paid = t.get("/api/admin/access-logs?action=payment_succeeded").await;
    assert_eq!(paid.json["logs"][0]["actor"], json!({"type": "stripe", "name": "Stripe"}));
    assert!(paid.text("/logs/0/requestId").starts_with("evt_"), "{paid}");
    t.finish().await;
}

/// A company's log with several repositories, purchases, actions and statuses, in all combinations of filters, whole and
/// page by page, by number and by cursor.
#[tokio::test]
async fn filters_in_all_combinations() {
    let t = TestStack::start().await;
    let theme = t.list_theme().await;
    let kit =
        t.list(&with(example_repository(), &json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit"}))).await;
    let mut purchases = Vec::new();
    for (repository, buyer) in [(&theme, "johndoe"), (&kit, "janedoe"), (&theme, "octocat")] {
        let sale = t.checkout(repository, buyer).await;
        t.clock.advance(Duration::from_mins(1));
        purchases.push(sale.purchase.clone());
        if buyer == "octocat" {
            t.github().forbid("ctrimm", "premium-theme", "not now").unwrap();
        }
        t.pay_and_settle(&sale).await;
    }
    let all = rows(&t, "").await;
    assert!(all.iter().any(|line| line["status"] == "failed") && all.len() > 10, "{all:?}");
    let mut sorted = all.clone();
    sorted.sort_by_key(|line| std::cmp::Reverse(line["id"].as_str().unwrap().to_owned()));
    assert_eq!(all, sorted, "newest first");
    for purchase in [None, Some(&purchases[0]), Some(&purchases[2])] {
        for repository in [None, Some(&theme), Some(&kit)] {
            for action in [None, Some("collaborator_added"), Some("payment_succeeded"), Some("repository_created")] {
                for status in [None, Some("success"), Some("failed")] {
                    let filters = [
                        ("purchaseId", purchase.map(String::as_str)),
                        ("repositoryId", repository.map(String::as_str)),
                        ("action", action),
                        ("status", status),
                    ];
                    let takes = |line: &&Value| filters.iter().all(|(name, it)| it.is_none_or(|it| line[name] == it));
                    let expected: Vec<Value> = all.iter().filter(takes).cloned().collect();
                    let given = filters.iter().filter_map(|(name, value)| Some(format!("&{name}={}", (*value)?)));
                    assert_eq!(rows(&t, &given.collect::<String>()).await, expected, "{filters:?}");
                }
            }
        }
    }
    t.finish().await;
}

/// All the lines with these filters, read in one page, by page numbers and by cursors.
async fn rows(t: &TestStack, filters: &str) -> Vec<Value> {
    let lines = |answer: &Value| answer["logs"].as_array().unwrap().clone();
    let whole = t.get(&format!("/api/admin/access-logs?limit=100{filters}")).await;
    assert_eq!(whole.status, 200, "{whole}");
    let all = lines(&whole.json);
    assert_eq!(whole.json["pagination"]["total"], all.len(), "{filters}");
    let (mut by_number, mut by_cursor, mut cursor) = (Vec::new(), Vec::new(), String::new());
    for page in 1.. {
        let numbered = t.get(&format!("/api/admin/access-logs?limit=4&page={page}{filters}")).await;
        let pointed = t.get(&format!("/api/admin/access-logs?limit=4{filters}{cursor}")).await;
        assert_eq!(numbered.json, pointed.json, "page {page} of {filters}");
        by_number.extend(lines(&numbered.json));
        by_cursor.extend(lines(&pointed.json));
        let Some(next) = pointed.json["pagination"]["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((&by_number, &by_cursor), (&all, &all), "{filters}");
    all
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let t = TestStack::start().await;
    for (parameter, values) in [
        ("purchaseId", ["", "x", "%23"]),
        ("repositoryId", ["", "x", "%23"]),
        ("action", ["", "collaborator_eaten", "Collaborator_Added"]),
        ("status", ["", "ok", "success,failed"]),
        ("limit", ["0", "101", "x"]),
        ("page", ["0", "-1", "x"]),
        ("cursor", ["", "00", "x"]),
    ] {
        for value in values {
            let answer = t.get(&format!("/api/admin/access-logs?{parameter}={value}")).await;
            answer.is_error(400, "VALIDATION_ERROR", &[parameter]);
        }
    }
    t.finish().await;
}
