//! What the pages show and do.

use axum::Router;

use super::{ONE_TIME, World, get, post, subscription};

#[tokio::test]
async fn the_page_sells_and_escapes_what_it_shows() {
    let world = World::new();
    let evil =
        ONE_TIME.replace("name]=Theme", "name]=%3Cscript%3E").replace("purchase_id]=purchase-1", "p]=%22%3E%3Cimg");
    let id = world.session(&evil).await;
    let router = Router::new().nest("/sandbox/stripe", world.sandbox.router());
    let page = get(&router, &format!("/sandbox/stripe/pay/{id}")).await;
    assert!(page.text.contains("Stripe sandbox — no real money") && page.text.contains("$49.00"));
    assert!(!page.text.contains("<script") && !page.text.contains("<img"));
    assert!(page.text.contains(&format!("action=\"/sandbox/stripe/pay/{id}/decline\"")));

    let paid = post(&router, &format!("/sandbox/stripe/pay/{id}/pay"), "", "").await;
    assert_eq!(paid.status, 303);
    assert_eq!(paid.header("location"), format!("/sandbox/stripe/pay/{id}/done"));
    let done = get(&router, paid.header("location")).await;
    assert!(done.text.contains(&format!("href=\"https://shop.example/ok?s={id}\"")), "{}", done.text);
    assert!(done.text.contains("checkout.session.completed"));
    let refunded = post(&router, &format!("/sandbox/stripe/pay/{id}/refund-half"), "", "").await;
    assert_eq!(refunded.header("location"), format!("/sandbox/stripe/pay/{id}"));
    assert!(get(&router, refunded.header("location")).await.text.contains("$24.50 refunded"));
    assert_eq!(get(&router, "/sandbox/stripe/pay/cs_nobody").await.status, 404);
    assert_eq!(post(&router, "/sandbox/stripe/pay/cs_nobody/pay", "", "").await.status, 404);
    assert!(get(&router, "/sandbox/stripe").await.text.contains(&id));
}

async fn press(router: &Router, id: &str, action: &str) -> String {
    let done = post(router, &format!("/pay/{id}/{action}"), "", "").await;
    assert_eq!(done.status, 303, "{action}");
    get(router, done.header("location")).await.text
}

#[tokio::test]
async fn every_button_that_is_offered_does_something() {
    let world = World::new();
    let router = world.sandbox.router();
    let once = world.session(ONE_TIME).await;
    let monthly = world.session(&subscription()).await;
    for (id, actions) in [
        (&once, vec!["decline-funds", "pay", "inquire", "dispute", "win-dispute", "refund-half", "fail-refund"]),
        (&once, vec!["warn-of-fraud", "refund"]),
        (&monthly, vec!["pay", "cancel-at-period-end", "keep-subscription", "pause-collection", "resume-collection"]),
        (&monthly, vec!["fail-renewal", "pay-overdue", "give-up-unpaid", "pay-overdue", "give-up-cancel"]),
    ] {
        for action in actions {
            let page = get(&router, &format!("/pay/{id}")).await.text;
            let offered = action == "warn-of-fraud" || page.contains(&format!("/pay/{id}/{action}\""));
            assert!(offered, "{action} is not offered");
            let before = world.sandbox.undelivered().len();
            press(&router, id, action).await;
            assert!(world.sandbox.undelivered().len() > before, "{action} does nothing");
        }
    }
    assert_eq!(post(&router, &format!("/pay/{once}/rob"), "", "").await.status, 404);
}

#[tokio::test]
async fn webhooks_are_lost_while_the_switch_says_so() {
    let world = World::new();
    let router = world.sandbox.router();
    let id = world.session(ONE_TIME).await;
    assert_eq!(post(&router, "/webhooks/drop", "", "").await.status, 303);
    assert!(get(&router, "/").await.text.contains("/webhooks/send"));
    assert!(press(&router, &id, "pay").await.contains("lost"));
    assert!(world.sandbox.undelivered().is_empty());
    post(&router, "/webhooks/send", "", "").await;
    press(&router, &id, "refund").await;
    assert_eq!(world.sandbox.undelivered().len(), 2, "what was lost stays lost");
    let listed = world.get("/v1/events?limit=100").await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 5, "and is listed");
}

#[tokio::test]
async fn a_customer_manages_their_own_subscriptions_in_the_portal() {
    let world = World::new();
    world.sandbox.set_public_url("http://sandbox");
    let (mine, other) = (world.session(&subscription()).await, world.session(&subscription()).await);
    world.sandbox.pay(&mine);
    world.sandbox.pay(&other);
    let customer = world.sandbox.session(&mine).unwrap()["customer"].as_str().unwrap().to_owned();
    let form = format!("customer={customer}&return_url=https://shop.example/account");
    let opened = world.post("/v1/billing_portal/sessions", &form, "").await.json();
    let path = opened["url"].as_str().unwrap().strip_prefix("http://sandbox").unwrap().to_owned();
    let router = world.sandbox.router();
    let page = get(&router, &path).await.text;
    assert!(page.contains("https://shop.example/account") && page.contains(&mine) && !page.contains(&other));
    assert_eq!(post(&router, &format!("{path}/{mine}/cancel"), "", "").await.status, 303);
    assert!(get(&router, &path).await.text.contains("until the end of its period"));
    assert_eq!(post(&router, &format!("{path}/{mine}/resume"), "", "").await.status, 303);
    assert_eq!(post(&router, &format!("{path}/{other}/cancel"), "", "").await.status, 404);
    let nobody = world.post("/v1/billing_portal/sessions", "customer=cus_nobody", "").await;
    assert_eq!((nobody.status.as_u16(), &nobody.json()["error"]["param"]), (400, &"customer".into()));
}

#[tokio::test]
async fn receipts_and_invoices_have_pages_and_overdue_ones_are_paid_there() {
    let world = World::new();
    world.sandbox.set_public_url("http://sandbox");
    let router = world.sandbox.router();
    let once = world.session(ONE_TIME).await;
    let paid = world.sandbox.pay(&once);
    let receipt = paid[0].payload["data"]["object"]["receipt_url"].as_str().unwrap();
    let page = get(&router, receipt.strip_prefix("http://sandbox").unwrap()).await.text;
    assert!(page.contains("$49.00") && page.contains("john@example.com"), "{page}");

    let id = world.session(&subscription()).await;
    world.sandbox.pay(&id);
    let failed = world.sandbox.fail_renewal(&id);
    let failed = failed.iter().find(|event| event.kind == "invoice.payment_failed").unwrap();
    let url = failed.payload["data"]["object"]["hosted_invoice_url"].as_str().unwrap();
    let path = url.strip_prefix("http://sandbox").unwrap();
    assert!(get(&router, path).await.text.contains("Pay</button>"));
    assert_eq!(post(&router, &format!("{path}/pay"), "", "").await.status, 303);
    assert!(!get(&router, path).await.text.contains("Pay</button>"));
    for missing in ["/invoice/in_none", "/receipt/ch_none", "/portal/bps_none"] {
        assert_eq!(get(&router, missing).await.status, 404, "{missing}");
    }
}
