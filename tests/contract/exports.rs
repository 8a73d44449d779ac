//! The lists as CSV: extensions of the contract.

use std::time::Duration;

use journeys::{TestStack, example_repository, with};
use serde_json::json;

#[tokio::test]
async fn customers_as_csv() {
    let t = TestStack::start().await;
    let name = json!({"displayName": "=HYPERLINK(\"http://evil.example\"), \"click\""});
    let repository = t.list(&with(example_repository(), &name)).await;
    let sale = t.checkout(&repository, "johndoe").await;
    t.pay_and_settle(&sale).await;
    t.clock.advance(Duration::from_mins(1));
    let other = t.checkout(&repository, "janedoe").await;
    let answer = t.get("/api/admin/customers.csv?status=active").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"), "{answer}");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"customers.csv\"");
    assert_eq!(answer.header("link"), "", "there is no more");
    let expected = format!(
        "id,email,githubUsername,repositoryId,repositoryName,purchaseType,amountCents,paidCents,refundedCents,currency,\
         status,accessStatus,accessGrantedAt,createdAt\r\n{},customer@example.com,johndoe,{repository},\
         \"'=HYPERLINK(\"\"http://evil.example\"\"), \"\"click\"\"\",one-time,4900,4900,0,usd,completed,active,\
         2026-01-01T00:00:00Z,2026-01-01T00:00:00Z\r\n",
        sale.purchase
    );
    assert_eq!(String::from_utf8(answer.body).unwrap(), expected);

    // A cursor of the list leads on in the file, too.
    let first = t.get("/api/admin/customers?limit=1").await;
    assert_eq!(first.text("/customers/0/id"), other.purchase);
    let rest = t.get(&format!("/api/admin/customers.csv?cursor={}", first.text("/pagination/nextCursor"))).await;
    let text = String::from_utf8(rest.body).unwrap();
    assert!(text.contains(&sale.purchase) && !text.contains(&other.purchase), "{text}");
    t.get("/api/admin/customers.csv?status=x&cursor=x").await.is_error(400, "VALIDATION_ERROR", &["status"]);
    t.finish().await;
}

#[tokio::test]
async fn access_logs_as_csv() {
    let t = TestStack::start().await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let answer = t.get(&format!("/api/admin/access-logs.csv?purchaseId={}", sale.purchase)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"), "{answer}");
    let text = String::from_utf8(answer.body).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "id,purchaseId,repositoryId,action,status,actor,metadata,changes,requestId,createdAt");
    let added = lines.iter().find(|line| line.contains(",collaborator_added,success,Tollgate,")).unwrap();
    assert!(added.contains("githubUsername: johndoe") && added.contains("accessStatus: pending -> active"), "{added}");
    assert_eq!(lines.len(), 7, "{text}");
    t.finish().await;
}

#[tokio::test]
async fn who_took_a_copy_is_written_down() {
    let t = TestStack::start().await;
    for list in ["customers", "access-logs"] {
        t.clock.advance(Duration::from_mins(1));
        t.get(&format!("/api/admin/{list}.csv")).await;
        let log = t.get("/api/admin/access-logs?action=exported").await;
        let line = &log.json["logs"][0];
        assert_eq!((&line["metadata"]["list"], &line["actor"]["name"]), (&json!(list), &json!("first operator")));
    }
    assert_eq!(t.get("/api/admin/access-logs?action=exported").await.json["pagination"]["total"], 2);
    t.finish().await;
}
