//! What each action causes, and what its events hold.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use super::{
    super::{API_VERSION, Event},
    ONE_TIME, SESSIONS, World, subscription,
};
use crate::sandbox::testing::call;

pub(super) fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

pub(super) fn object<'a>(events: &'a [Event], kind: &str) -> &'a Value {
    &events.iter().find(|event| event.kind == kind).unwrap().payload["data"]["object"]
}

#[tokio::test]
async fn a_one_time_payment_carries_its_metadata_where_stripe_puts_it() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    let events = world.sandbox.pay(&id);
    assert_eq!(kinds(&events), ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]);
    let charge = object(&events, "charge.succeeded");
    assert_eq!(charge["metadata"]["purchase_id"], "purchase-1");
    assert!(charge.get("invoice").is_none());
    let session = object(&events, "checkout.session.completed");
    assert_eq!((&session["payment_status"], &session["status"]), (&"paid".into(), &"complete".into()));
    assert_eq!(session["url"], Value::Null);
    let envelope = &events[0].payload;
    assert_eq!((&envelope["object"], &envelope["livemode"]), (&"event".into(), &false.into()));
    assert_eq!(envelope["api_version"], API_VERSION);

    let intent = charge["payment_intent"].as_str().unwrap();
    let found = world.get(&format!("{SESSIONS}?payment_intent={intent}")).await.json();
    assert_eq!(found["data"][0]["id"], id);
    assert!(world.sandbox.pay(&id).is_empty(), "nobody pays twice");
    assert!(world.sandbox.expire(&id).is_empty());
}

#[tokio::test]
async fn metadata_of_the_session_alone_does_not_reach_the_charge() {
    let world = World::new();
    let id = world
        .session(
            &ONE_TIME
                .replace("payment_intent_data[metadata]", "metadata")
                .replace("metadata[purchase_id]=purchase-1&", ""),
        )
        .await;
    let events = world.sandbox.pay(&id);
    assert_eq!(object(&events, "charge.succeeded")["metadata"], json!({}));
    assert_eq!(object(&events, "checkout.session.completed")["metadata"]["purchase_id"], "purchase-1");
}

#[tokio::test]
async fn a_subscription_carries_its_metadata_into_its_invoices_and_not_into_its_charges() {
    let world = World::new();
    let id = world.session(&subscription()).await;
    let events = world.sandbox.pay(&id);
    assert_eq!(
        kinds(&events),
        [
            "customer.subscription.created",
            "customer.subscription.updated",
            "charge.succeeded",
            "invoice.payment_succeeded",
            "invoice.paid",
            "checkout.session.completed"
        ]
    );
    assert_eq!(object(&events, "customer.subscription.created")["status"], "incomplete");
    let updated = object(&events, "customer.subscription.updated");
    assert_eq!((&updated["status"], &updated["metadata"]["purchase_id"]), (&"active".into(), &"purchase-1".into()));
    assert!(updated.get("current_period_end").is_none());
    // 2026-01-01 to 2026-02-01.
    assert_eq!(updated["items"]["data"][0]["current_period_end"], world.time.now() + 31 * 86_400);
    assert_eq!(object(&events, "charge.succeeded")["metadata"], json!({}));
    let invoice = object(&events, "invoice.paid");
    assert_eq!(invoice["billing_reason"], "subscription_create");
    assert_eq!(invoice["parent"]["subscription_details"]["metadata"]["purchase_id"], "purchase-1");
    for gone in ["subscription", "payment_intent", "charge", "paid"] {
        assert!(invoice.get(gone).is_none(), "{gone}");
    }
    let session = object(&events, "checkout.session.completed");
    assert_eq!((&session["subscription"], &session["payment_intent"]), (&updated["id"], &Value::Null));

    let intent = object(&events, "charge.succeeded")["payment_intent"].as_str().unwrap();
    let path = format!("/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={intent}");
    let linked = world.get(&path).await.json();
    assert_eq!(linked["data"][0]["invoice"], invoice["id"]);
    let linked = world.get(&format!("{path}&expand[]=data.invoice")).await.json();
    assert_eq!(linked["data"][0]["invoice"]["id"], invoice["id"]);
}

#[tokio::test]
async fn old_shapes_have_their_fields_in_the_old_places() {
    let world = World::new();
    world.sandbox.old_shapes(true);
    let id = world.session(&subscription()).await;
    let events = world.sandbox.pay(&id);
    let invoice = object(&events, "invoice.paid");
    let subscription = object(&events, "customer.subscription.updated");
    assert_eq!(invoice["subscription"], subscription["id"]);
    assert!(invoice["payment_intent"].is_string() && invoice.get("parent").is_none());
    assert!(subscription["current_period_end"].is_i64());
    assert_eq!(object(&events, "charge.succeeded")["invoice"], invoice["id"]);
}

