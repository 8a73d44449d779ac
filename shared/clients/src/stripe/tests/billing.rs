//! Subscriptions, their invoices, and the portal.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    super::{Stripe, StripeError},
    answering,
};
use crate::loopback::{Loopback, Reply, Seen};

fn refused() -> Reply {
    Reply::json(400, &json!({ "error": { "message": "You can only pass in open invoices." } }))
}

#[tokio::test]
async fn the_metadata_of_a_subscription_is_read() {
    let (server, stripe) = answering(|seen| match seen.path.as_str() {
        "/v1/subscriptions/sub_1" => Reply::json(200, &json!({ "id": "sub_1", "metadata": { "purchase_id": "p" } })),
        _ => Reply::json(404, &json!({ "error": { "message": "No such subscription" } })),
    })
    .await;
    let expected = BTreeMap::from([("purchase_id".to_owned(), "p".to_owned())]);
    assert_eq!(stripe.subscription_metadata("sub_1").await.expect("an answer"), Some(expected));
    assert_eq!(stripe.subscription_metadata("sub_2").await.expect("an answer"), None);
    assert_eq!(server.seen()[0].header("idempotency-key"), "");
    for strange in ["", "..", "sub_1/cancel", "sub_1?x", "sub 1"] {
        assert_eq!(stripe.subscription_metadata(strange).await.expect("no such id"), None);
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_subscription_is_read_as_an_event_would_carry_it() {
    let whole = json!({ "id": "sub_1", "status": "canceled", "new_field": { "a": null } });
    let answer = whole.clone();
    let (_server, stripe) = answering(move |_| Reply::json(200, &answer)).await;
    assert_eq!(stripe.subscription("sub_1").await.expect("an answer"), Some(whole));
    let (server, stripe) = answering(|_| Reply::empty(404)).await;
    assert_eq!(stripe.subscription("sub_1").await.expect("an answer"), None);
    assert_eq!(stripe.subscription("sub/1").await.expect("no such id"), None);
    assert_eq!(server.calls(), ["GET /v1/subscriptions/sub_1"]);
}

#[tokio::test]
async fn a_subscription_is_ended_and_one_that_has_ended_is_fine() {
    for status in [200, 404] {
        let (server, stripe) = answering(move |_| Reply::json(status, &json!({ "id": "sub_1" }))).await;
        stripe.cancel_subscription("sub_1").await.expect("ended");
        assert_eq!(server.calls(), ["DELETE /v1/subscriptions/sub_1"]);
        assert_eq!(server.seen()[0].body, "");
    }
    let (server, stripe) = answering(|_| Reply::empty(401)).await;
    let error = stripe.cancel_subscription("sub_1").await.expect_err("refused");
    assert!(matches!(error, StripeError::Unauthorized), "{error:?}");
    stripe.cancel_subscription("sub_1?invoice_now=true").await.expect("no such id");
    assert_eq!(server.seen().len(), 1);
}

/// Two open invoices, of which the second can't be voided: it is `status` by now.
async fn two_open(status: &'static str) -> (Loopback, Stripe) {
    answering(move |seen: &Seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/v1/invoices") => Reply::json(
            200,
            &json!({ "data": [{ "id": "in_1", "status": "open", "hosted_invoice_url": "https://invoice.example/1" },
                { "id": "in_2", "status": "open", "hosted_invoice_url": null }] }),
        ),
        ("GET", "/v1/invoices/in_2") => Reply::json(200, &json!({ "id": "in_2", "status": status })),
        ("POST", "/v1/invoices/in_1/void") => Reply::json(200, &json!({ "id": "in_1", "status": "void" })),
        _ => refused(),
    })
    .await
}

#[tokio::test]
async fn what_is_still_to_be_paid_is_voided() {
    let (server, stripe) = two_open("paid").await;
    assert_eq!(stripe.void_open_invoices("sub_1").await.expect("voided, or paid meanwhile"), 1);
    assert_eq!(
        server.calls(),
        ["GET /v1/invoices", "POST /v1/invoices/in_1/void", "POST /v1/invoices/in_2/void", "GET /v1/invoices/in_2"]
    );
    assert_eq!(server.seen()[0].query, "subscription=sub_1&status=open&limit=100");
    let (_server, stripe) = two_open("open").await;
    let error = stripe.void_open_invoices("sub_1").await.expect_err("it is open still");
    assert!(matches!(error, StripeError::Invalid { .. }), "{error:?}");
    let (_server, stripe) = answering(|_| Reply::json(200, &json!({ "data": [] }))).await;
    assert_eq!(stripe.void_open_invoices("sub_1").await.expect("nothing to do"), 0);
    assert_eq!(stripe.void_open_invoices("").await.expect("no such id"), 0);
}

#[tokio::test]
async fn the_pages_of_invoices_are_found() {
    let (server, stripe) = two_open("paid").await;
    let open = stripe.open_invoice_url("sub_1").await.expect("an answer");
    assert_eq!(open.as_deref(), Some("https://invoice.example/1"));
    assert_eq!(server.seen()[0].query, "subscription=sub_1&status=open&limit=1");
    assert_eq!(stripe.invoice_url("in_2").await.expect("an answer"), None);
    let (_server, stripe) =
        answering(|_| Reply::json(200, &json!({ "id": "in_1", "hosted_invoice_url": "https://invoice.example/1" })))
            .await;
    let url = stripe.invoice_url("in_1").await.expect("an answer");
    assert_eq!(url.as_deref(), Some("https://invoice.example/1"));
}

#[tokio::test]
async fn the_portal_is_opened_for_a_customer_who_comes_back() {
    let (server, stripe) =
        answering(|_| Reply::json(200, &json!({ "id": "bps_1", "url": "https://billing.example/1" }))).await;
    let url = stripe.billing_portal("cus_1", "https://shop.example/account?a=b").await.expect("a page");
    assert_eq!(url, "https://billing.example/1");
    assert_eq!(server.calls(), ["POST /v1/billing_portal/sessions"]);
    let body = "customer=cus_1&return_url=https%3A%2F%2Fshop.example%2Faccount%3Fa%3Db";
    assert_eq!(server.seen()[0].body, body);
}
