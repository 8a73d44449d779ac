//! Two workers on one entitlement, one of which is slow: it stops at each of its calls in turn, while the other does all
//! of its work, and then goes on with what it knew before.

use std::time::Duration;

use jobs::Job;
use journeys::{Sale, TestStack};
use serde_json::json;
use testkit::{faults::Faults, github::Access};

use crate::{
    invariants::{Books, Expected, relevant_to, violations},
    stories::STORIES,
    world::{BUYER, COMPANY, NAME, OWNER, begin, begin_twice, come_to_rest, start, stopped_at},
};

async fn pay(t: &TestStack, sale: &Sale) -> Vec<testkit::stripe::Event> {
    let events = t.stripe().pay(&sale.session);
    t.deliver().await;
    t.clock.advance(Duration::from_mins(1));
    events
}

async fn refund(t: &TestStack, sale: &Sale) -> Vec<testkit::stripe::Event> {
    let events = t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.clock.advance(Duration::from_mins(1));
    events
}

/// Lets a worker stop at a call, somebody else act and work meanwhile, and the worker go on. True if it did stop.
async fn interrupted<T>(t: &TestStack, call: usize, meanwhile: impl Future<Output = T>) -> (bool, T) {
    // Counts anew.
    t.faults.start(&Faults::none());
    let slow = stopped_at(call, &t.faults, t.stack.settle(50)).await;
    let result = meanwhile.await;
    t.settle().await;
    let stopped = match slow {
        Ok(settled) => settled.map(|_| false),
        Err(rest) => rest.await.map(|_| true),
    };
    come_to_rest(t).await;
    (stopped.unwrap(), result)
}

#[tokio::test]
async fn a_refund_at_any_moment_of_a_grant_ends_with_nothing_granted() {
    let story = STORIES.iter().find(|story| story.name == "one-time, refunded").unwrap();
    for call in 0.. {
        let t = start(1, Duration::from_secs(5)).await;
        let sale = begin(&t, story).await;
        let mut events = pay(&t, &sale).await;
        let (stopped, refunded) = interrupted(&t, call, refund(&t, &sale)).await;
        events.extend(refunded);
        let events = relevant_to(&sale.purchase, &events);
        let wrong = violations(&t, &[Expected { purchase: sale.purchase, buyer: BUYER, end: story.end, events }]).await;
        assert!(wrong.is_empty(), "stopped at call {call}: {wrong:#?}");
        t.finish().await;
        if !stopped {
            assert!(call > 20, "only {call}");
            return;
        }
    }
}

#[tokio::test]
async fn a_refund_at_any_moment_of_a_renewed_invitation_ends_with_nothing_granted() {
    for call in 0.. {
        let t = start(1, Duration::from_secs(5)).await;
        let sale = begin(&t, &STORIES[0]).await;
        pay(&t, &sale).await;
        t.settle().await;
        // GitHub tells nobody, so the books say as before that there is an invitation.
        t.github().decline(OWNER, NAME, BUYER).unwrap();
        let purchase = t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap();
        let again = Job::SyncAccess { entitlement: purchase.entitlement(), attempt: 0 };
        t.stack.queues["AccessQueue"].send(&again).await.unwrap();
        let (stopped, _) = interrupted(&t, call, refund(&t, &sale)).await;
        let account = t.github().user_id(BUYER).unwrap();
        assert_eq!(t.github().access(OWNER, NAME, account), Access::None, "stopped at call {call}");
        assert_eq!(t.customer(&sale.purchase).await["removalStatus"], "done", "stopped at call {call}");
        t.finish().await;
        if !stopped {
            assert!(call > 8, "only {call}");
            return;
        }
    }
}

/// An operator takes access back.
async fn revoke(t: &TestStack, sale: &Sale) {
    let path = format!("/api/admin/customers/{}/revoke", sale.purchase);
    let answer = t.post(&path, &json!({"reason": "shared the account"})).await;
    assert_eq!(answer.status, 200, "{answer}");
    t.clock.advance(Duration::from_mins(1));
}

#[tokio::test]
async fn an_operators_revocation_at_any_moment_of_a_grant_ends_with_nothing_granted() {
    let mut revoked_in_the_middle = 0;
    for call in 0.. {
        let t = start(1, Duration::from_secs(5)).await;
        let sale = begin(&t, &STORIES[0]).await;
        pay(&t, &sale).await;
        let (stopped, ()) = interrupted(&t, call, revoke(&t, &sale)).await;
        let account = t.github().user_id(BUYER).unwrap();
        assert_eq!(t.github().access(OWNER, NAME, account), Access::None, "stopped at call {call}");
        let customer = t.customer(&sale.purchase).await;
        assert_eq!(customer["accessStatus"], "revoked", "stopped at call {call}");
        assert_ne!(customer["removalStatus"], "pending", "stopped at call {call}");
        revoked_in_the_middle += usize::from(t.github().invitations_sent(OWNER, NAME) > 0);
        t.finish().await;
        if !stopped {
            assert!(call > 20 && revoked_in_the_middle > 3, "only {call}, {revoked_in_the_middle}");
            return;
        }
    }
}

#[tokio::test]
async fn another_purchase_at_any_moment_of_a_removal_ends_with_access() {
    for call in 0.. {
        let t = start(1, Duration::from_secs(5)).await;
        let repository = t.list(&STORIES[0].listing()).await;
        let (first, second) = begin_twice(&t, &repository).await;
        pay(&t, &first).await;
        t.settle().await;
        refund(&t, &first).await;
        let (stopped, _) = interrupted(&t, call, pay(&t, &second)).await;
        let account = t.github().user_id(BUYER).unwrap();
        assert_eq!(
            t.github().access(OWNER, NAME, account),
            Access::Invited { expired: false },
            "stopped at call {call}"
        );
        let books = Books::read(&t, repository.parse().unwrap()).await;
        assert_eq!((books.tally.active, books.tally.revoked, books.tally.pending), (1, 1, 0), "stopped at call {call}");
        assert_eq!(t.customer(&second.purchase).await["invitationStatus"], "pending", "stopped at call {call}");
        t.finish().await;
        if !stopped {
            assert!(call > 12, "only {call}");
            return;
        }
    }
}
