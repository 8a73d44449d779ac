//! What each event takes, from the webhook to GitHub.

use domain::forge::ForgeKind;
use http::StatusCode;
use journeys::tag_pushed;
use testkit::stripe::{Delivery, Event, Sandbox};

use crate::{
    shop::{Shop, measured},
    table::{Budget, Table},
};

const PAYMENTS: &str = "PaymentsQueue";
const ACCESS: &str = "AccessQueue";

/// What happens at the shop, in turn; the events of the last are measured.
type Story = &'static [fn(&Sandbox, &str) -> Vec<Event>];

const ONE_TIME: &[(&str, Story)] = &[
    ("paid", &[Sandbox::pay]),
    ("nothing to pay", &[Sandbox::complete_free]),
    ("to be paid later", &[Sandbox::pay_later]),
    ("paid later", &[Sandbox::pay_later, Sandbox::settle]),
    ("not paid after all", &[Sandbox::pay_later, Sandbox::fail_settlement]),
    ("expired", &[Sandbox::expire]),
    ("partly refunded", &[Sandbox::pay, |stripe, session| stripe.refund(session, Some(1000))]),
    ("refunded", &[Sandbox::pay, |stripe, session| stripe.refund(session, None)]),
];

const MONTHLY: &[(&str, Story)] = &[
    ("subscribed", &[Sandbox::pay]),
    ("renewed", &[Sandbox::pay, Sandbox::renew]),
    ("not renewed", &[Sandbox::pay, Sandbox::fail_renewal]),
    ("cancelled", &[Sandbox::pay, Sandbox::cancel_subscription]),
];

/// The stories whose last turn opens the gate, whichever of its events is the first.
const OPENING: &[&str] = &["paid", "nothing to pay", "paid later", "subscribed"];

/// What a message may take that does not open the gate. Closing it and letting the buyer in or out are the dearest: they
/// move the purchase in both indexes. Sixteen are a renewal that fails, with long texts: a purchase of more than a kilobyte,
/// in the table and in both indexes.
fn job() -> Budget {
    Budget::job(16.0)
}

pub(crate) async fn measure(shop: &mut Shop, table: &mut Table) {
    let theme = shop.list("sold-once", false).await;
    let toolkit = shop.list("sold-monthly", true).await;
    // The first event also reads the webhook's secret, the first invitation GitHub's credentials.
    shop.sell(&theme).await;
    webhook(shop, &theme, table).await;
    github_webhook(shop, table).await;
    forge_webhooks(shop, table).await;
    for (repository, stories) in [(&theme, ONE_TIME), (&toolkit, MONTHLY)] {
        for (name, story) in stories {
            events(shop, repository, (name, story), table).await;
        }
    }
    access(shop, &theme, table).await;
}

