//! Looking at repositories and at who is in them.

use domain::GithubUserId;
use serde_json::{Value, json};

use super::{
    NOW, answering,
    app::{PKCS1, app_credentials, app_double, bearers},
    client, time,
};
use crate::{
    github::{AccountKind, GithubErrorKind, RateLimit, Receipt},
    loopback::{Loopback, Reply},
};

fn widgets() -> Value {
    json!({
        "id": 9,
        "name": "widgets",
        "full_name": "acme/widgets",
        "owner": { "login": "acme", "id": 2, "type": "Organization" },
        "private": true,
        "archived": false,
        "stargazers_count": 42,
        "description": "Widgets for all",
        "pushed_at": "2026-09-21T14:13:20Z",
        "updated_at": "2026-09-21T14:13:20Z",
        "permissions": { "admin": true },
    })
}

#[tokio::test]
async fn a_repository_is_found_by_name_by_former_name_and_by_number() {
    let (_server, github) = answering(|seen| match seen.path.as_str() {
        "/repos/acme/widgets" | "/repositories/9" => Reply::json(200, &widgets()),
        "/repos/acme/old" => {
            Reply::empty(301).with("location", &format!("http://{}/repositories/9", seen.header("host")))
        }
        _ => Reply::json(404, &json!({ "message": "Not Found" })),
    })
    .await;
    let found = github.repository("acme", "widgets").await.expect("an answer").expect("it is there");
    assert_eq!((found.id, found.owner.as_str(), found.name.as_str()), (9, "acme", "widgets"));
    assert_eq!((found.owner_kind, found.private, found.archived), (AccountKind::Organization, true, false));
    assert_eq!((found.stars, found.description.as_deref()), (42, Some("Widgets for all")));
    assert_eq!((found.pushed_at, found.updated_at), (Some(time(NOW)), Some(time(NOW))));
    assert_eq!(github.repository("acme", "old").await.expect("an answer"), Some(found.clone()));
    assert_eq!(github.repository_by_id(9).await.expect("an answer"), Some(found));
    assert_eq!(github.repository("acme", "nothing").await.expect("an answer"), None);
    assert_eq!(github.repository_by_id(1).await.expect("an answer"), None);
}

#[tokio::test]
async fn an_empty_repository_has_neither_description_nor_pushes() {
    let mut bare = widgets();
    bare["description"] = json!("");
    bare["pushed_at"] = Value::Null;
    bare["owner"]["type"] = json!("User");
    let (_server, github) = answering(move |_| Reply::json(200, &bare)).await;
    let found = github.repository("acme", "widgets").await.expect("an answer").expect("it is there");
    assert_eq!((found.description, found.pushed_at, found.owner_kind), (None, None, AccountKind::User));
}

#[tokio::test]
async fn collaborators_come_page_by_page_and_one_may_stop_between() {
    let (server, github) = answering(|seen| {
        let page: u64 = seen.query.rsplit('=').next().and_then(|page| page.parse().ok()).expect("a page");
        let listed = json!([{ "id": page, "login": format!("buyer{page}"), "role_name": "read", "type": "User" }]);
        let reply = Reply::json(200, &listed);
        // A renamed repository's pages are linked under its number.
        let next =
            format!("<http://{}/repositories/9/collaborators?page={}>; rel=\"next\"", seen.header("host"), page + 1);
        if page < 3 { reply.with("link", &next) } else { reply }
    })
    .await;
    let first = github.collaborators("acme", "widgets", None).await.expect("a page");
    assert_eq!((first.items[0].id, first.items[0].role.as_str()), (GithubUserId(1), "read"));
    // Some other day, in another process.
    let kept = serde_json::to_string(&first.next.expect("there is more")).expect("JSON");
    let again = serde_json::from_str(&kept).expect("a cursor");
    let second = github.collaborators("acme", "widgets", Some(again)).await.expect("a page");
    let third = github.collaborators("acme", "widgets", second.next).await.expect("a page");
    assert_eq!((third.items[0].login.as_str(), third.next), ("buyer3", None));
    let queries: Vec<_> = server.seen().iter().map(|seen| seen.query.clone()).collect();
    let page = |page: u32| format!("affiliation=direct&per_page=100&page={page}");
    assert_eq!(queries, [page(1), page(2), page(3)]);
}

