//! What happens on GitHub by other hands than ours: buyers who accept, vendors who remove, rename and delete, an App that is
//! taken away. The books follow, and what was decided there is respected.

use std::time::Duration;

use domain::{
    access::Observed,
    log::{Action, Actor, LogEntry},
    purchase::{Closing, Gate, Purchase},
};
use journeys::{Sale, TestStack};
use store::Listing;
use testkit::github::Access;

use crate::{
    stories::STORIES,
    world::{BUYER, COMPANY, NAME, OWNER, start},
};

/// A system with a listing, and a buyer who paid and is invited.
async fn sold() -> (TestStack, Listing, Sale) {
    let t = start(1, Duration::from_secs(5)).await;
    let repository = t.list(&STORIES[0].listing()).await;
    let listing = Listing { company: COMPANY, repository: repository.parse().unwrap() };
    let sale = t.checkout(&repository, BUYER).await;
    t.pay_and_settle(&sale).await;
    (t, listing, sale)
}

async fn purchase(t: &TestStack, sale: &Sale) -> Purchase {
    t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap()
}

async fn log(t: &TestStack, sale: &Sale, action: Action) -> Vec<LogEntry> {
    let log = t.stack.store.log(COMPANY, sale.purchase.parse().unwrap()).await.unwrap();
    log.into_iter().filter(|line| line.action == action).collect()
}

/// How many lines of a kind there are about the listing, with and without a purchase.
async fn lines(t: &TestStack, listing: Listing, action: Action) -> i64 {
    t.stack.store.sums(COMPANY, listing.repository).await.unwrap().lines_with(Some(action), None)
}

/// GitHub tells, twice over.
async fn told(t: &TestStack) {
    let again = t.github().undelivered();
    t.deliver_github().await;
    t.settle().await;
    for delivery in again {
        assert_eq!(t.post_github(&delivery).await.status, 200);
    }
    assert_eq!(t.settle().await.failed, 0);
}

fn access(t: &TestStack, owner: &str, name: &str) -> Access {
    t.github().access(owner, name, t.github().user_id(BUYER).unwrap())
}

#[tokio::test]
async fn an_accepted_invitation_is_seen_at_once() {
    let (t, _, sale) = sold().await;
    t.github().accept(OWNER, NAME, BUYER).unwrap();
    told(&t).await;
    assert_eq!(purchase(&t, &sale).await.access.observed, Observed::Member);
    let lines = log(&t, &sale, Action::InvitationAccepted).await;
    assert_eq!((lines.len(), &lines[0].actor), (1, &Actor::Github));
    t.finish().await;
}

#[tokio::test]
async fn a_stranger_is_told_of_once_and_not_removed() {
    let (t, listing, _) = sold().await;
    t.github().add_collaborator(OWNER, NAME, "octocat").unwrap();
    told(&t).await;
    assert_eq!(lines(&t, listing, Action::StrangerFound).await, 1);
    assert_eq!(t.github().access(OWNER, NAME, t.github().user_id("octocat").unwrap()), Access::Collaborator);
    t.github().remove_collaborator(OWNER, NAME, "octocat").unwrap();
    told(&t).await;
    t.github().add_collaborator(OWNER, NAME, "octocat").unwrap();
    told(&t).await;
    assert_eq!(lines(&t, listing, Action::StrangerFound).await, 2, "one who came back is news");
    t.finish().await;
}

#[tokio::test]
async fn a_buyer_whom_the_vendor_removes_stays_removed() {
    let (t, _, sale) = sold().await;
    t.github().accept(OWNER, NAME, BUYER).unwrap();
    told(&t).await;
    t.github().remove_collaborator(OWNER, NAME, BUYER).unwrap();
    told(&t).await;
    let removed = purchase(&t, &sale).await;
    assert!(matches!(removed.gate(), Gate::Closed { reason: Closing::RemovedOnGithub, .. }), "{:?}", removed.gate());
    assert_eq!((removed.access.observed, access(&t, OWNER, NAME)), (Observed::Nothing, Access::None));
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 1, "not invited again");
    let lines = log(&t, &sale, Action::CollaboratorRemoved).await;
    assert!(lines.iter().any(|line| line.actor == Actor::Github && line.request.is_some()), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.actor == Actor::Github).count(), 1);
    t.finish().await;
}