async fn webhook(shop: &mut Shop, repository: &str, table: &mut Table) {
    let sale = shop.checkout(repository).await;
    shop.t.stripe().pay(&sale.session);
    for delivery in shop.t.stripe().undelivered() {
        let kind = kind(&delivery.body);
        let (usage, answer) = measured(shop.t.post_event(delivery.body, &delivery.signature)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer}");
        shop.t.stripe().delivered(&delivery.event_id);
        let dropped = kind == "payment_intent.succeeded";
        let what = if dropped { "webhook of no interest" } else { "webhook" };
        table.add(format!("{what}: {kind}"), usage, if dropped { Budget::nothing() } else { Budget::webhook() });
    }
    let (usage, answer) = measured(shop.t.post_event(b"{}".to_vec(), "t=1,v1=00")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    table.add("webhook with a wrong signature", usage, Budget::nothing());
    shop.t.settle().await;
}

async fn github_webhook(shop: &mut Shop, table: &mut Table) {
    let github = shop.t.github();
    // The first also reads the webhook's secret.
    github.ping("acme-corp");
    shop.t.deliver_github().await;
    github.ping("acme-corp");
    github.add_collaborator("acme-corp", "toolkit", "johndoe").unwrap();
    for (delivery, budget) in github.undelivered().iter().zip([Budget::nothing(), Budget::webhook()]) {
        let (usage, answer) = measured(shop.t.post_github(delivery)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer}");
        shop.t.github().delivered(delivery.id, answer.status);
        table.add(format!("GitHub's webhook: {}", delivery.event), usage, budget);
    }
    shop.t.settle().await;
}

/// The first of each forge also reads its secrets.
async fn forge_webhooks(shop: &mut Shop, table: &mut Table) {
    for forge in [ForgeKind::Github, ForgeKind::Gitlab, ForgeKind::Bitbucket] {
        shop.t.push_tag(forge, "v1.0.0").await;
        let (usage, answer) = measured(shop.t.push_tag(forge, "v1.0.1")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer}");
        table.add(format!("webhook of {forge}: a push"), usage, Budget::webhook());
        let ((name, event), body) = tag_pushed(forge, "v1.0.1");
        let headers = [(name, event)];
        let (usage, answer) = measured(shop.t.post_forge(forge, &headers, body.to_string())).await;
        assert!((400..500).contains(&answer.status), "{answer}");
        table.add(format!("webhook of {forge}, forged"), usage, Budget::nothing());
    }
    shop.t.settle().await;
}

/// Each event of a story's last turn as the first to arrive, so that each is the one that changes the purchase most.
async fn events(shop: &mut Shop, repository: &str, (name, story): (&str, Story), table: &mut Table) {
    for place in 0.. {
        let sale = shop.checkout(repository).await;
        let (last, before) = story.split_last().unwrap();
        for turn in before {
            turn(shop.t.stripe(), &sale.session);
            shop.deliver().await;
            shop.t.settle().await;
        }
        last(shop.t.stripe(), &sale.session);
        let mut deliveries = shop.t.stripe().undelivered();
        if place >= deliveries.len() {
            shop.deliver().await;
            shop.t.settle().await;
            return;
        }
        let first = deliveries.remove(place);
        shop.t.post_event(first.body.clone(), &first.signature).await;
        let usage = shop.work(PAYMENTS).await;
        let kind = kind(&first.body);
        if !usage.calls.is_empty() {
            let budget = if OPENING.contains(&name) { Budget::activation() } else { job() };
            table.add(format!("{name}: {kind}"), usage, budget);
        }
        shop.t.post_event(first.body, &first.signature).await;
        let again = shop.work(PAYMENTS).await;
        if name == "paid" && !again.calls.is_empty() {
            table.add(format!("{name}: {kind}, once more"), again, Budget::job(2.0));
        }
        shop.deliver().await;
        shop.t.settle().await;
    }
}

/// One message each, from one event each.
async fn access(shop: &mut Shop, repository: &str, table: &mut Table) {
    let sale = shop.checkout(repository).await;
    shop.t.stripe().pay(&sale.session);
    let charge = event(shop, "charge.succeeded");
    synced(shop, "invite", &charge, table).await;
    synced(shop, "invited already", &charge, table).await;
    shop.deliver().await;
    shop.t.settle().await;
    shop.t.stripe().refund(&sale.session, None);
    let refund = event(shop, "charge.refunded");
    synced(shop, "remove", &refund, table).await;
    synced(shop, "removed already", &refund, table).await;
    shop.deliver().await;
    shop.t.settle().await;
}

async fn synced(shop: &Shop, what: &str, event: &Delivery, table: &mut Table) {
    shop.t.post_event(event.body.clone(), &event.signature).await;
    shop.work(PAYMENTS).await;
    let usage = shop.work(ACCESS).await;
    table.add(format!("access: {what}"), usage, Budget::access());
}

fn event(shop: &Shop, wanted: &str) -> Delivery {
    let mut undelivered = shop.t.stripe().undelivered().into_iter();
    undelivered.find(|delivery| kind(&delivery.body) == wanted).unwrap()
}

fn kind(body: &[u8]) -> String {
    let event: serde_json::Value = serde_json::from_slice(body).unwrap();
    event["type"].as_str().unwrap().to_owned()
}
