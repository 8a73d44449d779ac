//! What each webhook means, and what does not count as one.

use serde_json::{Value, json};

use super::{About, Account, GithubEvent, Received, Repository, read};
use crate::{
    GithubUserId,
    text::{GithubLogin, GithubRepositoryName},
};

const DELIVERY: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn told(event: &str, body: &Value) -> Received {
    read(event, DELIVERY, body.to_string().as_bytes()).unwrap()
}

fn about(event: &str, body: &Value) -> About {
    match told(event, body) {
        Received::Relevant(event) => event.about,
        Received::Irrelevant { reason } => panic!("{reason}: {body}"),
    }
}

fn dropped(event: &str, body: &Value) -> &'static str {
    match told(event, body) {
        Received::Irrelevant { reason } => reason,
        Received::Relevant(event) => panic!("{event:?}"),
    }
}

/// A repository as GitHub shows it, with a field that is not known here.
fn toolkit() -> Value {
    json!({
        "id": 186_853_002,
        "name": "toolkit",
        "full_name": "acme-corp/toolkit",
        "private": true,
        "owner": { "login": "acme-corp", "id": 21_031_067, "type": "Organization" },
        "custom_properties": {},
    })
}

fn read_toolkit() -> Repository {
    Repository {
        id: 186_853_002,
        owner: GithubLogin::parse("acme-corp").unwrap(),
        name: GithubRepositoryName::parse("toolkit").unwrap(),
    }
}

fn of_member(action: &str) -> Value {
    json!({
        "action": action,
        "member": { "login": "johndoe", "id": 39_652_351, "type": "User" },
        "repository": toolkit(),
        "sender": { "login": "tollgate[bot]", "id": 5, "type": "Bot" },
        "installation": { "id": 957_387, "node_id": "MDIz" },
    })
}

#[test]
fn who_comes_and_goes_is_told_with_whose_deed_it_was() {
    let john = Account { id: GithubUserId(39_652_351), login: "johndoe".to_owned() };
    let Received::Relevant(event) = told("member", &of_member("added")) else { panic!("dropped") };
    let bot = Account { id: GithubUserId(5), login: "tollgate[bot]".to_owned() };
    let expected = About::MemberAdded { repository: read_toolkit(), account: john.clone() };
    assert_eq!(*event, GithubEvent { delivery: DELIVERY.to_owned(), sender: Some(bot), about: expected });

    let expected = About::MemberRemoved { repository: read_toolkit(), account: john };
    assert_eq!(about("member", &of_member("removed")), expected);
    assert_eq!(dropped("member", &of_member("edited")), "unknown action");
}

#[test]
fn what_becomes_of_a_repository_is_told_under_its_new_name() {
    let repository = read_toolkit();
    for (action, expected) in [
        ("renamed", About::RepositoryRenamed { repository: repository.clone() }),
        ("transferred", About::RepositoryTransferred { repository: repository.clone() }),
        ("deleted", About::RepositoryDeleted { repository: repository.clone() }),
        ("publicized", About::RepositoryPublicized { repository: repository.clone() }),
        ("privatized", About::RepositoryPrivatized { repository: repository.clone() }),
        ("archived", About::RepositoryArchived { repository: repository.clone() }),
        ("unarchived", About::RepositoryUnarchived { repository }),
    ] {
        let body = json!({ "action": action, "repository": toolkit(), "changes": { "repository": { "name": {} } } });
        assert_eq!(about("repository", &body), expected);
    }
    assert_eq!(dropped("repository", &json!({ "action": "edited", "repository": toolkit() })), "unknown action");
}

#[test]
fn an_installation_tells_which_repositories_it_is_about() {
    let (installation, repositories) = (957_387, vec![1, 2]);
    let listed = json!([{ "id": 1, "name": "a", "full_name": "acme-corp/a", "private": true }, { "id": 2 }]);
    for (action, expected) in [
        ("created", About::RepositoriesAdded { installation, repositories: repositories.clone() }),
        ("deleted", About::InstallationGone { installation, repositories: repositories.clone() }),
        ("suspend", About::InstallationSuspended { installation, repositories: repositories.clone() }),
        ("unsuspend", About::InstallationUnsuspended { installation, repositories: repositories.clone() }),
    ] {
        let body = json!({ "action": action, "installation": { "id": installation }, "repositories": listed });
        assert_eq!(about("installation", &body), expected);
    }
    // Not all of them list their repositories.
    for body in [
        json!({ "action": "suspend", "installation": { "id": installation } }),
        json!({ "action": "suspend", "installation": { "id": installation }, "repositories": null }),
    ] {
        let expected = About::InstallationSuspended { installation, repositories: Vec::new() };
        assert_eq!(about("installation", &body), expected);
    }
    let body = |action: &str| {
        json!({
            "action": action,
            "installation": { "id": installation },
            "repositories_added": if action == "added" { listed.clone() } else { json!([]) },
            "repositories_removed": if action == "removed" { listed.clone() } else { json!([]) },
        })
    };
    let expected = About::RepositoriesTakenOff { installation, repositories: repositories.clone() };
    assert_eq!(about("installation_repositories", &body("removed")), expected);
    let expected = About::RepositoriesAdded { installation, repositories };
    assert_eq!(about("installation_repositories", &body("added")), expected);
    let accepted = json!({ "action": "new_permissions_accepted", "installation": { "id": installation } });
    assert_eq!(dropped("installation", &accepted), "unknown action");
}

#[test]
fn what_is_not_known_is_dropped_and_never_fails() {
    assert_eq!(dropped("ping", &json!({ "zen": "Design for failure.", "hook_id": 1 })), "a ping");
    for event in ["push", "star", "an_event_of_the_future", ""] {
        assert_eq!(dropped(event, &json!({ "action": 7 })), "unknown event");
    }
    assert_eq!(dropped("repository", &json!({ "action": "enchanted" })), "unknown action");
    assert_eq!(dropped("member", &json!({})), "unknown action");
}

#[test]
fn garbage_is_an_error() {
    for body in [
        "",
        "{",
        "payload=%7B%7D",
        "[]",
        "null",
        r#"{"action":7}"#,
        r#"{"action":"added"}"#,
        r#"{"action":"added","member":{"id":"7","login":"x"},"repository":{"id":1,"name":"x","owner":{"login":"x"}}}"#,
        r#"{"action":"added","member":{"id":7,"login":"x"},"repository":{"id":1,"name":"../..","owner":{"login":"x"}}}"#,
        r#"{"action":"added","member":{"id":7,"login":"x"},"repository":{"id":-1,"name":"x","owner":{"login":"x"}}}"#,
    ] {
        assert!(read("member", DELIVERY, body.as_bytes()).is_err(), "{body}");
    }
    assert!(read("installation", DELIVERY, br#"{"action":"deleted"}"#).is_err());
    assert!(read("member", DELIVERY, b"\xff").is_err());
}

#[test]
fn an_event_survives_its_way_through_a_queue() {
    for body in [of_member("added"), of_member("removed")] {
        let Received::Relevant(event) = told("member", &body) else { panic!("dropped") };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<GithubEvent>(&text).unwrap(), *event);
    }
}
