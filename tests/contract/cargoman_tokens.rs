//! `cargoman.md`, "Tokens": Regenerate Token, Revoke Token.

use std::time::Duration;

use domain::{CompanyId, customer::CustomerId, token};
use journeys::TestStack;
use serde_json::json;

use crate::cargoman_customers::{customer, path};

/// Whether a token is the good one of customer 1.
async fn is_good(t: &TestStack, text: &str) -> bool {
    let id = CustomerId::of_number(1).unwrap();
    let customer = t.stack.store.customer(CompanyId(1), id).await.unwrap().unwrap();
    customer.token.is_some_and(|mark| mark.sha256 == token::sha256(text))
}

#[tokio::test]
async fn regenerate_token() {
    let t = TestStack::start().await;
    let made = t.post("/api/v1/customers", &json!({"name": "Acme", "email": "dev@acme.com"})).await;
    let (id, first) = (made.text("/id"), made.text("/token"));
    assert!(is_good(&t, &first).await);
    t.clock.advance(Duration::from_mins(1));
    let answer = t.post(&path(&id, "/token/regenerate"), &json!({})).await;
    let second = answer.text("/token");
    answer.is(200, &json!({"token": second, "created_at": "2026-01-01T00:01:00Z"}));
    assert!(second.starts_with("tok_") && !is_good(&t, &first).await && is_good(&t, &second).await);
    assert_eq!(t.get(&path(&id, "")).await.json["token_last_four"], second[36..]);
    t.finish().await;
}

#[tokio::test]
async fn revoke_token() {
    let t = TestStack::start().await;
    let made = t.post("/api/v1/customers", &json!({"name": "Acme", "email": "dev@acme.com"})).await;
    let id = made.text("/id");
    for _ in 0..2 {
        let answer = t.delete(&path(&id, "/token")).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer}");
        assert!(!is_good(&t, &made.text("/token")).await);
        assert_eq!(t.get(&path(&id, "")).await.json.get("token_last_four"), None);
    }
    let again = t.post(&path(&id, "/token/regenerate"), &json!({})).await;
    assert!(is_good(&t, &again.text("/token")).await, "{again}");
    t.finish().await;
}

#[tokio::test]
async fn of_tokens_that_are_made_at_once_exactly_one_is_good() {
    let t = TestStack::start().await;
    let id = customer(&t, "Acme").await;
    let one = || async { t.post(&path(&id, "/token/regenerate"), &json!({})).await };
    let made = futures::future::join_all((0..8).map(|_| one())).await;
    let mut good = 0;
    for answer in made {
        assert_eq!(answer.status, 200, "{answer}");
        good += usize::from(is_good(&t, &answer.text("/token")).await);
    }
    assert_eq!(good, 1);
    t.finish().await;
}
