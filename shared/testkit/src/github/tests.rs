//! What the sandbox of GitHub promises.

mod app;
mod hooks;
mod oauth;
mod people;

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
};
use clients::github::Invited;
use domain::GithubUserId;
use serde_json::{Value, json};

use super::{Access, Sandbox};
use crate::{
    faults::{Fault, Faults},
    sandbox::testing::{Got, Time, call, serve},
    testing::Dir,
};

const DAY: i64 = 86_400;
const JOHN: &str = "/repos/acme-corp/toolkit/collaborators/johndoe";

struct World {
    time: Time,
    sandbox: Sandbox,
}

impl World {
    fn new() -> Self {
        let time = Time::new();
        Self { sandbox: Sandbox::new(time.clock()), time }
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Got {
        send(&self.sandbox.router(), method, path, token, &body).await
    }

    async fn get(&self, path: &str) -> Got {
        self.call("GET", path, "github_pat_synthetic", Value::Null).await
    }

    async fn put(&self, path: &str) -> Got {
        self.call("PUT", path, "github_pat_synthetic", json!({ "permission": "pull" })).await
    }

    async fn delete(&self, path: &str) -> Got {
        self.call("DELETE", path, "github_pat_synthetic", Value::Null).await
    }

    fn access(&self, login: &str) -> Access {
        self.sandbox.access("acme-corp", "toolkit", self.sandbox.user_id(login).unwrap())
    }
}

async fn send(router: &Router, method: &str, path: &str, token: &str, body: &Value) -> Got {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("host", "localhost:4321")
        .header("user-agent", "Tollgate")
        .header("authorization", format!("Bearer {token}"))
        .body(body);
    call(router, request.unwrap()).await
}

#[tokio::test]
async fn an_invitation_gives_access_only_once_it_is_accepted() {
    let world = World::new();
    let first = world.put(JOHN).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["invitee"]["login"], "johndoe");
    assert_eq!(first.json()["permissions"], "read");
    assert_eq!(world.access("johndoe"), Access::Invited { expired: false });
    assert_eq!(world.get(JOHN).await.status, 404);

    world.sandbox.accept("acme-corp", "toolkit", "JohnDoe").unwrap();
    assert_eq!(world.access("johndoe"), Access::Collaborator);
    assert_eq!(world.get(JOHN).await.status, 204);
    assert_eq!(world.put(JOHN).await.status, 204);
    assert_eq!(world.get("/repos/acme-corp/toolkit/invitations").await.json(), json!([]));
}

#[tokio::test]
async fn inviting_again_answers_with_the_invitation_that_stands() {
    let world = World::new();
    let first = world.put(JOHN).await;
    let second = world.put("/repos/ACME-Corp/Toolkit/collaborators/JOHNDOE").await;
    assert_eq!(second.status, 201);
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(world.sandbox.invitations_sent("acme-corp", "toolkit"), 1);
}

#[tokio::test]
async fn an_expired_invitation_stays_in_the_list_and_blocks_until_it_is_deleted() {
    let world = World::new();
    let id = world.put(JOHN).await.json()["id"].clone();
    world.time.pass(7 * DAY - 1);
    assert_eq!(world.access("johndoe"), Access::Invited { expired: false });
    world.time.pass(1);
    assert_eq!(world.access("johndoe"), Access::Invited { expired: true });
    assert_eq!(world.get("/repos/acme-corp/toolkit/invitations").await.json()[0]["expired"], true);
    assert!(world.sandbox.accept("acme-corp", "toolkit", "johndoe").is_err());
    assert_eq!(world.put(JOHN).await.json()["expired"], true);

    let gone = world.delete(&format!("/repos/acme-corp/toolkit/invitations/{id}")).await;
    assert_eq!(gone.status, 204);
    assert_eq!(world.put(JOHN).await.json()["expired"], false);
    assert_eq!(world.sandbox.invitations_sent("acme-corp", "toolkit"), 2);
}