#[tokio::test]
async fn our_own_removal_is_not_taken_for_the_vendors_even_when_the_buyer_buys_again() {
    let (t, listing, sale) = sold().await;
    t.github().accept(OWNER, NAME, BUYER).unwrap();
    told(&t).await;
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(access(&t, OWNER, NAME), Access::None);
    let again = t.checkout(&listing.repository.to_string(), BUYER).await;
    t.pay_and_settle(&again).await;
    // Only now GitHub tells of the removal.
    told(&t).await;
    assert_eq!(purchase(&t, &again).await.gate(), Gate::Open);
    assert_eq!(access(&t, OWNER, NAME), Access::Invited { expired: false });
    t.finish().await;
}

#[tokio::test]
async fn a_renamed_and_a_transferred_repository_are_followed_and_access_is_taken_back_where_they_are() {
    let (t, listing, sale) = sold().await;
    t.github().rename_repository(OWNER, NAME, "theme-two").unwrap();
    t.github().transfer_repository(OWNER, "theme-two", "acme-corp", "theme-three").unwrap();
    // The old name is taken by something else.
    t.github().add_repository(OWNER, NAME, true);
    told(&t).await;
    let listed = t.stack.store.listed(listing).await.unwrap().unwrap();
    assert_eq!(listed.github.to_string(), "acme-corp/theme-three");
    assert_eq!(lines(&t, listing, Action::RepositoryMoved).await, 1);
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(access(&t, "acme-corp", "theme-three"), Access::None);
    assert_eq!(t.customer(&sale.purchase).await["removalStatus"], "done");
    t.finish().await;
}

#[tokio::test]
async fn a_lost_repository_of_which_nobody_told_is_looked_for_by_its_number() {
    let (t, listing, sale) = sold().await;
    t.github().drop_webhooks(true);
    t.github().transfer_repository(OWNER, NAME, "acme-corp", "theme").unwrap();
    // Another one of the old name hides it.
    t.github().add_repository(OWNER, NAME, true);
    t.github().hide(OWNER, NAME, true).unwrap();
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(access(&t, "acme-corp", "theme"), Access::None);
    assert_eq!(t.stack.store.listed(listing).await.unwrap().unwrap().github.to_string(), "acme-corp/theme");
    t.finish().await;
}

#[tokio::test]
async fn what_is_deleted_or_public_is_not_sold_any_more() {
    type Act = fn(&testkit::github::Sandbox);
    let acts: [Act; 2] =
        [|github| github.delete_repository(OWNER, NAME), |github| github.set_private(OWNER, NAME, false).unwrap()];
    for act in acts {
        let (t, listing, _) = sold().await;
        act(t.github());
        told(&t).await;
        assert!(!t.stack.store.listed(listing).await.unwrap().unwrap().active);
        assert_eq!(lines(&t, listing, Action::RepositoryDeactivated).await, 1);
        assert_eq!(t.try_checkout(&listing.repository.to_string(), "janedoe").await.status, 404);
        assert_eq!(lines(&t, listing, Action::EmailSentAlert).await, 1, "that nobody is named to be told is said once");
        t.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_sold_while_the_app_is_suspended() {
    let (t, listing, _) = sold().await;
    let repository = listing.repository.to_string();
    t.github().set_suspended(OWNER, true).unwrap();
    told(&t).await;
    assert_eq!(t.try_checkout(&repository, "janedoe").await.status, 503);
    t.github().set_suspended(OWNER, false).unwrap();
    told(&t).await;
    assert_eq!(t.try_checkout(&repository, "janedoe").await.status, 200);
    assert_eq!(lines(&t, listing, Action::RepositoryUpdated).await, 2);
    t.finish().await;
}

#[tokio::test]
async fn a_removal_that_is_blocked_is_done_when_the_repository_is_given_back() {
    let (t, _, sale) = sold().await;
    t.github().hide(OWNER, NAME, true).unwrap();
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["removalStatus"], "blocked");
    t.github().hide(OWNER, NAME, false).unwrap();
    // Looked at again a day later, without anybody's asking.
    t.clock.advance(Duration::from_hours(24));
    t.run_schedule("due").await;
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["removalStatus"], "done");
    assert_eq!(access(&t, OWNER, NAME), Access::None);
    t.finish().await;
}
