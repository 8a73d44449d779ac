//! GitHub's fifty invitations a day: who has paid first is admitted first, everybody is told when, and nobody waits in a
//! queue that costs anything.

use std::time::Duration;

use domain::{
    Timestamp,
    access::{EntitlementKey, Observed},
    log::Action,
    purchase::{Decisions, Gate, Purchase},
};
use http::{Method, Request};
use jobs::Job;
use journeys::{Sale, TestStack};
use serde_json::json;
use testkit::github::Access;

use crate::{
    stories::{STORIES, Step},
    world::{BUYER, COMPANY, Dice, NAME, OWNER, begin, start},
};

/// Does what is due, as the schedule has it done each minute; answers how many were sent on.
async fn due(t: &TestStack) -> u64 {
    t.run_schedule("due").await;
    let sent = t.messages().await.into_iter().find(|(queue, _)| queue == "AccessQueue").map_or(0, |(_, count)| count);
    assert_eq!(t.settle().await.failed, 0);
    sent
}

/// Lets time pass, minute by minute.
async fn pass(t: &TestStack, minutes: u64) {
    for _ in 0..minutes {
        t.clock.advance(Duration::from_mins(1));
        due(t).await;
    }
}

/// Delivers what Stripe has to tell: nobody says in which order events arrive.
async fn deliver_shuffled(t: &TestStack) {
    let mut deliveries = t.stripe().undelivered();
    Dice::new(5).shuffle(&mut deliveries);
    for delivery in deliveries {
        assert_eq!(t.post_event(delivery.body, &delivery.signature).await.status, 200);
        t.stripe().delivered(&delivery.event_id);
    }
}

/// So many buyers, not in the order of their accounts' numbers.
async fn crowd(t: &TestStack, repository: &str, size: usize) -> Vec<Sale> {
    let mut sales = Vec::new();
    for number in 0..size {
        let buyer = format!("buyer-{number}");
        t.github().add_user(&buyer);
        sales.push(t.checkout(repository, &buyer).await);
    }
    Dice::new(6).shuffle(&mut sales);
    sales
}

async fn purchase(t: &TestStack, sale: &Sale) -> Purchase {
    t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap()
}

/// When a purchase's buyer was let in, as the log says.
async fn admitted(t: &TestStack, sale: &Sale) -> Vec<Timestamp> {
    let log = t.stack.store.log(COMPANY, sale.purchase.parse().unwrap()).await.unwrap();
    log.iter().filter(|line| line.action == Action::CollaboratorAdded).map(|line| line.created_at).collect()
}

#[tokio::test]
async fn of_sixty_buyers_in_one_minute_fifty_are_invited_and_ten_are_told_when_and_admitted_then() {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let sales = crowd(&t, &repository, 60).await;
    for sale in &sales {
        t.stripe().pay(&sale.session);
        t.clock.advance(Duration::from_secs(1));
    }
    deliver_shuffled(&t).await;
    assert_eq!(t.settle().await.failed, 0);
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 50);
    assert!(t.messages().await.is_empty(), "those who wait cost no messages");
    let mut waiting = Vec::new();
    for sale in &sales {
        let purchase = purchase(&t, sale).await;
        let from = purchase.access.scheduled_for;
        assert_eq!(from.is_some(), purchase.access.observed == Observed::Nothing);
        if let Some(from) = from {
            let hours = from.duration_since(t.now()).as_hours();
            assert!((23..=24).contains(&hours), "{from}");
            let log = t.stack.store.log(COMPANY, purchase.id).await.unwrap();
            let told: Vec<_> = log.iter().filter(|line| line.action == Action::AccessScheduled).collect();
            assert_eq!(told.len(), 1);
            assert!(told[0].metadata.contains_key("accessFrom"), "{told:?}");
            waiting.push(sale.clone());
        }
    }
    assert_eq!(waiting.len(), 10);
    // Nobody else waits for the limit of one repository, and nothing is asked of GitHub meanwhile.
    let calls = t.github().requests().len();
    t.clock.advance(Duration::from_hours(23));
    assert_eq!(due(&t).await, 0);
    assert_eq!(t.github().requests().len(), calls);
    t.clock.advance(Duration::from_mins(58));
    pass(&t, 6).await;
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 60, "none twice");
    let mut lines = Vec::new();
    for sale in &waiting {
        let admitted = admitted(&t, sale).await;
        assert_eq!(admitted.len(), 1, "once");
        lines.extend(admitted);
        assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
    }
    // There is room for all ten, so nobody waits for another one and no order is promised among them. Where there is room
    // for one after the other, the next test holds it.
    lines.dedup();
    assert_eq!(lines.len(), 1, "all at once: {lines:?}");
    t.finish().await;
}