#[tokio::test]
async fn owners_and_members_are_in_already_and_organisations_cannot_be() {
    let world = World::new();
    assert_eq!(world.put("/repos/ctrimm/premium-theme/collaborators/ctrimm").await.status, 204);
    world.sandbox.set_member("acme-corp", "janedoe", true).unwrap();
    assert_eq!(world.put("/repos/acme-corp/toolkit/collaborators/janedoe").await.status, 204);
    assert_eq!(world.put("/repos/ctrimm/premium-theme/collaborators/acme-corp").await.status, 422);
    assert_eq!(world.put("/repos/acme-corp/toolkit/collaborators/nobody").await.status, 404);
    assert_eq!(world.put("/repos/acme-corp/nothing/collaborators/johndoe").await.status, 404);
    world.sandbox.refuse_invitations("johndoe", Some("User is blocked")).unwrap();
    assert_eq!(world.put(JOHN).await.status, 422);
}

#[tokio::test]
async fn removing_somebody_who_is_not_in_is_fine_and_leaves_their_invitation() {
    let world = World::new();
    world.put(JOHN).await;
    assert_eq!(world.delete(JOHN).await.status, 204);
    assert_eq!(world.access("johndoe"), Access::Invited { expired: false });
    world.sandbox.accept("acme-corp", "toolkit", "johndoe").unwrap();
    assert_eq!(world.delete(JOHN).await.status, 204);
    assert_eq!(world.access("johndoe"), Access::None);
}

#[tokio::test]
async fn the_fifty_first_invitation_of_a_day_has_to_wait() {
    let world = World::new();
    for number in 0..51 {
        world.sandbox.add_user(&format!("buyer{number}"));
    }
    let path = |number: usize| format!("/repos/acme-corp/toolkit/collaborators/buyer{number}");
    for number in 0..50 {
        assert_eq!(world.put(&path(number)).await.status, 201);
    }
    world.time.pass(3600);
    let refused = world.put(&path(50)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("retry-after"), (DAY - 3600).to_string());
    assert!(refused.text.contains("secondary rate limit"));
    assert_eq!(world.put(&path(3)).await.status, 201, "one that stands needs no room");
    world.time.pass(DAY - 3600);
    assert_eq!(world.put(&path(50)).await.status, 201);
}

#[tokio::test]
async fn a_renamed_account_keeps_its_number_and_frees_its_name() {
    let world = World::new();
    let id = world.sandbox.user_id("johndoe").unwrap();
    world.sandbox.rename_user("johndoe", "john-the-great").unwrap();
    assert_eq!(world.get("/users/johndoe").await.status, 404);
    assert_eq!(world.get(&format!("/user/{id}")).await.json()["login"], "john-the-great");
    let other = world.sandbox.add_user("johndoe");
    assert_ne!(other, id);
    assert_eq!(world.get("/users/JohnDoe").await.json()["id"], other);
    assert!(world.sandbox.rename_user("janedoe", "JOHNDOE").is_err());
}

#[tokio::test]
async fn a_renamed_repository_answers_with_a_redirect_that_works() {
    let world = World::new();
    world.sandbox.rename_repository("acme-corp", "toolkit", "toolbox").unwrap();
    let moved = world.get("/repos/acme-corp/toolkit").await;
    assert_eq!(moved.status, 301);
    let location = moved.header("location").strip_prefix("http://localhost:4321").unwrap();
    assert_eq!(world.get(location).await.json()["full_name"], "acme-corp/toolbox");

    let moved = world.put(JOHN).await;
    assert_eq!(moved.status, 307);
    let location = moved.header("location").strip_prefix("http://localhost:4321").unwrap();
    assert_eq!(world.put(location).await.status, 201);
    assert_eq!(world.access("johndoe"), Access::Invited { expired: false });

    world.sandbox.add_repository("acme-corp", "toolkit", true);
    assert_eq!(world.get("/repos/acme-corp/toolkit").await.status, 200, "the name was taken again");
}

#[tokio::test]
async fn redirects_and_links_keep_the_prefix_they_are_mounted_under() {
    let world = World::new();
    world.sandbox.rename_user("ctrimm", "trimm").unwrap();
    let router = Router::new().nest("/sandbox/github", world.sandbox.router());
    let moved = send(&router, "GET", "/sandbox/github/repos/ctrimm/premium-theme", "t", &Value::Null).await;
    assert_eq!(moved.status, 301);
    assert!(moved.header("location").starts_with("http://localhost:4321/sandbox/github/repositories/"));
    let page = send(&router, "GET", "/sandbox/github", "t", &Value::Null).await;
    assert!(page.text.contains("action=\"/sandbox/github/-/add-user\""), "{}", page.text);
    let lost = send(&router, "GET", "/sandbox/github/nowhere", "t", &Value::Null).await;
    assert_eq!(lost.json()["message"], "Not Found");
}