#[tokio::test]
async fn a_subscription_is_renewed_falls_behind_recovers_and_ends() {
    let world = World::new();
    let id = world.session(&subscription()).await;
    world.sandbox.pay(&id);
    world.time.pass(31 * 86_400);
    let renewed = world.sandbox.renew(&id);
    assert_eq!(
        kinds(&renewed),
        ["charge.succeeded", "invoice.payment_succeeded", "invoice.paid", "customer.subscription.updated"]
    );
    assert_eq!(object(&renewed, "invoice.paid")["billing_reason"], "subscription_cycle");

    let failed = world.sandbox.fail_renewal(&id);
    assert_eq!(object(&failed, "invoice.payment_failed")["attempt_count"], 1);
    assert_eq!(object(&failed, "customer.subscription.updated")["status"], "past_due");
    let again = world.sandbox.fail_renewal(&id);
    assert_eq!(object(&again, "invoice.payment_failed")["attempt_count"], 2);
    assert_eq!(object(&again, "invoice.payment_failed")["id"], object(&failed, "invoice.payment_failed")["id"]);
    let recovered = world.sandbox.renew(&id);
    assert_eq!(object(&recovered, "customer.subscription.updated")["status"], "active");

    let subscription = world.sandbox.subscription_of(&id).unwrap();
    let path = format!("/v1/subscriptions/{subscription}");
    let request = || Request::delete(&path).header("authorization", "Bearer sk_test_synthetic").body(Body::empty());
    let router = world.sandbox.router();
    assert_eq!(call(&router, request().unwrap()).await.json()["status"], "canceled");
    assert_eq!(call(&router, request().unwrap()).await.status, 404);
    assert_eq!(world.get(&path).await.json()["cancellation_details"]["reason"], "cancellation_requested");
    let events = world.get("/v1/events?types[]=customer.subscription.deleted").await.json();
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
    assert!(events["data"][0]["request"]["id"].is_string());
    assert!(world.sandbox.renew(&id).is_empty() && world.sandbox.cancel_subscription(&id).is_empty());
}

#[tokio::test]
async fn nothing_due_completes_without_a_charge() {
    let world = World::new();
    let coupon = world.session(ONE_TIME).await;
    let events = world.sandbox.complete_free(&coupon);
    assert_eq!(kinds(&events), ["checkout.session.completed"]);
    let session = object(&events, "checkout.session.completed");
    assert_eq!((&session["payment_status"], &session["amount_total"]), (&"no_payment_required".into(), &0.into()));

    let trial = world.session(&(subscription() + "&subscription_data[trial_period_days]=14")).await;
    let events = world.sandbox.pay(&trial);
    assert_eq!(object(&events, "customer.subscription.created")["status"], "trialing");
    assert!(!kinds(&events).contains(&"charge.succeeded"));
    let renewed = world.sandbox.renew(&trial);
    assert_eq!(object(&renewed, "invoice.paid")["amount_paid"], 4900);
    assert_eq!(object(&renewed, "customer.subscription.updated")["status"], "active");
    let free = world.session(&ONE_TIME.replace("=4900", "=0")).await;
    assert_eq!(kinds(&world.sandbox.pay(&free)), ["checkout.session.completed"]);
}

#[tokio::test]
async fn a_delayed_payment_settles_or_fails_later() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    let events = world.sandbox.pay_later(&id);
    assert_eq!(object(&events, "checkout.session.completed")["payment_status"], "unpaid");
    let settled = world.sandbox.settle(&id);
    assert_eq!(
        kinds(&settled),
        ["charge.succeeded", "payment_intent.succeeded", "checkout.session.async_payment_succeeded"]
    );
    assert!(world.sandbox.settle(&id).is_empty());

    let id = world.session(&subscription()).await;
    let events = world.sandbox.pay_later(&id);
    assert_eq!(kinds(&events), ["customer.subscription.created", "checkout.session.completed"]);
    let failed = world.sandbox.fail_settlement(&id);
    assert_eq!(failed.last().unwrap().kind, "checkout.session.async_payment_failed");
    assert_eq!(object(&failed, "customer.subscription.updated")["status"], "incomplete_expired");
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    let declined = world.sandbox.decline(&id);
    assert_eq!(kinds(&declined), ["charge.failed", "payment_intent.payment_failed"]);
    let paid = world.sandbox.pay(&id);
    assert_eq!(
        object(&paid, "charge.succeeded")["payment_intent"],
        object(&declined, "charge.failed")["payment_intent"]
    );
}

#[tokio::test]
async fn refunds_add_up_and_only_the_last_is_full() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    assert!(world.sandbox.refund(&id, None).is_empty(), "nothing was paid");
    world.sandbox.pay(&id);
    let half = world.sandbox.refund(&id, Some(2450));
    assert_eq!(kinds(&half), ["refund.created", "charge.refunded"]);
    let charge = object(&half, "charge.refunded");
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&2450.into(), &false.into()));
    assert!(world.sandbox.refund(&id, Some(2451)).is_empty());
    let rest = world.sandbox.refund(&id, None);
    let charge = object(&rest, "charge.refunded");
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&4900.into(), &true.into()));
    assert_eq!(charge["metadata"]["purchase_id"], "purchase-1");
}