#[tokio::test]
async fn places_that_come_free_one_by_one_are_given_in_the_order_of_payment() {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let sales = crowd(&t, &repository, 60).await;
    let (invited, waiting) = sales.split_at(50);
    for sale in invited {
        t.pay_and_settle(sale).await;
        t.clock.advance(Duration::from_mins(3));
    }
    for sale in waiting {
        t.stripe().pay(&sale.session);
        t.clock.advance(Duration::from_secs(1));
    }
    deliver_shuffled(&t).await;
    assert_eq!(t.settle().await.failed, 0);
    assert_eq!(asked_to_invite(&t).len(), 50);
    t.clock.advance(Duration::from_mins(24 * 60 - 3 * 50));
    pass(&t, 3 * 10 + 2).await;
    let mut paid = Vec::new();
    for sale in waiting {
        paid.push(purchase(&t, sale).await.buyer.login);
    }
    assert_eq!(asked_to_invite(&t)[50..], paid);
    t.finish().await;
}

/// Those whom GitHub was asked to invite, in the order of the calls.
fn asked_to_invite(t: &TestStack) -> Vec<String> {
    let path = format!("PUT /repos/{OWNER}/{NAME}/collaborators/");
    t.github().requests().iter().filter_map(|line| line.strip_prefix(&path)).map(str::to_owned).collect()
}

#[tokio::test]
async fn who_paid_earlier_and_is_heard_of_later_goes_first() {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let sales = crowd(&t, &repository, 52).await;
    for sale in &sales[..50] {
        t.pay_and_settle(sale).await;
        t.clock.advance(Duration::from_mins(3));
    }
    let (early, late) = (&sales[50], &sales[51]);
    t.stripe().pay(&early.session);
    let held = t.stripe().undelivered();
    t.clock.advance(Duration::from_mins(1));
    t.stripe().pay(&late.session);
    for delivery in t.stripe().undelivered() {
        if !held.iter().any(|other| other.event_id == delivery.event_id) {
            t.post_event(delivery.body, &delivery.signature).await;
            t.stripe().delivered(&delivery.event_id);
        }
    }
    t.settle().await;
    let first_told = purchase(&t, late).await.access.scheduled_for.unwrap();
    t.deliver().await;
    t.settle().await;
    assert_eq!(purchase(&t, early).await.access.scheduled_for, Some(first_told), "the first slot is the earlier one's");
    t.clock.advance(Duration::from_secs(u64::try_from(first_told.as_second() - t.now().as_second()).unwrap() + 5));
    due(&t).await;
    assert_eq!(purchase(&t, early).await.access.observed, Observed::Invited);
    let told = purchase(&t, late).await;
    assert_eq!((told.access.observed, told.access.scheduled_for > Some(first_told)), (Observed::Nothing, true));
    pass(&t, 5).await;
    assert_eq!(purchase(&t, late).await.access.observed, Observed::Invited);
    t.finish().await;
}

#[tokio::test]
async fn who_gets_the_money_back_while_waiting_leaves_the_queue() {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let sales = crowd(&t, &repository, 52).await;
    for sale in &sales {
        t.stripe().pay(&sale.session);
        t.clock.advance(Duration::from_secs(1));
    }
    t.deliver().await;
    t.settle().await;
    t.stripe().refund(&sales[50].session, None);
    t.deliver().await;
    t.settle().await;
    let (_, waiting) = t.stack.store.invitations(COMPANY, repository.parse().unwrap()).await.unwrap();
    assert_eq!(waiting.len(), 1);
    t.clock.advance(Duration::from_hours(24));
    pass(&t, 5).await;
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 51);
    assert_eq!(purchase(&t, &sales[51]).await.access.observed, Observed::Invited);
    assert_eq!(purchase(&t, &sales[50]).await.access.observed, Observed::Nothing);
    t.finish().await;
}

