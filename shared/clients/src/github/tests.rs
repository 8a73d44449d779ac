//! The client against a double on the loopback.

mod app;
mod deliveries;
mod repositories;

use domain::{Clock, GithubUserId, SecretSource, Timestamp};
use serde_json::{Value, json};

use super::{Account, AccountKind, Github, GithubError, GithubErrorKind, Invited};
use crate::{
    Http,
    http::NoAnswer,
    loopback::{Loopback, Reply, Seen, http, impatient_http},
};

const TOKEN: &str = "ghp_test_synthetic";
const NOW: i64 = 1_790_000_000;

fn time(unix_seconds: i64) -> Timestamp {
    Timestamp::from_second(unix_seconds).expect("a time")
}

fn client(server: &Loopback, credentials: &str) -> Github {
    client_with(http(), server, credentials)
}

fn client_with(http: Http, server: &Loopback, credentials: &str) -> Github {
    let credentials = SecretSource::fixed("github", credentials);
    Github::new(http, server.url(""), credentials, Clock::fixed(time(NOW)))
}

async fn answering(reply: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static) -> (Loopback, Github) {
    let server = Loopback::start(reply).await;
    let github = client(&server, TOKEN);
    (server, github)
}

fn octocat() -> Value {
    json!({ "id": 583_231, "login": "octocat", "type": "User", "avatar_url": "https://avatars.example/1", "bio": null })
}

