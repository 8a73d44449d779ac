//! What GitHub will not do becomes something that the vendor can see, and is not tried for ever; what only needs time
//! is done when the time has come.

use std::time::Duration;

use domain::{GithubUserId, access::EntitlementKey};
use jobs::Job;
use journeys::{Sale, TestStack, example_repository, with};
use serde_json::{Value, json};
use testkit::github::Access;

use crate::{
    stories::STORIES,
    world::{BUYER, COMPANY, NAME, OWNER, begin, end_waits, start},
};

async fn buyer_paid() -> (TestStack, Sale) {
    let t = start(1, Duration::from_secs(5)).await;
    let sale = begin(&t, &STORIES[0]).await;
    t.stripe().pay(&sale.session);
    t.deliver().await;
    (t, sale)
}

/// Somebody looks again, a minute later: because of an event, or a reconciliation.
async fn look_again(t: &TestStack, sale: &Sale) {
    t.clock.advance(Duration::from_mins(1));
    let purchase = t.stack.store.purchase(COMPANY, sale.purchase.parse().unwrap()).await.unwrap().unwrap();
    let entitlement = purchase.entitlement();
    t.stack.queues["AccessQueue"].send(&Job::SyncAccess { entitlement, attempt: 0 }).await.unwrap();
    t.settle().await;
}

fn access(t: &TestStack, login: &str) -> Access {
    t.github().access(OWNER, NAME, t.github().user_id(login).unwrap())
}

/// The lines of the log about GitHub: what, and how it went.
fn lines(customer: &Value) -> Vec<(&str, &str)> {
    let all = customer["accessLogs"].as_array().unwrap().iter();
    let texts = all.map(|line| (line["action"].as_str().unwrap(), line["status"].as_str().unwrap()));
    texts.filter(|(action, _)| action.starts_with("collaborator")).collect()
}

/// It waits for a person: the problem is shown, said once, and nothing is tried any more.
async fn assert_waits_for_a_person(t: &TestStack, sale: &Sale, code: &str, line: (&str, &str)) {
    let calls = t.github().requests().len();
    assert!(t.messages().await.is_empty(), "{code}: {:?}", t.messages().await);
    end_waits(t).await;
    assert_eq!(t.settle().await, local::Settled::default(), "{code}");
    assert_eq!(t.github().requests().len(), calls, "{code}");
    look_again(t, sale).await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!(customer["accessProblem"]["code"], code, "{customer:#}");
    assert_eq!(customer["accessProblem"]["actionRequired"], true, "{code}");
    assert_eq!(lines(&customer).iter().filter(|found| **found == line).count(), 1, "{code}: {customer:#}");
}

#[tokio::test]
async fn what_github_refuses_waits_for_a_person_and_is_done_when_the_person_has_acted() {
    type Act = fn(&testkit::github::Sandbox);
    let refusals: [(&str, Act, Act); 3] = [
        (
            "forbidden",
            |github| github.forbid(OWNER, NAME, "Resource not accessible by personal access token").unwrap(),
            |github| github.allow(OWNER, NAME).unwrap(),
        ),
        (
            "repository_not_found",
            |github| github.hide(OWNER, NAME, true).unwrap(),
            |github| github.hide(OWNER, NAME, false).unwrap(),
        ),
        (
            "account_refused",
            |github| github.refuse_invitations(BUYER, Some("User is blocked")).unwrap(),
            |github| github.refuse_invitations(BUYER, None).unwrap(),
        ),
    ];
    for (code, refuse, relent) in refusals {
        let (t, sale) = buyer_paid().await;
        refuse(t.github());
        let settled = t.settle().await;
        assert_eq!(settled.failed, 0, "{code}: it costs no receives");
        assert_waits_for_a_person(&t, &sale, code, ("collaborator_added", "failed")).await;
        assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "pending", "{code}");
        relent(t.github());
        look_again(&t, &sale).await;
        let customer = t.customer(&sale.purchase).await;
        assert_eq!((&customer["accessStatus"], &customer["accessProblem"]), (&json!("active"), &Value::Null), "{code}");
        assert_eq!(lines(&customer), [("collaborator_added", "failed"), ("collaborator_added", "success")], "{code}");
        assert_eq!(access(&t, BUYER), Access::Invited { expired: false }, "{code}");
        t.finish().await;
    }
}

