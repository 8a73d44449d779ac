//! Our client and the sandbox understand each other.

use std::time::Duration;

use clients::{
    Stripe,
    stripe::{CheckoutMode, Customer, Every, Interval, Item, NewCheckoutSession, NewPrice, Product},
};

use super::{
    World,
    events::{kinds, object},
};
use crate::sandbox::testing::serve;

const ONCE: CheckoutMode = CheckoutMode::Payment;
const SUBSCRIPTION: CheckoutMode = CheckoutMode::Subscription { trial_days: None };

async fn client(world: &World) -> Stripe {
    let base = serve(world.sandbox.router()).await;
    let key = domain::SecretSource::fixed("key", "sk_test_synthetic");
    Stripe::new(clients::Http::new(Duration::from_secs(3), Duration::from_secs(10)), base, key, Duration::ZERO)
}

fn price(mode: CheckoutMode) -> NewPrice {
    NewPrice {
        product: Product::Named("Rock & Roll".to_owned()),
        amount_cents: 4900,
        currency: "usd".to_owned(),
        recurring: (mode != ONCE).then_some(Every { interval: Interval::Month, count: 1 }),
    }
}

fn order(world: &World, mode: CheckoutMode) -> NewCheckoutSession {
    NewCheckoutSession {
        mode,
        item: Item::New(price(mode)),
        customer: Customer::Email("buyer+1@example.com".to_owned()),
        allow_promotion_codes: true,
        success_url: "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://shop.example/back".to_owned(),
        expires_at: world.time.now() + 3600,
        client_reference_id: "purchase-1".to_owned(),
        metadata: vec![("purchase_id".to_owned(), "purchase-1".to_owned())],
    }
}

/// The session and the subscription of a buyer who has paid.
async fn subscribed(world: &World, stripe: &Stripe) -> (String, String) {
    let session = stripe.create_checkout_session(&order(world, SUBSCRIPTION), "checkout:2:1").await.unwrap();
    world.sandbox.pay(&session.id);
    let subscription = world.sandbox.subscription_of(&session.id).unwrap();
    (session.id, subscription)
}

#[tokio::test]
async fn sessions_are_made_once_and_read_as_their_events_carry_them() {
    let world = World::new();
    let stripe = client(&world).await;
    let once = order(&world, ONCE);
    let session = stripe.create_checkout_session(&once, "checkout:1:1").await.unwrap();
    assert_eq!(session.id, stripe.create_checkout_session(&once, "checkout:1:1").await.unwrap().id);
    let open = stripe.checkout_session(&session.id).await.unwrap().unwrap();
    assert_eq!((&open["status"], &open["url"]), (&"open".into(), &session.url.as_str().into()));
    let events = world.sandbox.pay(&session.id);
    let complete = stripe.checkout_session(&session.id).await.unwrap().unwrap();
    assert_eq!(&complete, object(&events, "checkout.session.completed"));
    assert_eq!(stripe.expire_session(&session.id).await.unwrap(), Some(complete));
    assert_eq!(stripe.expire_session("cs_test_nobody").await.unwrap(), None);
    let other = stripe.create_checkout_session(&once, "checkout:1:2").await.unwrap();
    assert_eq!(stripe.expire_session(&other.id).await.unwrap().unwrap()["status"], "expired");
}

#[tokio::test]
async fn a_kept_price_sells_again_to_a_known_customer() {
    let world = World::new();
    let stripe = client(&world).await;
    let first = stripe.create_price(&price(SUBSCRIPTION), "price:1").await.unwrap();
    assert_eq!(stripe.create_price(&price(SUBSCRIPTION), "price:1").await.unwrap(), first);
    let dearer =
        NewPrice { product: Product::Existing(first.product.clone()), amount_cents: 5900, ..price(SUBSCRIPTION) };
    let second = stripe.create_price(&dearer, "price:2").await.unwrap();
    assert_eq!(second.product, first.product);
    assert_ne!(second.id, first.id);

    let mut new = NewCheckoutSession { item: Item::Price(first.id.clone()), ..order(&world, SUBSCRIPTION) };
    let session = stripe.create_checkout_session(&new, "checkout:1:1").await.unwrap();
    let events = world.sandbox.pay(&session.id);
    let subscription = object(&events, "customer.subscription.updated");
    assert_eq!(subscription["items"]["data"][0]["price"]["id"], first.id.as_str());

    new.customer = Customer::Known(subscription["customer"].as_str().unwrap().to_owned());
    new.item = Item::Price(second.id);
    let again = stripe.create_checkout_session(&new, "checkout:2:1").await.unwrap();
    let events = world.sandbox.pay(&again.id);
    let renewed = object(&events, "customer.subscription.updated");
    assert_eq!(
        (&renewed["customer"], &object(&events, "invoice.paid")["amount_paid"]),
        (&subscription["customer"], &5900.into())
    );

    new.item = Item::Price("price_nobody".to_owned());
    let refusal = stripe.create_checkout_session(&new, "checkout:3:1").await.unwrap_err();
    assert!(refusal.to_string().contains("line_items[0][price]"), "{refusal}");
}