#[tokio::test]
async fn the_list_of_invitations_comes_in_pages() {
    let world = World::new();
    for number in 0..5 {
        world.sandbox.add_user(&format!("buyer{number}"));
        world.put(&format!("/repos/acme-corp/toolkit/collaborators/buyer{number}")).await;
    }
    let page = world.get("/repos/acme-corp/toolkit/invitations?per_page=2&page=2").await;
    assert_eq!(page.json()[0]["invitee"]["login"], "buyer2");
    assert_eq!(page.json().as_array().unwrap().len(), 2);
    let next = "<http://localhost:4321/repos/acme-corp/toolkit/invitations?per_page=2&page=3>; rel=\"next\"";
    assert!(page.header("link").contains(next), "{}", page.header("link"));
    let last = world.get("/repos/acme-corp/toolkit/invitations?per_page=2&page=3").await;
    assert!(!last.header("link").contains("next"));
}

#[tokio::test]
async fn callers_need_a_token_and_a_user_agent() {
    let world = World::new();
    let router = world.sandbox.router();
    let bare = Request::get("/users/octocat").header("user-agent", "x").body(Body::empty());
    assert_eq!(call(&router, bare.unwrap()).await.status, 401);
    let nameless = Request::get("/users/octocat").header("authorization", "token t").body(Body::empty());
    assert_eq!(call(&router, nameless.unwrap()).await.status, 403);
    let got = world.get("/users/octocat").await;
    assert_eq!(got.status, 200);
    assert!(!got.header("x-github-request-id").is_empty());
    assert_eq!(got.header("x-ratelimit-limit"), "5000");
    world.sandbox.refuse_credentials(true);
    assert_eq!(world.get("/users/octocat").await.json()["message"], "Bad credentials");
}

#[tokio::test]
async fn what_is_forbidden_or_hidden_stays_so_until_it_is_allowed() {
    let world = World::new();
    world.sandbox.forbid("acme-corp", "toolkit", "Must have admin rights to Repository.").unwrap();
    let refused = world.put(JOHN).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (403, ""));
    assert_ne!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(refused.json()["message"], "Must have admin rights to Repository.");
    world.sandbox.allow("acme-corp", "toolkit").unwrap();
    world.sandbox.hide("acme-corp", "toolkit", true).unwrap();
    assert_eq!(world.put(JOHN).await.status, 404);
    world.sandbox.hide("acme-corp", "toolkit", false).unwrap();
    assert_eq!(world.put(JOHN).await.status, 201);
}

#[tokio::test]
async fn limits_are_announced_and_end() {
    let world = World::new();
    world.sandbox.limit_requests(1, Duration::from_mins(10));
    assert_eq!(world.get("/users/octocat").await.status, 200);
    let refused = world.get("/users/octocat").await;
    assert_eq!((refused.status.as_u16(), refused.header("x-ratelimit-remaining")), (403, "0"));
    assert_eq!(refused.header("x-ratelimit-reset"), (world.time.now() + 600).to_string());
    world.time.pass(600);
    assert_eq!(world.get("/users/octocat").await.status, 200);

    world.sandbox.secondary_limit(Duration::from_secs(90));
    let refused = world.get("/users/octocat").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (403, "90"));
    world.sandbox.secondary_limit_untold(Duration::from_secs(90));
    let refused = world.get("/users/octocat").await;
    assert!(refused.text.contains("secondary rate limit") && refused.header("retry-after").is_empty());
    world.time.pass(90);
    assert_eq!(world.get("/users/octocat").await.status, 200);
}

#[tokio::test(flavor = "current_thread")]
async fn faults_strike_before_or_after_the_effect() {
    for (fault, status, access) in [
        (Fault::Before, 500, Access::None),
        (Fault::After, 500, Access::Invited { expired: false }),
        (Fault::Throttle, 403, Access::None),
    ] {
        let mut world = World::new();
        let faults = Faults::nth(0, fault);
        world.sandbox = world.sandbox.with_faults(faults.clone());
        assert_eq!(world.put(JOHN).await.status, status);
        assert_eq!(world.access("johndoe"), access);
        assert_eq!(faults.struck()[0].1, format!("github PUT {JOHN}"));
        assert_eq!(world.put(JOHN).await.status, 201);
        assert_eq!(world.sandbox.invitations_sent("acme-corp", "toolkit"), 1);
    }
}