#[tokio::test]
async fn an_invitation_asks_to_read_and_reports_its_number() {
    let (server, github) = answering(|_| Reply::json(201, &json!({ "id": 7, "invitee": { "id": 583_231 } }))).await;
    let (invited, _) = github.invite("acme", "widgets.js", "octo_cat-1").await.expect("invited");
    assert_eq!(invited, Invited::Pending { invitation_id: 7 });

    assert_eq!(server.calls(), ["PUT /repos/acme/widgets.js/collaborators/octo_cat-1"]);
    let request = &server.seen()[0];
    assert_eq!(request.json(), json!({ "permission": "pull" }));
    assert_eq!(request.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(request.header("accept"), "application/vnd.github+json");
    assert_eq!(request.header("x-github-api-version"), "2022-11-28");
    assert_eq!(request.header("user-agent"), "Tollgate");
}

#[tokio::test]
async fn inviting_who_has_access_reports_so() {
    let (_server, github) = answering(|_| Reply::empty(204)).await;
    assert_eq!(github.invite("acme", "widgets", "octocat").await.expect("no error").0, Invited::Already);
}

#[tokio::test]
async fn accounts_are_found_by_login_and_by_number() {
    let (server, github) = answering(|seen| match seen.path.as_str() {
        "/users/octocat" | "/user/583231" => Reply::json(200, &octocat()),
        "/users/acme" => Reply::json(200, &json!({ "id": 2, "login": "acme", "type": "Organization" })),
        "/users/helper" => Reply::json(200, &json!({ "id": 3, "login": "helper", "type": "Mannequin" })),
        _ => Reply::json(404, &json!({ "message": "Not Found" })),
    })
    .await;
    let expected = Account {
        id: GithubUserId(583_231),
        login: "octocat".to_owned(),
        kind: AccountKind::User,
        avatar_url: "https://avatars.example/1".to_owned(),
    };
    assert_eq!(github.account_by_login("octocat").await.expect("found"), Some(expected.clone()));
    assert_eq!(github.account_by_id(GithubUserId(583_231)).await.expect("found"), Some(expected));
    for (login, kind) in [("acme", AccountKind::Organization), ("helper", AccountKind::Other)] {
        let account = github.account_by_login(login).await.expect("an answer");
        assert_eq!(account.map(|account| account.kind), Some(kind));
    }
    assert_eq!(github.account_by_login("nobody").await.expect("an answer"), None);
    assert_eq!(github.account_by_id(GithubUserId(1)).await.expect("an answer"), None);
    assert_eq!(server.seen().len(), 6);
}

#[tokio::test]
async fn names_that_could_change_the_path_are_never_sent() {
    let (server, github) = answering(|_| Reply::empty(204)).await;
    for name in ["", ".", "..", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\nb", "é", &"a".repeat(101)] {
        assert_eq!(github.account_by_login(name).await.expect("no account"), None, "{name}");
        for error in [
            github.remove_collaborator("acme", "widgets", name).await.expect_err("refused"),
            github.remove_collaborator(name, "widgets", "octocat").await.expect_err("refused"),
            github.remove_collaborator("acme", name, "octocat").await.expect_err("refused"),
            github.invitations("acme", name).await.expect_err("refused"),
        ] {
            assert!(matches!(error.kind, GithubErrorKind::Invalid { .. }), "{name}: {error:?}");
        }
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn what_is_hidden_does_not_exist_and_nobody_has_access_to_it() {
    let (_server, github) = answering(|_| Reply::json(404, &json!({ "message": "Not Found" }))).await;
    assert!(!github.repository_exists("acme", "widgets").await.expect("an answer"));
    assert!(!github.is_collaborator("acme", "widgets", "octocat").await.expect("an answer"));
    github.delete_invitation("acme", "widgets", 7).await.expect("gone");
    let error = github.remove_collaborator("acme", "widgets", "octocat").await.expect_err("no success");
    assert!(matches!(error.kind, GithubErrorKind::NotFound));
    let error = github.invitations("acme", "widgets").await.expect_err("no success");
    assert!(matches!(error.kind, GithubErrorKind::NotFound));
}

#[tokio::test]
async fn removing_takes_back_the_invitation_and_the_access() {
    let (server, github) = answering(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/repos/acme/widgets") => Reply::json(200, &json!({ "id": 1 })),
        _ => Reply::empty(204),
    })
    .await;
    github.delete_invitation("acme", "widgets", 7).await.expect("deleted");
    github.remove_collaborator("acme", "widgets", "octocat").await.expect("removed");
    assert!(github.is_collaborator("acme", "widgets", "octocat").await.expect("an answer"));
    assert!(github.repository_exists("acme", "widgets").await.expect("an answer"));
    let expected = [
        "DELETE /repos/acme/widgets/invitations/7",
        "DELETE /repos/acme/widgets/collaborators/octocat",
        "GET /repos/acme/widgets/collaborators/octocat",
        "GET /repos/acme/widgets",
    ];
    assert_eq!(server.calls(), expected);
}

/// Three pages of one invitation each; the `Link` header names `next_of(page)`.
fn invitation_page(seen: &Seen, next_of: impl Fn(u64) -> Option<String>) -> Reply {
    let page = seen.query.rsplit_once("page=").map_or(1, |(_, page)| page.parse().unwrap_or(1));
    let page = if seen.query == "per_page=100" { 1 } else { page };
    let invitation = json!([{
        "id": page,
        "invitee": if page == 2 { Value::Null } else { json!({ "id": 100 + page, "login": "x" }) },
        "expired": page == 3,
        "created_at": "2026-09-21T14:13:20Z",
        "permissions": "read",
    }]);
    match next_of(page) {
        Some(next) => {
            Reply::json(200, &invitation).with("link", &format!(r#"<{next}>; rel="next", <{next}>; rel="last""#))
        }
        None => Reply::json(200, &invitation).with("link", r#"</1>; rel="first", </2>; rel="prev""#),
    }
}

fn next_on_same_host(seen: &Seen, page: u64) -> String {
    format!("http://{}{}?per_page=100&page={}", seen.header("host"), seen.path, page + 1)
}

#[tokio::test]
async fn all_pages_of_invitations_are_read() {
    let (server, github) =
        answering(|seen| invitation_page(seen, |page| (page < 3).then(|| next_on_same_host(seen, page)))).await;
    let invitations = github.invitations("acme", "widgets").await.expect("a list");
    let summary: Vec<_> =
        invitations.iter().map(|invitation| (invitation.id, invitation.invitee, invitation.expired)).collect();
    let expected = [(1, Some(GithubUserId(101)), false), (2, None, false), (3, Some(GithubUserId(103)), true)];
    assert_eq!(summary, expected);
    assert_eq!(invitations[0].created_at, time(NOW));
    let queries: Vec<_> = server.seen().iter().map(|seen| seen.query.clone()).collect();
    assert_eq!(queries, ["per_page=100", "per_page=100&page=2", "per_page=100&page=3"]);
}

#[tokio::test]
async fn a_list_without_end_is_an_error_not_a_part_of_it() {
    let (server, github) = answering(|seen| invitation_page(seen, |page| Some(next_on_same_host(seen, page)))).await;
    assert_endless(&github.invitations("acme", "widgets").await.expect_err("endless"));
    assert_eq!(server.seen().len(), super::MAX_PAGES);
}

#[tokio::test]
async fn the_next_page_is_not_sought_on_another_host() {
    let other = Loopback::start(|_| Reply::json(200, &json!([]))).await;
    for next in [other.url("/repos/acme/widgets/invitations"), "/repos/acme/widgets/invitations".to_owned()] {
        let (_server, github) = answering(move |seen| invitation_page(seen, |_| Some(next.clone()))).await;
        assert_endless(&github.invitations("acme", "widgets").await.expect_err("not followed"));
    }
    assert!(other.seen().is_empty());
}

fn assert_endless(error: &GithubError) {
    let endless = matches!(error.kind, GithubErrorKind::Unavailable { source: NoAnswer::EndlessList });
    assert!(endless, "{error:?}");
}

#[tokio::test]
async fn a_renamed_repository_is_followed_with_the_same_request() {
    for status in [301, 307] {
        let (server, github) = answering(move |seen| match seen.path.as_str() {
            "/repos/acme/old/collaborators/octocat" => {
                let target = format!("http://{}/repositories/9/collaborators/octocat", seen.header("host"));
                Reply::empty(status).with("location", &target)
            }
            _ => Reply::json(201, &json!({ "id": 7 })),
        })
        .await;
        let (invited, _) = github.invite("acme", "old", "octocat").await.expect("invited");
        assert_eq!(invited, Invited::Pending { invitation_id: 7 });
        let followed = &server.seen()[1];
        assert_eq!(
            (followed.method.as_str(), followed.path.as_str()),
            ("PUT", "/repositories/9/collaborators/octocat")
        );
        assert_eq!(followed.json(), json!({ "permission": "pull" }));
        assert_eq!(followed.header("authorization"), format!("Bearer {TOKEN}"));
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let other = Loopback::start(|_| Reply::empty(204)).await;
    let target = other.url("/repos/acme/widgets/collaborators/octocat");
    let (_server, github) = answering(move |_| Reply::empty(307).with("location", &target)).await;
    let error = github.is_collaborator("acme", "widgets", "octocat").await.expect_err("not followed");
    assert!(matches!(error.kind, GithubErrorKind::Moved), "{error:?}");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn silence_and_nonsense_make_github_unavailable() {
    let replies: [fn() -> Reply; 4] = [
        Reply::never,
        || Reply::text(200, "<html>"),
        || Reply::json(200, &json!({ "id": "no number" })),
        || Reply::text(502, "<html>"),
    ];
    for reply in replies {
        let server = Loopback::start(move |_| reply()).await;
        let github = client_with(impatient_http(), &server, TOKEN);
        let error = github.account_by_login("octocat").await.expect_err("no account");
        assert!(matches!(error.kind, GithubErrorKind::Unavailable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn rate_limits_are_counted_from_the_clock() {
    let (_server, github) = answering(|_| Reply::empty(429).with("retry-after", "90")).await;
    let error = github.invite("acme", "widgets", "octocat").await.expect_err("limited");
    let limited = matches!(error.kind, GithubErrorKind::RateLimited { until } if until == time(NOW + 90));
    assert!(limited, "{error:?}");
}

#[tokio::test]
async fn credentials_appear_in_no_output() {
    let app = json!({ "app_id": "1", "private_key": "hush-hush" }).to_string();
    for (credentials, hidden) in
        [(TOKEN, TOKEN), (&app, "hush"), (r#"{"app_id": "hush"}"#, "hush"), ("hush hush", "hush")]
    {
        let server = Loopback::start(|_| Reply::empty(500)).await;
        let github = client(&server, credentials);
        let error = github.invite("acme", "widgets", "octocat").await.expect_err("out of order");
        for output in [format!("{github:?}"), format!("{error:?}"), error.to_string(), error.kind.to_string()] {
            assert!(!output.contains(hidden), "{output}");
        }
    }
}

#[tokio::test]
async fn missing_credentials_make_no_call() {
    let server = Loopback::start(|_| Reply::empty(204)).await;
    let error = client(&server, " ").invite("acme", "widgets", "octocat").await.expect_err("no credentials");
    assert!(matches!(error.kind, GithubErrorKind::Credentials(_)), "{error:?}");
    assert!(server.seen().is_empty());
}