#[tokio::test]
async fn a_repository_that_is_gone_and_an_account_that_is_gone_are_told_apart() {
    let (t, sale) = buyer_paid().await;
    t.github().delete_repository(OWNER, NAME);
    t.settle().await;
    assert_waits_for_a_person(&t, &sale, "repository_not_found", ("collaborator_added", "failed")).await;
    t.finish().await;

    let (t, sale) = buyer_paid().await;
    t.github().delete_user(BUYER);
    t.settle().await;
    assert_waits_for_a_person(&t, &sale, "account_not_found", ("collaborator_added", "failed")).await;
    // Nobody is left to take access from.
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!((&customer["accessStatus"], &customer["accessProblem"]), (&json!("revoked"), &Value::Null));
    t.finish().await;
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_without_calls_and_without_receives() {
    let (t, sale) = buyer_paid().await;
    t.github().secondary_limit(Duration::from_mins(5));
    assert_eq!(t.settle().await.failed, 0);
    let customer = t.customer(&sale.purchase).await;
    assert_eq!(customer["accessProblem"]["code"], "rate_limited");
    assert_eq!(customer["accessProblem"]["actionRequired"], false);
    let calls = t.github().requests().len();
    // Longer than the receives of a queue would last, if each try cost one.
    for _ in 0..10 {
        t.clock.advance(Duration::from_secs(20));
        end_waits(&t).await;
        assert_eq!(t.settle().await.failed, 0);
        assert_eq!(t.messages().await.iter().map(|(_, count)| count).sum::<u64>(), 1, "one message waits");
    }
    assert_eq!(t.github().requests().len(), calls, "GitHub is left alone");
    t.clock.advance(Duration::from_mins(2));
    end_waits(&t).await;
    t.settle().await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!((&customer["accessStatus"], &customer["accessProblem"]), (&json!("active"), &Value::Null));
    assert_eq!(lines(&customer), [("collaborator_added", "retry"), ("collaborator_added", "success")]);
    t.finish().await;
}

#[tokio::test]
async fn refused_and_missing_credentials_are_tried_again() {
    let (t, sale) = buyer_paid().await;
    t.github().refuse_credentials(true);
    for _ in 0..10 {
        assert_eq!(t.settle().await.failed, 0);
        end_waits(&t).await;
    }
    let customer = t.customer(&sale.purchase).await;
    assert_eq!(customer["accessProblem"]["code"], "credentials_refused");
    assert_eq!(lines(&customer), [("collaborator_added", "retry")], "said once");
    t.github().refuse_credentials(false);
    // Now there are none at all.
    let embedded = t.stack.embedded.as_ref().unwrap();
    let secrets = t.aws.secrets.list_secrets().send().await.unwrap().secret_list.unwrap_or_default();
    let name =
        secrets.iter().filter_map(|secret| secret.name()).find(|name| name.ends_with("github-credentials")).unwrap();
    embedded.put_secret(name, " ").unwrap();
    t.clock.advance(Duration::from_mins(2));
    for _ in 0..10 {
        end_waits(&t).await;
        assert_eq!(t.settle().await.failed, 0);
    }
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "pending");
    embedded.put_secret(name, "sandbox-only-token").unwrap();
    t.clock.advance(Duration::from_mins(2));
    end_waits(&t).await;
    t.settle().await;
    assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
    assert_eq!(access(&t, BUYER), Access::Invited { expired: false });
    t.finish().await;
}

#[tokio::test]
async fn a_renamed_buyer_is_admitted_and_removed_and_the_new_owner_of_the_old_name_is_not() {
    let (t, sale) = buyer_paid().await;
    t.github().rename_user(BUYER, "john-the-renamed").unwrap();
    t.github().add_user(BUYER);
    t.settle().await;
    assert_eq!(access(&t, "john-the-renamed"), Access::Invited { expired: false });
    assert_eq!(access(&t, BUYER), Access::None);
    t.github().accept(OWNER, NAME, "john-the-renamed").unwrap();
    t.github().rename_user("john-the-renamed", "john-again").unwrap();
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    t.settle().await;
    assert_eq!(access(&t, "john-again"), Access::None);
    assert_eq!(t.customer(&sale.purchase).await["removalStatus"], "done");
    t.finish().await;
}

#[tokio::test]
async fn an_expired_invitation_is_replaced() {
    let (t, sale) = buyer_paid().await;
    t.settle().await;
    t.clock.advance(Duration::from_hours(8 * 24));
    assert_eq!(access(&t, BUYER), Access::Invited { expired: true });
    look_again(&t, &sale).await;
    assert_eq!(access(&t, BUYER), Access::Invited { expired: false });
    assert_eq!(t.github().invitations_sent(OWNER, NAME), 2);
    t.finish().await;
}

#[tokio::test]
async fn access_by_the_organisation_is_reported_as_a_blocked_removal() {
    let t = start(1, Duration::from_secs(5)).await;
    let fields = json!({"githubOwner": "acme-corp", "githubRepoName": "toolkit"});
    let repository = t.list(&with(example_repository(), &fields)).await;
    let sale = t.checkout(&repository, BUYER).await;
    t.pay_and_settle(&sale).await;
    t.github().accept("acme-corp", "toolkit", BUYER).unwrap();
    t.github().set_member("acme-corp", BUYER, true).unwrap();
    t.stripe().refund(&sale.session, None);
    t.deliver().await;
    assert_eq!(t.settle().await.failed, 0);
    assert_waits_for_a_person(&t, &sale, "still_has_access", ("collaborator_removed", "failed")).await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!((&customer["accessStatus"], &customer["removalStatus"]), (&json!("revoked"), &json!("blocked")));
    t.github().set_member("acme-corp", BUYER, false).unwrap();
    look_again(&t, &sale).await;
    let customer = t.customer(&sale.purchase).await;
    assert_eq!((&customer["accessProblem"], &customer["removalStatus"]), (&Value::Null, &json!("done")));
    let account = GithubUserId(t.github().user_id(BUYER).unwrap());
    let key = EntitlementKey { company: COMPANY, repository: repository.parse().unwrap(), account };
    assert_eq!(t.stack.store.entitlement(&key).await.unwrap().unwrap().observed, domain::access::Observed::Nothing);
    t.finish().await;
}