#[tokio::test]
async fn a_payment_is_found_its_sale_and_its_receipt() {
    let world = World::new();
    let stripe = client(&world).await;
    let session = stripe.create_checkout_session(&order(&world, ONCE), "checkout:1:1").await.unwrap();
    let events = world.sandbox.pay(&session.id);
    let charge = object(&events, "charge.succeeded");
    let intent = charge["payment_intent"].as_str().unwrap();
    assert_eq!(stripe.payment_metadata(intent).await.unwrap().unwrap()["purchase_id"], "purchase-1");
    assert_eq!(stripe.receipt_url(intent).await.unwrap().as_deref(), charge["receipt_url"].as_str());
    assert_eq!(stripe.subscription_of_payment(intent).await.unwrap(), None);
    assert_eq!(stripe.payment_metadata("pi_nobody").await.unwrap(), None);

    let (session, subscription) = subscribed(&world, &stripe).await;
    let events = world.sandbox.renew(&session);
    let intent = object(&events, "charge.succeeded")["payment_intent"].as_str().unwrap();
    assert!(stripe.payment_metadata(intent).await.unwrap().unwrap().is_empty());
    assert_eq!(stripe.subscription_of_payment(intent).await.unwrap(), Some(subscription.clone()));
    let metadata = stripe.subscription_metadata(&subscription).await.unwrap().unwrap();
    assert_eq!(metadata["purchase_id"], "purchase-1");
}

#[tokio::test]
async fn a_subscription_is_ended_and_nothing_of_it_can_be_paid_any_more() {
    let world = World::new();
    let stripe = client(&world).await;
    let (session, subscription) = subscribed(&world, &stripe).await;
    assert_eq!(stripe.open_invoice_url(&subscription).await.unwrap(), None);
    let failed = world.sandbox.fail_renewal(&session);
    let invoice = object(&failed, "invoice.payment_failed");
    let url = invoice["hosted_invoice_url"].as_str();
    assert_eq!(stripe.open_invoice_url(&subscription).await.unwrap().as_deref(), url);
    assert_eq!(stripe.invoice_url(invoice["id"].as_str().unwrap()).await.unwrap().as_deref(), url);

    stripe.cancel_subscription(&subscription).await.unwrap();
    stripe.cancel_subscription(&subscription).await.unwrap();
    stripe.cancel_subscription("sub_nobody").await.unwrap();
    assert_eq!(stripe.subscription(&subscription).await.unwrap().unwrap()["status"], "canceled");
    assert_eq!(stripe.void_open_invoices(&subscription).await.unwrap(), 1);
    assert_eq!(stripe.void_open_invoices(&subscription).await.unwrap(), 0);
    assert!(world.sandbox.pay_overdue(&session).is_empty());
}

#[tokio::test]
async fn a_customer_is_sent_to_the_portal() {
    let world = World::new();
    let stripe = client(&world).await;
    let (session, _) = subscribed(&world, &stripe).await;
    let customer = world.sandbox.session(&session).unwrap()["customer"].as_str().unwrap().to_owned();
    let url = stripe.billing_portal(&customer, "https://shop.example/account").await.unwrap();
    assert!(url.contains("/portal/bps_"), "{url}");
    stripe.billing_portal("cus_nobody", "https://shop.example/account").await.unwrap_err();
}

#[tokio::test]
async fn what_webhooks_lost_is_listed_page_by_page_for_thirty_days() {
    let world = World::new();
    let stripe = client(&world).await;
    let began = world.time.now();
    world.sandbox.drop_webhooks(true);
    let (session, _) = subscribed(&world, &stripe).await;
    world.time.pass(60);
    let renewed = world.sandbox.renew(&session);
    assert!(world.sandbox.undelivered().is_empty());

    let mut ids: Vec<String> = Vec::new();
    loop {
        let page = stripe.events(&[], began, ids.last().map(String::as_str), 3).await.unwrap();
        ids.extend(page.events.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        if !page.has_more {
            break;
        }
        assert_eq!(page.events.len(), 3);
    }
    assert_eq!(ids.len(), 10, "newest first, each once");
    assert_eq!(ids[..renewed.len()], renewed.iter().rev().map(|event| event.id.clone()).collect::<Vec<_>>());
    let types = ["invoice.paid", "customer.subscription.deleted"];
    let page = stripe.events(&types, began + 1, None, 100).await.unwrap();
    assert_eq!(
        page.events,
        [renewed[kinds(&renewed).iter().position(|it| *it == "invoice.paid").unwrap()].payload.clone()]
    );
    stripe.events(&[], began, Some("evt_nobody"), 3).await.unwrap_err();
    stripe.events(&["charge.succeeded"; 21], began, None, 3).await.unwrap_err();
    world.time.pass(30 * 86_400);
    assert_eq!(stripe.events(&[], 0, None, 100).await.unwrap().events.len(), 4, "those of the first minute are gone");
}
