//! What each webhook names, and what does not count as one.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ForgeEvent, Received, read};
use crate::forge::ForgeKind::{self, Bitbucket, Github, Gitlab};

const DELIVERY: &str = "13792a34-cac6-4fda-95a8-c58e00a3954e";

fn told(forge: ForgeKind, event: &str, body: &Value) -> Received {
    read(forge, event, DELIVERY, body.to_string().as_bytes()).unwrap()
}

fn event(forge: ForgeKind, name: &str, body: &Value) -> ForgeEvent {
    match told(forge, name, body) {
        Received::Relevant(event) => *event,
        Received::Irrelevant { reason } => panic!("{reason}: {body}"),
    }
}

fn dropped(forge: ForgeKind, name: &str, body: &Value) -> &'static str {
    match told(forge, name, body) {
        Received::Irrelevant { reason } => reason,
        Received::Relevant(event) => panic!("{event:?}"),
    }
}

fn named(forge: ForgeKind, id: &str, path: &str, urls: &[&str], what: &str) -> ForgeEvent {
    ForgeEvent {
        forge,
        delivery: DELIVERY.to_owned(),
        repository_id: Some(id.to_owned()),
        path: Some(path.to_owned()),
        urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        what: what.to_owned(),
    }
}

fn of_github(change: &Value) -> Value {
    let mut body = json!({
        "repository": {
            "id": 186_853_002,
            "full_name": "acme-corp/toolkit",
            "html_url": "https://github.com/acme-corp/toolkit",
            "clone_url": "https://github.com/acme-corp/toolkit.git",
            "ssh_url": "git@github.com:acme-corp/toolkit.git",
            "url": "https://api.github.com/repos/acme-corp/toolkit",
        },
        "sender": { "login": "ctrimm", "id": 1 },
    });
    let fields = change.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

fn of_gitlab(change: &Value) -> Value {
    let mut body = json!({
        "object_kind": "tag_push",
        "event_name": "tag_push",
        "checkout_sha": null,
        "project_id": 15,
        "project": {
            "id": 15,
            "path_with_namespace": "acme-corp/libraries/reports",
            "web_url": "https://gitlab.com/acme-corp/libraries/reports",
            "git_http_url": "https://gitlab.com/acme-corp/libraries/reports.git",
            "git_ssh_url": "git@gitlab.com:acme-corp/libraries/reports.git",
            "url": "git@gitlab.com:acme-corp/libraries/reports.git",
        },
        "repository": { "git_http_url": "https://gitlab.com/acme-corp/libraries/reports.git", "visibility_level": 0 },
    });
    let fields = change.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

fn of_bitbucket(changes: &Value) -> Value {
    json!({
        "actor": { "type": "user" },
        "repository": {
            "type": "repository",
            "uuid": "{5b6cc2a1-4841-469e-aebe-b0b58e14ffd3}",
            "full_name": "acme-corp/charts",
            "links": {
                "self": { "href": "https://api.bitbucket.org/2.0/repositories/acme-corp/charts" },
                "html": { "href": "https://bitbucket.org/acme-corp/charts" },
            },
        },
        "push": { "changes": changes },
    })
}

#[test]
fn github_tells_of_pushes_tags_releases_and_of_another_name() {
    let urls = [
        "https://github.com/acme-corp/toolkit.git",
        "git@github.com:acme-corp/toolkit.git",
        "https://github.com/acme-corp/toolkit",
    ];
    for (name, change, what) in [
        ("push", json!({ "ref": "refs/tags/v1.0.0", "created": true }), "push refs/tags/v1.0.0"),
        ("push", json!({ "ref": "refs/heads/main" }), "push refs/heads/main"),
        ("create", json!({ "ref": "v1.0.0", "ref_type": "tag" }), "create v1.0.0"),
        ("delete", json!({ "ref": "v1.0.0", "ref_type": "tag" }), "delete v1.0.0"),
        ("release", json!({ "action": "published" }), "release published"),
        ("repository", json!({ "action": "renamed" }), "repository renamed"),
        ("repository", json!({ "action": "transferred" }), "repository transferred"),
    ] {
        let expected = named(Github, "186853002", "acme-corp/toolkit", &urls, what);
        assert_eq!(event(Github, name, &of_github(&change)), expected);
    }
}

#[test]
fn gitlab_tells_of_pushes_and_tags_also_of_a_whole_instance() {
    let urls = [
        "https://gitlab.com/acme-corp/libraries/reports.git",
        "git@gitlab.com:acme-corp/libraries/reports.git",
        "https://gitlab.com/acme-corp/libraries/reports",
    ];
    for (name, change, what) in [
        ("Tag Push Hook", json!({ "ref": "refs/tags/v1.0.0" }), "Tag Push Hook refs/tags/v1.0.0"),
        ("Push Hook", json!({ "object_kind": "push", "ref": "refs/heads/main" }), "Push Hook refs/heads/main"),
        ("System Hook", json!({ "event_name": "tag_push", "ref": "refs/tags/v1" }), "System Hook refs/tags/v1"),
        ("System Hook", json!({ "event_name": "repository_update" }), "System Hook"),
    ] {
        let expected = named(Gitlab, "15", "acme-corp/libraries/reports", &urls, what);
        assert_eq!(event(Gitlab, name, &of_gitlab(&change)), expected);
    }
}

#[test]
fn bitbucket_tells_of_pushes_even_if_it_does_not_say_of_what() {
    let tag =
        json!({ "type": "tag", "name": "v1.0.0", "target": { "hash": "709d658dc5b6d6afcd46049c2f332ee3f515a67d" } });
    for (changes, what) in [
        (json!([{ "new": tag, "old": null, "created": true }]), "repo:push v1.0.0"),
        (json!([{ "new": null, "old": tag, "closed": true }]), "repo:push v1.0.0"),
        // A tag that was made on its pages.
        (json!([]), "repo:push"),
        (json!(null), "repo:push"),
    ] {
        let id = "{5b6cc2a1-4841-469e-aebe-b0b58e14ffd3}";
        let expected = named(Bitbucket, id, "acme-corp/charts", &["https://bitbucket.org/acme-corp/charts"], what);
        assert_eq!(event(Bitbucket, "repo:push", &of_bitbucket(&changes)), expected);
    }
}

#[test]
fn bitbucket_data_center_names_repositories_in_its_own_way() {
    let body = json!({
        "eventKey": "repo:refs_changed",
        "date": "2017-09-19T09:45:32+1000",
        "repository": {
            "slug": "charts",
            "id": 84,
            "name": "Charts",
            "scmId": "git",
            "project": { "key": "ACME", "id": 84, "name": "Acme" },
            "links": { "clone": [
                { "href": "ssh://git@bitbucket.example.com:7999/acme/charts.git", "name": "ssh" },
                { "href": "https://bitbucket.example.com/scm/acme/charts.git", "name": "http" },
            ] },
        },
        "changes": [{ "ref": { "id": "refs/tags/v1.0.0", "displayId": "v1.0.0", "type": "TAG" }, "type": "ADD" }],
    });
    let urls =
        ["ssh://git@bitbucket.example.com:7999/acme/charts.git", "https://bitbucket.example.com/scm/acme/charts.git"];
    let expected = named(Bitbucket, "84", "ACME/charts", &urls, "repo:refs_changed refs/tags/v1.0.0");
    assert_eq!(event(Bitbucket, "repo:refs_changed", &body), expected);
}

#[test]
fn what_cannot_mean_other_versions_is_dropped() {
    let body = of_github(&json!({ "action": "edited" }));
    assert_eq!(dropped(Github, "ping", &body), "a ping");
    assert_eq!(dropped(Bitbucket, "diagnostics:ping", &json!({ "test": true })), "a ping");
    for name in ["", "star", "member", "installation", "repository", "Push", "Push Hook", "of_the_future"] {
        assert_eq!(dropped(Github, name, &body), "unknown event", "{name}");
    }
    for name in ["", "push", "tag_push", "Issue Hook", "Merge Request Hook", "Pipeline Hook"] {
        assert_eq!(dropped(Gitlab, name, &of_gitlab(&json!({}))), "unknown event", "{name}");
    }
    assert_eq!(dropped(Gitlab, "System Hook", &of_gitlab(&json!({ "event_name": "user_create" }))), "unknown event");
    for name in ["", "push", "repo:fork", "repo:updated", "pullrequest:created", "repo:comment:added"] {
        assert_eq!(dropped(Bitbucket, name, &of_bitbucket(&json!([]))), "unknown event", "{name}");
    }
}

#[test]
fn one_name_of_the_repository_is_enough_and_none_is_too_few() {
    for (forge, name, body) in [
        (Github, "push", json!({ "repository": { "id": 7 } })),
        (Github, "push", json!({ "repository": { "full_name": "acme-corp/toolkit", "id": null } })),
        (
            Github,
            "push",
            json!({ "repository": { "clone_url": "https://github.com/acme-corp/toolkit.git", "id": {} } }),
        ),
        (Gitlab, "Push Hook", json!({ "project_id": 15 })),
        (Gitlab, "Push Hook", json!({ "project": [], "repository": { "url": "git@gitlab.com:a/b.git" } })),
        (Bitbucket, "repo:push", json!({ "repository": { "full_name": "acme-corp/charts", "links": 7 } })),
    ] {
        event(forge, name, &body);
    }
    let long = "x".repeat(1001);
    for repository in [json!(null), json!("acme-corp/toolkit"), json!({ "id": -1, "full_name": "", "clone_url": long })]
    {
        assert_eq!(dropped(Github, "push", &json!({ "repository": repository })), "it names no repository");
    }
}

#[test]
fn only_an_object_is_an_event() {
    for body in [&b""[..], b"{", b"[]", b"null", b"7", b"\"push\"", b"\xff", b"payload={}"] {
        for forge in [Github, Gitlab, Bitbucket] {
            assert!(read(forge, "push", DELIVERY, body).is_err(), "{forge} {body:?}");
        }
    }
}

#[test]
fn an_event_survives_its_message() {
    let event = event(Gitlab, "Push Hook", &json!({ "project_id": 15 }));
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(
        text,
        r#"{"forge":"gitlab","delivery":"13792a34-cac6-4fda-95a8-c58e00a3954e","repository_id":"15","what":"Push Hook"}"#
    );
    assert_eq!(serde_json::from_str::<ForgeEvent>(&text).unwrap(), event);
}

/// Any JSON below the names that are looked at.
fn any_json() -> impl Strategy<Value = Value> {
    let names = [
        "repository",
        "project",
        "id",
        "uuid",
        "full_name",
        "links",
        "clone",
        "html",
        "href",
        "changes",
        "push",
        "ref",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        (990_usize..1010).prop_map(|length| Value::from("é".repeat(length / 2))),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let name = prop::sample::select(names.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_makes_it_fail_and_what_is_taken_fits_into_a_message(
        body in any_json(),
        (forge, name) in prop::sample::select(vec![
            (Github, "push"), (Gitlab, "Push Hook"), (Bitbucket, "repo:push"), (Bitbucket, "repo:refs_changed"),
        ]),
    ) {
        let received = read(forge, name, DELIVERY, body.to_string().as_bytes());
        prop_assert_eq!(received.is_ok(), body.is_object());
        if let Ok(Received::Relevant(event)) = received {
            prop_assert!(event.repository_id.is_some() || event.path.is_some() || !event.urls.is_empty());
            prop_assert!(serde_json::to_string(&event).unwrap().len() < 200_000);
        }
    }
}
