//! What no webhook told is found all the same, whoever dies over it (F15, F24).

use std::time::Duration;

use domain::{access::Entitlement, log::Action};
use journeys::{Sale, TestStack, example_repository, with};
use serde_json::json;
use store::{AccessRecord, Change};
use testkit::{faults::Faults, github::Access};

use crate::world::{COMPANY, NAME, OWNER, start, stopped_at};

const PATIENCE: Duration = Duration::from_secs(5);

/// A day on which Stripe's webhooks reach nobody: one buyer pays, one pays and gets the money back, one never pays, one
/// subscribes.
struct Day {
    sales: Vec<(Sale, &'static str, &'static str)>,
}

impl Day {
    async fn pass(t: &TestStack) -> Self {
        let theme = t.list_theme().await;
        let fields = json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit", "pricingType": "subscription",
            "subscriptionCadence": "monthly"});
        let toolkit = t.list(&with(example_repository(), &fields)).await;
        t.stripe().drop_webhooks(true);
        let paid = t.checkout(&theme, "johndoe").await;
        t.stripe().pay(&paid.session);
        let refunded = t.checkout(&theme, "janedoe").await;
        t.stripe().pay(&refunded.session);
        t.stripe().refund(&refunded.session, None);
        let unpaid = t.checkout(&theme, "octocat").await;
        let subscribed = t.checkout(&toolkit, "janedoe").await;
        t.stripe().pay(&subscribed.session);
        t.clock.advance(Duration::from_hours(24));
        t.stripe().expire(&unpaid.session);
        t.clock.advance(Duration::from_hours(2));
        t.deliver().await;
        Self {
            sales: vec![
                (paid, "completed", "active"),
                (refunded, "completed", "revoked"),
                (unpaid, "failed", "pending"),
                (subscribed, "completed", "active"),
            ],
        }
    }

    async fn check(&self, t: &TestStack) {
        for (sale, status, access) in &self.sales {
            let customer = t.customer(&sale.purchase).await;
            assert_eq!(
                (&customer["status"], &customer["accessStatus"]),
                (&json!(status), &json!(access)),
                "{customer}"
            );
        }
    }
}

fn stripe_calls(t: &TestStack) -> usize {
    t.stripe().requests().len()
}

#[tokio::test]
async fn one_run_makes_up_for_a_day_without_webhooks() {
    let t = start(1, PATIENCE).await;
    let day = Day::pass(&t).await;
    let before = stripe_calls(&t);
    t.run_schedule("sweep").await;
    // Two pages of events, for there are more types than one call can ask for; and a look at each checkout.
    let calls = stripe_calls(&t) - before;
    assert!(calls <= 2 + day.sales.len(), "{calls} calls: {:?}", t.stripe().requests());
    t.settle().await;
    day.check(&t).await;

    // Nothing is done twice.
    let before = stripe_calls(&t);
    t.run_schedule("sweep").await;
    assert_eq!(t.messages().await, []);
    assert_eq!(stripe_calls(&t) - before, 2);
    t.finish().await;
}

#[tokio::test]
async fn two_runs_at_once_end_like_one() {
    let t = start(1, PATIENCE).await;
    let day = Day::pass(&t).await;
    futures::join!(t.run_schedule("sweep"), t.run_schedule("sweep"), t.run_schedule("books"), t.run_schedule("books"));
    t.settle().await;
    day.check(&t).await;
    t.clock.advance(Duration::from_mins(10));
    futures::join!(t.run_schedule("books"), t.run_schedule("books"));
    assert!(findings(&t).await.iter().all(|finding| finding.broken.is_none() && finding.unsealed == 0));
    t.finish().await;
}

/// A sale of which no webhook tells.
async fn lost_sale(t: &TestStack) -> (Sale, &'static str, &'static str) {
    let theme = t.list_theme().await;
    t.stripe().drop_webhooks(true);
    let sale = t.checkout(&theme, "johndoe").await;
    t.stripe().pay(&sale.session);
    t.clock.advance(Duration::from_hours(2));
    (sale, "completed", "active")
}

/// Kills a run at one of its calls, and says whether it got so far.
async fn killed_at(call: usize) -> bool {
    let t = start(1, PATIENCE).await;
    let day = Day { sales: vec![lost_sale(&t).await] };
    t.faults.start(&Faults::none());
    let killed = stopped_at(call, &t.faults, t.reconcile()).await.is_err();
    t.faults.heal();
    t.reconcile().await;
    t.settle().await;
    day.check(&t).await;
    t.clock.advance(Duration::from_mins(10));
    t.run_schedule("books").await;
    let findings = findings(&t).await;
    assert!(findings.iter().all(|it| it.broken.is_none() && it.unsealed == 0), "killed at call {call}: {findings:?}");
    t.finish().await;
    killed
}