#[tokio::test]
async fn invitations_also_come_page_by_page() {
    let (_server, github) = answering(|_| {
        let listed =
            json!([{ "id": 7, "invitee": { "id": 1 }, "expired": true, "created_at": "2026-09-21T14:13:20Z" }]);
        Reply::json(200, &listed)
    })
    .await;
    let page = github.invitations_page("acme", "widgets", None).await.expect("a page");
    assert_eq!((page.items[0].id, page.items[0].expired, page.next), (7, true, None));
}

#[tokio::test]
async fn hidden_lists_are_errors() {
    let (_server, github) = answering(|_| Reply::json(404, &json!({ "message": "Not Found" }))).await;
    let error = github.collaborators("acme", "widgets", None).await.expect_err("no list");
    assert!(matches!(error.kind, GithubErrorKind::NotFound));
    let error = github.invitations_page("acme", "..", None).await.expect_err("no name");
    assert!(matches!(error.kind, GithubErrorKind::Invalid { .. }));
}

#[tokio::test]
async fn every_write_has_a_receipt() {
    let (_server, github) = answering(|seen| {
        let reply = if seen.method == "PUT" { Reply::json(201, &json!({ "id": 7 })) } else { Reply::empty(204) };
        reply.with("x-github-request-id", &format!("C0FE:{}", seen.method))
    })
    .await;
    let receipt = |status, method: &str| Receipt { status, request_id: Some(format!("C0FE:{method}")) };
    let (_, invited) = github.invite("acme", "widgets", "octocat").await.expect("invited");
    assert_eq!(invited, receipt(201, "PUT"));
    let removed = github.remove_collaborator("acme", "widgets", "octocat").await.expect("removed");
    assert_eq!(removed, receipt(204, "DELETE"));
    let withdrawn = github.delete_invitation("acme", "widgets", 7).await.expect("withdrawn");
    assert_eq!(withdrawn, receipt(204, "DELETE"));
}

#[tokio::test]
async fn what_github_tells_of_its_limit_is_remembered() {
    let (_server, github) = answering(|_| {
        let reset = (NOW + 600).to_string();
        Reply::empty(204).with("x-ratelimit-remaining", "4999").with("x-ratelimit-reset", &reset)
    })
    .await;
    assert_eq!(github.rate_limit(), None);
    let clone = github.clone();
    clone.is_collaborator("acme", "widgets", "octocat").await.expect("an answer");
    assert_eq!(github.rate_limit(), Some(RateLimit { remaining: 4999, reset: time(NOW + 600) }));
}

#[tokio::test]
async fn an_app_finds_a_repository_by_its_number() {
    let server = app_double().await;
    let github = client(&server, &app_credentials(PKCS1));
    let found = github.repository_by_id(9).await.expect("an answer").expect("it is there");
    assert_eq!(found.name, "widgets");
    let narrowed = json!({
        "repository_ids": [9],
        "permissions": { "administration": "write", "metadata": "read" },
    });
    assert_eq!(server.seen()[1].json(), narrowed);
    assert_eq!(bearers(&server, "/repositories/9"), ["ghs_test_0"]);
    assert_eq!(github.repository_by_id(8).await.expect("an answer"), None);
}

/// GitHub redirects from a repository's former name, but makes no token for it.
#[tokio::test]
async fn an_app_acts_on_a_renamed_repository() {
    let server = Loopback::start(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/repos/acme/old/installation") => Reply::json(200, &json!({ "id": 42 })),
        ("POST", "/app/installations/42/access_tokens") => {
            let asked = seen.json();
            if asked["repositories"] == json!(["old"]) {
                return Reply::json(422, &json!({ "message": "There is at least one repository that does not exist" }));
            }
            let token = if asked["repository_ids"] == json!([9]) { "ghs_narrow" } else { "ghs_reader" };
            Reply::json(201, &json!({ "token": token, "expires_at": time(NOW + 3600).to_string() }))
        }
        ("GET", "/repos/acme/old") => Reply::json(200, &widgets()),
        ("PUT", "/repos/acme/old/collaborators/octocat") => Reply::empty(204),
        _ => Reply::empty(404),
    })
    .await;
    let github = client(&server, &app_credentials(PKCS1));
    github.invite("acme", "old", "octocat").await.expect("invited");
    assert_eq!(bearers(&server, "/repos/acme/old"), ["ghs_reader"]);
    assert_eq!(bearers(&server, "/repos/acme/old/collaborators/octocat"), ["ghs_narrow"]);
}
