//! What it promises those who look at a repository and at who is in it.

use axum::{body::Body, http::Request};
use serde_json::json;

use super::{JOHN, World, call};

#[tokio::test]
async fn collaborators_come_in_pages_with_what_they_may_do() {
    let world = World::new();
    for number in 0..5 {
        let login = format!("buyer{number}");
        world.sandbox.add_user(&login);
        world.sandbox.add_collaborator("acme-corp", "toolkit", &login).unwrap();
    }
    world.sandbox.set_member("acme-corp", "janedoe", true).unwrap();
    let page = world.get("/repos/acme-corp/toolkit/collaborators?affiliation=direct&per_page=2&page=2").await;
    let logins: Vec<_> = page.json().as_array().unwrap().iter().map(|it| it["login"].clone()).collect();
    assert_eq!(logins, ["buyer2", "buyer3"]);
    assert_eq!(
        (&page.json()[0]["role_name"], &page.json()[0]["permissions"]["admin"]),
        (&json!("write"), &json!(false))
    );
    let next = "collaborators?affiliation=direct&per_page=2&page=3>; rel=\"next\"";
    assert!(page.header("link").contains(next), "{}", page.header("link"));
    let all = world.get("/repos/acme-corp/toolkit/collaborators").await.json();
    assert_eq!(all.as_array().unwrap().len(), 6, "members have access, too");
    let personal = world.get("/repos/ctrimm/premium-theme/collaborators?affiliation=direct").await.json();
    assert_eq!((&personal[0]["login"], &personal[0]["role_name"]), (&json!("ctrimm"), &json!("admin")));
}

#[tokio::test]
async fn a_repository_shows_what_it_is_under_its_name_and_its_number() {
    let world = World::new();
    world.sandbox.describe("acme-corp", "toolkit", "Tools", 42).unwrap();
    let shown = world.get("/repos/acme-corp/toolkit").await.json();
    assert_eq!((&shown["owner"]["type"], &shown["stargazers_count"]), (&json!("Organization"), &json!(42)));
    assert_eq!((&shown["description"], &shown["private"]), (&json!("Tools"), &json!(true)));
    world.sandbox.transfer_repository("acme-corp", "toolkit", "ctrimm", "tools").unwrap();
    let moved = world.get(&format!("/repositories/{}", shown["id"])).await.json();
    assert_eq!((&moved["full_name"], &moved["owner"]["type"]), (&json!("ctrimm/tools"), &json!("User")));
    assert_eq!(world.get("/repos/acme-corp/toolkit").await.status, 301);
}

#[tokio::test]
async fn an_archived_repository_can_only_be_read() {
    let world = World::new();
    world.sandbox.set_archived("acme-corp", "toolkit", true).unwrap();
    assert_eq!(world.get("/repos/acme-corp/toolkit").await.json()["archived"], true);
    assert_eq!(world.put(JOHN).await.status, 403);
    assert_eq!(world.get("/repos/acme-corp/toolkit/invitations").await.status, 200);
}

#[tokio::test]
async fn the_page_plays_the_owner() {
    let world = World::new();
    let router = world.sandbox.router();
    let post = async |action: &str, form: &str| {
        let request = Request::post(format!("/-/{action}")).header("content-type", "application/x-www-form-urlencoded");
        let toolkit = format!("owner=acme-corp&name=toolkit&{form}");
        call(&router, request.body(Body::from(toolkit)).unwrap()).await.status.as_u16()
    };
    assert_eq!(post("add", "login=johndoe").await, 303);
    assert_eq!(world.get(JOHN).await.status, 204);
    assert_eq!(post("remove", "login=johndoe").await, 303);
    assert_eq!(world.get(JOHN).await.status, 404);
    for action in ["publish", "privatize", "archive", "unarchive", "take-off", "put-back"] {
        assert_eq!(post(action, "").await, 303, "{action}");
    }
    for action in ["suspend", "unsuspend", "uninstall", "install"] {
        assert_eq!(post(action, "login=acme-corp").await, 303, "{action}");
    }
    for action in ["lose-webhooks", "send-webhooks"] {
        assert_eq!(post(action, "").await, 303, "{action}");
    }
    assert_eq!(world.sandbox.undelivered().len(), 12);
    assert_eq!(post("rename", "new_name=tool+kit").await, 422);
    assert_eq!(post("transfer", "new_owner=ctrimm").await, 303);
    assert_eq!(world.get("/repos/ctrimm/toolkit").await.status, 200);
    assert_eq!(post("delete", "").await, 303);
    assert_eq!(world.get("/repos/ctrimm/toolkit").await.status, 404);
}