#[tokio::test]
async fn a_day_that_others_used_up_is_waited_for_as_github_says() {
    let t = start(1, Duration::from_secs(5)).await;
    let sale = begin(&t, &STORIES[0]).await;
    for number in 0..50 {
        let friend = format!("friend-{number}");
        t.github().add_user(&friend);
        let path = format!("/sandbox/github/repos/{OWNER}/{NAME}/collaborators/{friend}");
        let request = Request::builder().method(Method::PUT).uri(path);
        let request = request.header("authorization", "Bearer owner").header("user-agent", "the vendor");
        assert_eq!(t.send(request.body(json!({}).to_string().into()).unwrap()).await.status, 201);
    }
    t.clock.advance(Duration::from_hours(2));
    t.pay_and_settle(&sale).await;
    let waits = purchase(&t, &sale).await;
    assert!(waits.access.scheduled_for.unwrap().duration_since(t.now()).as_hours() >= 21);
    assert_eq!(t.messages().await, []);
    // Another repository is not concerned, and nor are removals.
    assert!(t.stack.store.due(t.now(), 10).await.unwrap().is_empty());
    t.clock.advance(Duration::from_hours(22));
    pass(&t, 3).await;
    assert_eq!(purchase(&t, &sale).await.access.observed, Observed::Invited);
    t.finish().await;
}

#[tokio::test]
async fn an_invitation_is_looked_at_on_its_sixth_and_replaced_on_its_seventh_day_and_once() {
    let t = start(1, Duration::from_secs(5)).await;
    let sale = begin(&t, &STORIES[0]).await;
    t.pay_and_settle(&sale).await;
    let day = Duration::from_hours(24);
    assert_eq!(due(&t).await, 0);
    t.clock.advance(day * 6);
    assert_eq!(due(&t).await, 1, "the day on which the buyer is reminded");
    assert_eq!(due(&t).await, 0, "once");
    t.clock.advance(day);
    assert_eq!(due(&t).await, 1);
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 2);
    let replaced = purchase(&t, &sale).await;
    assert!(
        replaced.access.reinvited && replaced.access.invited_at.is_some_and(|at| at.as_second() == t.now().as_second())
    );
    for _ in 0..30 {
        t.clock.advance(day);
        due(&t).await;
    }
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 2, "a second one that expires is left alone");
    assert!(t.stack.store.due(t.now() + day * 100, 10).await.unwrap().is_empty());
    t.finish().await;
}

#[tokio::test]
async fn days_of_grace_that_end_close_the_gate_without_any_event() {
    let t = start(1, Duration::from_secs(5)).await;
    let story = STORIES.iter().find(|story| story.terms.grace_days == Some(3)).unwrap();
    let sale = begin(&t, story).await;
    t.pay_and_settle(&sale).await;
    t.clock.advance(Duration::from_hours(24));
    Step::FailRenewal.take(&t, &sale.session);
    t.deliver().await;
    t.settle().await;
    assert_eq!(purchase(&t, &sale).await.gate(), Gate::Open);
    t.clock.advance(Duration::from_hours(71));
    assert_eq!(due(&t).await, 0);
    pass(&t, 62).await;
    let lapsed = purchase(&t, &sale).await;
    assert!(matches!(lapsed.gate(), Gate::Closed { .. }), "{:?}", lapsed.decisions);
    assert_eq!(t.github().access(OWNER, NAME, t.github().user_id(BUYER).unwrap()), Access::None);
    let log = t.stack.store.log(COMPANY, lapsed.id).await.unwrap();
    assert_eq!(log.iter().filter(|line| line.action == Action::GraceEnded).count(), 1);
    t.finish().await;
}

#[tokio::test]
async fn one_who_was_never_let_in_by_us_is_not_put_out_by_us() {
    let t = start(1, Duration::from_secs(5)).await;
    let sale = begin(&t, &STORIES[0]).await;
    t.github().add_collaborator(OWNER, NAME, BUYER).unwrap();
    t.stripe().expire(&sale.session);
    t.deliver().await;
    let purchase = purchase(&t, &sale).await;
    let entitlement: EntitlementKey = purchase.entitlement();
    t.stack.queues["AccessQueue"].send(&Job::SyncAccess { entitlement, attempt: 0 }).await.unwrap();
    t.settle().await;
    assert_eq!(t.github().access(OWNER, NAME, entitlement.account.0), Access::Collaborator);
    assert_eq!(purchase.decisions, Decisions::default());
    t.finish().await;
}
