//! Looking up what Stripe keeps, and making what it keeps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{EventPage, NewPrice, Price, Product, StripeError},
    answering,
};
use crate::loopback::Reply;

fn refused(message: &str) -> Reply {
    Reply::json(400, &json!({ "error": { "message": message, "param": "id" } }))
}

fn missing() -> Reply {
    Reply::json(404, &json!({ "error": { "code": "resource_missing", "message": "No such thing" } }))
}

#[tokio::test]
async fn a_price_is_made_once_per_key() {
    let (server, stripe) =
        answering(|_| Reply::json(200, &json!({ "id": "price_1", "object": "price", "product": "prod_1" }))).await;
    let new = NewPrice {
        product: Product::Named("Rock & Roll".to_owned()),
        amount_cents: 4900,
        currency: "usd".to_owned(),
        recurring: None,
    };
    let expected = Price { id: "price_1".to_owned(), product: "prod_1".to_owned() };
    assert_eq!(stripe.create_price(&new, "price:1").await.expect("a price"), expected);
    let request = &server.seen()[0];
    assert_eq!(server.calls(), ["POST /v1/prices"]);
    assert_eq!(request.header("idempotency-key"), "price:1");
    assert_eq!(request.body, "currency=usd&unit_amount=4900&product_data%5Bname%5D=Rock+%26+Roll");
}

#[tokio::test]
async fn a_session_is_read_as_an_event_would_carry_it() {
    let whole = json!({ "id": "cs_1", "object": "checkout.session", "status": "expired", "new_field": [1] });
    let answer = whole.clone();
    let (server, stripe) = answering(move |seen| match seen.path.as_str() {
        "/v1/checkout/sessions/cs_1" => Reply::json(200, &answer),
        _ => missing(),
    })
    .await;
    assert_eq!(stripe.checkout_session("cs_1").await.expect("an answer"), Some(whole));
    assert_eq!(stripe.checkout_session("cs_2").await.expect("an answer"), None);
    assert_eq!(stripe.checkout_session("../prices").await.expect("no such id"), None);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn closing_a_session_tells_what_it_is_then() {
    for status in ["expired", "complete"] {
        let session = json!({ "id": "cs_1", "status": status });
        let answer = session.clone();
        let (server, stripe) = answering(move |seen| match (seen.method.as_str(), status) {
            ("POST", "complete") => refused("Only open ones can be expired"),
            _ => Reply::json(200, &answer),
        })
        .await;
        assert_eq!(stripe.expire_session("cs_1").await.expect("an answer"), Some(session));
        assert_eq!(server.calls()[0], "POST /v1/checkout/sessions/cs_1/expire");
    }
    let (_server, stripe) = answering(|_| missing()).await;
    assert_eq!(stripe.expire_session("cs_1").await.expect("an answer"), None);
}

#[tokio::test]
async fn a_session_that_stays_open_is_not_said_to_be_closed() {
    let (_server, stripe) = answering(|seen| match seen.method.as_str() {
        "POST" => refused("No"),
        _ => Reply::json(200, &json!({ "id": "cs_1", "status": "open" })),
    })
    .await;
    let error = stripe.expire_session("cs_1").await.expect_err("it is open");
    assert!(matches!(error, StripeError::Invalid { .. }), "{error:?}");
}

#[tokio::test]
async fn events_are_asked_for_page_by_page() {
    let events = vec![json!({ "id": "evt_2" }), json!({ "id": "evt_1" })];
    let list = json!({ "object": "list", "data": events, "has_more": true });
    let (server, stripe) = answering(move |_| Reply::json(200, &list)).await;
    let page = stripe.events(&["charge.refunded", "charge.dispute.closed"], 7, Some("evt_3"), 2).await;
    assert_eq!(page.expect("a page"), EventPage { events, has_more: true });
    stripe.events(&[], 7, None, 100).await.expect("a page");
    let queries: Vec<String> = server.seen().into_iter().map(|seen| seen.query).collect();
    let narrowed = "created%5Bgte%5D=7&limit=2&types%5B%5D=charge.refunded&types%5B%5D=charge.dispute.closed\
        &starting_after=evt_3";
    assert_eq!(queries, [narrowed, "created%5Bgte%5D=7&limit=100"]);
    assert_eq!(server.calls()[0], "GET /v1/events");
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_list() {
    let (_server, stripe) = answering(|_| missing()).await;
    stripe.events(&[], 7, None, 100).await.expect_err("not found");
}

#[tokio::test]
async fn a_payment_tells_its_metadata_and_its_receipt() {
    let (server, stripe) = answering(|seen| {
        let charge = match seen.query.as_str() {
            "expand%5B%5D=latest_charge" => json!({ "id": "ch_1", "receipt_url": "https://receipt.example/1" }),
            _ => json!("ch_1"),
        };
        match seen.path.as_str() {
            "/v1/payment_intents/pi_1" => {
                Reply::json(200, &json!({ "metadata": { "purchase_id": "p" }, "latest_charge": charge }))
            }
            "/v1/payment_intents/pi_2" => Reply::json(200, &json!({ "latest_charge": null })),
            "/v1/payment_intents/pi_3" => Reply::json(200, &json!({ "latest_charge": { "receipt_url": null } })),
            _ => missing(),
        }
    })
    .await;
    let expected = BTreeMap::from([("purchase_id".to_owned(), "p".to_owned())]);
    assert_eq!(stripe.payment_metadata("pi_1").await.expect("an answer"), Some(expected));
    assert_eq!(stripe.payment_metadata("pi_4").await.expect("an answer"), None);
    let receipt = stripe.receipt_url("pi_1").await.expect("an answer");
    assert_eq!(receipt.as_deref(), Some("https://receipt.example/1"));
    for without in ["pi_2", "pi_3", "pi_4", "pi/../x"] {
        assert_eq!(stripe.receipt_url(without).await.expect("an answer"), None, "{without}");
    }
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn a_payment_leads_to_its_subscription_through_its_invoice() {
    let nested =
        |subscription: Value| json!({ "parent": { "subscription_details": { "subscription": subscription } } });
    let cases = [
        (json!([{ "invoice": nested(json!("sub_1")) }]), Some("sub_1")),
        (json!([{ "invoice": nested(json!({ "id": "sub_1" })) }]), Some("sub_1")),
        (json!([{ "invoice": { "subscription": "sub_1" } }]), Some("sub_1")),
        (json!([{ "invoice": { "parent": null } }, { "invoice": nested(json!("sub_1")) }]), Some("sub_1")),
        (json!([{ "invoice": nested(Value::Null) }]), None),
        (json!([{ "invoice": "in_1" }]), None),
        (json!([]), None),
    ];
    for (data, expected) in cases {
        let list = json!({ "object": "list", "data": data });
        let (server, stripe) = answering(move |_| Reply::json(200, &list)).await;
        let subscription = stripe.subscription_of_payment("pi_1&x").await.expect("an answer");
        assert_eq!(subscription.as_deref(), expected, "{data}");
        assert_eq!(server.calls(), ["GET /v1/invoice_payments"]);
        let query = "payment%5Btype%5D=payment_intent&payment%5Bpayment_intent%5D=pi_1%26x&expand%5B%5D=data.invoice";
        assert_eq!(server.seen()[0].query, query);
    }
}
