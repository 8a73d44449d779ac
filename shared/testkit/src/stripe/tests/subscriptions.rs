//! How subscriptions fall behind, pause, go on and end.

use super::{
    super::GivesUp,
    World,
    events::{kinds, object},
    subscription,
};

const MONTH: i64 = 31 * 86_400;

async fn subscribed(world: &World) -> String {
    let id = world.session(&subscription()).await;
    world.sandbox.pay(&id);
    world.time.pass(MONTH);
    id
}

#[tokio::test]
async fn a_failed_renewal_says_when_it_is_tried_again_and_the_last_one_that_it_is_not() {
    let world = World::new();
    let id = subscribed(&world).await;
    let failed = world.sandbox.fail_renewal(&id);
    let invoice = object(&failed, "invoice.payment_failed");
    assert!(invoice["next_payment_attempt"].as_i64().unwrap() > world.time.now());
    assert!(invoice["hosted_invoice_url"].is_string());
    let last = world.sandbox.give_up(&id, GivesUp::Cancels);
    let invoice = object(&last, "invoice.payment_failed");
    assert_eq!((&invoice["attempt_count"], &invoice["next_payment_attempt"]), (&2.into(), &serde_json::Value::Null));
    let ended = object(&last, "customer.subscription.deleted");
    assert_eq!(
        (&ended["status"], &ended["cancellation_details"]["reason"]),
        (&"canceled".into(), &"payment_failed".into())
    );

    // What is still open can be paid for nothing, until it is voided.
    let paid = world.sandbox.pay_overdue(&id);
    assert!(kinds(&paid).contains(&"invoice.paid") && !kinds(&paid).contains(&"customer.subscription.updated"));
}

#[tokio::test]
async fn an_unpaid_subscription_goes_on_when_it_is_paid() {
    let world = World::new();
    let id = subscribed(&world).await;
    let last = world.sandbox.give_up(&id, GivesUp::LeavesUnpaid);
    assert_eq!(object(&last, "customer.subscription.updated")["status"], "unpaid");
    assert!(world.sandbox.renew(&id).is_empty());
    let paid = world.sandbox.pay_overdue(&id);
    assert_eq!(object(&paid, "customer.subscription.updated")["status"], "active");
    assert!(world.sandbox.pay_overdue(&id).is_empty());
}

#[tokio::test]
async fn an_open_invoice_is_voided_once() {
    let world = World::new();
    let id = subscribed(&world).await;
    let failed = world.sandbox.fail_renewal(&id);
    let invoice = object(&failed, "invoice.payment_failed")["id"].as_str().unwrap().to_owned();
    world.sandbox.cancel_subscription(&id);
    let subscription = world.sandbox.subscription_of(&id).unwrap();
    let open = world.get(&format!("/v1/invoices?subscription={subscription}&status=open")).await.json();
    assert_eq!(open["data"][0]["id"], invoice);
    let path = format!("/v1/invoices/{invoice}/void");
    assert_eq!(world.post(&path, "", "").await.json()["status"], "void");
    assert_eq!(world.post(&path, "", "").await.status, 400);
    assert_eq!(world.get(&format!("/v1/invoices/{invoice}")).await.json()["status"], "void");
    assert!(world.sandbox.pay_overdue(&id).is_empty());
    let events = world.get("/v1/events?type=invoice.voided").await.json();
    assert_eq!(events["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn one_that_is_to_end_runs_until_its_period_does() {
    let world = World::new();
    let id = subscribed(&world).await;
    let asked = world.sandbox.cancel_at_period_end(&id);
    assert_eq!(kinds(&asked), ["customer.subscription.updated"]);
    let it = object(&asked, "customer.subscription.updated");
    assert_eq!((&it["status"], &it["cancel_at_period_end"]), (&"active".into(), &true.into()));
    assert_eq!(it["cancel_at"], it["items"]["data"][0]["current_period_end"]);
    assert_eq!(asked[0].payload["data"]["previous_attributes"]["cancel_at_period_end"], false);
    assert!(world.sandbox.cancel_at_period_end(&id).is_empty());
    let kept = world.sandbox.keep_subscription(&id);
    assert_eq!(object(&kept, "customer.subscription.updated")["cancel_at"], serde_json::Value::Null);

    world.sandbox.cancel_at_period_end(&id);
    let ended = world.sandbox.renew(&id);
    assert_eq!(kinds(&ended), ["customer.subscription.deleted"]);
    let reason = &object(&ended, "customer.subscription.deleted")["cancellation_details"]["reason"];
    assert_eq!(reason, "cancellation_requested");
}

#[tokio::test]
async fn a_trial_without_a_card_pauses_and_resumes() {
    let world = World::new();
    let id = world.session(&(subscription() + "&subscription_data[trial_period_days]=14")).await;
    let begun = world.sandbox.pay(&id);
    let it = object(&begun, "customer.subscription.created");
    assert_eq!((&it["status"], &it["trial_end"]), (&"trialing".into(), &(world.time.now() + 14 * 86_400).into()));
    world.time.pass(14 * 86_400);
    let paused = world.sandbox.pause(&id);
    assert_eq!(kinds(&paused), ["customer.subscription.updated", "customer.subscription.paused"]);
    assert_eq!(object(&paused, "customer.subscription.paused")["status"], "paused");
    assert!(world.sandbox.renew(&id).is_empty());
    world.time.pass(86_400);
    let resumed = world.sandbox.resume(&id);
    assert_eq!(object(&resumed, "customer.subscription.resumed")["status"], "active");
    assert_eq!(object(&resumed, "invoice.paid")["amount_paid"], 4900);
    let item = &object(&resumed, "customer.subscription.resumed")["items"]["data"][0];
    assert_eq!(item["current_period_start"], world.time.now());
}

#[tokio::test]
async fn pausing_the_collection_alone_leaves_the_status() {
    let world = World::new();
    let id = subscribed(&world).await;
    let paused = world.sandbox.pause_collection(&id, true);
    let it = object(&paused, "customer.subscription.updated");
    assert_eq!((&it["status"], &it["pause_collection"]["behavior"]), (&"active".into(), &"void".into()));
    assert!(world.sandbox.pause_collection(&id, true).is_empty());
    let on = world.sandbox.pause_collection(&id, false);
    assert_eq!(object(&on, "customer.subscription.updated")["pause_collection"], serde_json::Value::Null);
}