#[tokio::test]
async fn a_run_that_dies_leaves_the_rest_to_the_next() {
    // Between two calls of the same task lies nothing new, so each third call will do.
    let mut call = 0;
    while killed_at(call).await {
        call += 3;
    }
    assert!(call > 30, "only {call} calls");
}

#[tokio::test]
async fn a_session_is_asked_about_when_even_stripe_forgot_its_events() {
    let t = start(1, PATIENCE).await;
    let theme = t.list_theme().await;
    t.stripe().drop_webhooks(true);
    let sale = t.checkout(&theme, "johndoe").await;
    t.stripe().pay(&sale.session);
    t.clock.advance(Duration::from_hours(40 * 24));
    t.run_schedule("sweep").await;
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
    t.finish().await;
}

#[tokio::test]
async fn access_follows_though_the_message_that_asked_for_it_is_lost() {
    let t = start(1, PATIENCE).await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.stripe().pay(&sale.session);
    t.deliver().await;
    t.stack.settle_queue("PaymentsQueue", 50).await.unwrap();
    let queue = t.stack.embedded.as_ref().unwrap().queue_url("AccessQueue");
    t.aws.sqs.purge_queue().queue_url(queue).send().await.unwrap();
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "pending");

    t.clock.advance(Duration::from_hours(1));
    t.run_schedule("sweep").await;
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
    t.finish().await;
}

#[tokio::test]
async fn what_was_changed_on_github_by_hand_is_found_and_strangers_are_told_of_once() {
    let t = start(1, PATIENCE).await;
    t.github().drop_webhooks(true);
    let theme = t.list_theme().await;
    for buyer in ["johndoe", "janedoe"] {
        let sale = t.checkout(&theme, buyer).await;
        t.pay_and_settle(&sale).await;
    }
    t.github().accept(OWNER, NAME, "janedoe").unwrap();
    t.github().expire(OWNER, NAME, "johndoe").unwrap();
    t.github().add_collaborator(OWNER, NAME, "octocat").unwrap();
    let before = t.github().requests().len();
    for _ in 0..2 {
        t.run_schedule("sweep").await;
    }
    // Two pages for each sweep: one of invitations, one of collaborators.
    assert_eq!(t.github().requests().len() - before, 4);
    t.settle().await;
    let access = |login: &str| t.github().access(OWNER, NAME, t.github().user_id(login).unwrap());
    assert_eq!(access("johndoe"), Access::Invited { expired: false });
    assert_eq!(access("janedoe"), Access::Collaborator);
    assert_eq!(access("octocat"), Access::Collaborator);
    let sums = t.stack.store.sums(COMPANY, theme.parse().unwrap()).await.unwrap();
    assert_eq!(sums.lines_with(Some(Action::StrangerFound), None), 1);

    // And when all is as it was seen, nobody is asked to look.
    t.clock.advance(Duration::from_hours(1));
    t.run_schedule("sweep").await;
    t.settle().await;
    t.run_schedule("sweep").await;
    assert_eq!(t.messages().await, []);
    t.finish().await;
}

#[tokio::test]
async fn what_is_due_is_sent_on_when_its_time_has_come() {
    let t = start(1, PATIENCE).await;
    let sale = t.checkout(&t.list_theme().await, "johndoe").await;
    t.pay_and_settle(&sale).await;
    let purchase = t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap();
    let before = t.stack.store.entitlement(&purchase.entitlement()).await.unwrap().unwrap();
    let after = Entitlement { due_at: Some(t.now() + Duration::from_hours(24)), ..before.clone() };
    let record = AccessRecord { before: &before, after: &after, purchases: &[], entries: &[] };
    assert_eq!(t.stack.store.record_access(&record).await.unwrap(), Change::Made);

    t.run_schedule("due").await;
    assert_eq!(t.messages().await, []);
    t.clock.advance(Duration::from_hours(24));
    t.run_schedule("due").await;
    assert_eq!(t.messages().await, [("AccessQueue".to_owned(), 1)]);
    t.settle().await;
    t.finish().await;
}

async fn findings(t: &TestStack) -> Vec<local::audit::Finding> {
    local::audit::verify(&t.stack.store, t.now()).await.unwrap()
}