#[tokio::test]
async fn a_timed_out_call_has_had_its_effect() {
    let mut world = World::new();
    world.sandbox = world.sandbox.with_faults(Faults::nth(0, Fault::Timeout));
    let call = world.put(JOHN);
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    assert_eq!(world.access("johndoe"), Access::Invited { expired: false });
}

#[tokio::test]
async fn the_page_plays_the_invitee_and_escapes_what_it_shows() {
    let world = World::new();
    world.sandbox.add_user("<script>alert(1)</script>");
    world.put(JOHN).await;
    let page = world.get("/").await;
    assert!(page.text.contains("GitHub sandbox — not GitHub"));
    assert!(!page.text.contains("<script"));

    let router = world.sandbox.router();
    let post = |path: &'static str, form: &'static str| {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        call(&router, request.body(Body::from(form)).unwrap())
    };
    let done = post("/-/accept", "owner=acme-corp&name=toolkit&login=johndoe").await;
    assert_eq!((done.status.as_u16(), done.header("location")), (303, "/"));
    assert_eq!(world.access("johndoe"), Access::Collaborator);
    assert_eq!(post("/-/add-user", "login=new-user").await.status, 303);
    assert!(world.sandbox.user_id("new-user").is_some());
    assert_eq!(post("/-/add-user", "login=..%2F..").await.status, 422);
    assert_eq!(post("/-/accept", "owner=acme-corp&name=toolkit&login=johndoe").await.status, 422);
}

#[tokio::test]
async fn a_sandbox_opened_again_remembers() {
    let (dir, time) = (Dir::new(), Time::new());
    let file = dir.path().join("sandboxes/github.json");
    let sandbox = Sandbox::open(&file, time.clock()).unwrap();
    let sent = send(&sandbox.router(), "PUT", JOHN, "t", &Value::Null).await;
    assert_eq!(sent.status, 201);
    let again = Sandbox::open(&file, time.clock()).unwrap();
    let id = again.user_id("johndoe").unwrap();
    assert_eq!(again.access("acme-corp", "toolkit", id), Access::Invited { expired: false });
    std::fs::write(&file, "{").unwrap();
    assert!(Sandbox::open(&file, time.clock()).is_err());
}

#[tokio::test]
async fn our_client_and_the_sandbox_understand_each_other() {
    let world = World::new();
    let base = serve(world.sandbox.router()).await;
    let token = domain::SecretSource::fixed("token", "github_pat_synthetic");
    let http = clients::Http::new(Duration::from_secs(3), Duration::from_secs(10));
    let github = clients::Github::new(http, base, token, world.time.clock());
    let john = github.account_by_login("JohnDoe").await.unwrap().unwrap();
    assert_eq!(github.account_by_id(john.id).await.unwrap().unwrap().login, "johndoe");
    assert!(github.account_by_login("nobody").await.unwrap().is_none());
    assert!(github.repository_exists("acme-corp", "toolkit").await.unwrap());

    let (invited, receipt) = github.invite("acme-corp", "toolkit", "johndoe").await.unwrap();
    assert!(receipt.status == 201 && receipt.request_id.is_some());
    let Invited::Pending { invitation_id } = invited else { panic!("{invited:?}") };
    world.time.pass(7 * DAY);
    let listed = github.invitations("acme-corp", "toolkit").await.unwrap();
    assert_eq!((listed[0].id, listed[0].invitee, listed[0].expired), (invitation_id, Some(john.id), true));
    github.delete_invitation("acme-corp", "toolkit", invitation_id).await.unwrap();

    world.sandbox.rename_repository("acme-corp", "toolkit", "toolbox").unwrap();
    github.invite("acme-corp", "toolkit", "johndoe").await.unwrap();
    world.sandbox.accept("acme-corp", "toolbox", "johndoe").unwrap();
    assert!(github.is_collaborator("acme-corp", "toolkit", "johndoe").await.unwrap());
    assert_eq!(github.invite("acme-corp", "toolbox", "johndoe").await.unwrap().0, Invited::Already);
    github.remove_collaborator("acme-corp", "toolkit", "johndoe").await.unwrap();
    let GithubUserId(john) = john.id;
    assert_eq!(world.sandbox.access("acme-corp", "toolbox", john), Access::None);
}
