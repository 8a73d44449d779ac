//! Members and tokens: who may do what, and that a company keeps an owner.

use std::time::Duration;

use domain::{Secret, company::Role};
use http::Method;
use journeys::{Answer, TestStack};
use serde_json::{Value, json};

use super::{call, invite, start};

const TOKENS: &str = "/api/admin/tokens";
const MEMBERS: &str = "/api/admin/members";

async fn post(t: &TestStack, path: &str, token: &Secret, body: Value) -> Answer {
    call(t, (Method::POST, path), token, &body).await
}

async fn patch(t: &TestStack, id: &str, role: &str) -> Answer {
    call(t, (Method::PATCH, &format!("{MEMBERS}/{id}")), &t.token, &json!({"role": role})).await
}

async fn remove(t: &TestStack, id: &str) -> Answer {
    call(t, (Method::DELETE, &format!("{MEMBERS}/{id}")), &t.token, &json!(null)).await
}

#[tokio::test]
async fn each_role_may_do_what_it_may() {
    let t = start().await;
    for (login, role) in [("octocat", "viewer"), ("johndoe", "admin"), ("janedoe", "owner")] {
        invite(&t, json!({"githubUsername": login, "role": role})).await;
        let token = t.sign_in(login).await;
        let may = async |method: Method, path: &str, body: Value| {
            let answer = call(&t, (method, path), &token, &body).await;
            assert!([200, 201, 403].contains(&answer.status), "{login} {path}: {answer}");
            answer.status != 403
        };
        assert!(may(Method::GET, "/api/admin/customers", json!(null)).await);
        let new = json!({"name": "a till", "role": "viewer"});
        assert_eq!(may(Method::POST, TOKENS, new).await, role != "viewer", "{role}");
        assert_eq!(may(Method::GET, TOKENS, json!(null)).await, role != "viewer", "{role}");
        assert_eq!(may(Method::GET, MEMBERS, json!(null)).await, role == "owner", "{role}");
        let new = json!({"email": format!("of-{login}@example.com"), "role": "viewer"});
        assert_eq!(may(Method::POST, MEMBERS, new).await, role == "owner", "{role}");
    }
    t.finish().await;
}

#[tokio::test]
async fn nobody_makes_or_revokes_a_token_above_their_own_role() {
    let t = start().await;
    let admin = post(&t, TOKENS, &t.token, json!({"name": "admin", "role": "admin"})).await;
    assert_eq!(admin.status, 201, "{admin}");
    let admin = Secret::new(admin.text("/token")).unwrap();
    post(&t, TOKENS, &admin, json!({"name": "x", "role": "owner"})).await.is_error(403, "FORBIDDEN", &[]);
    assert_eq!(post(&t, TOKENS, &admin, json!({"name": "x", "role": "admin"})).await.status, 201);
    let owners = t.get_as("/api/auth/me", &t.token).await.text("/token/id");
    let revoke = (Method::DELETE, &*format!("{TOKENS}/{owners}"));
    call(&t, revoke, &admin, &json!(null)).await.is_error(403, "FORBIDDEN", &[]);
    t.finish().await;
}

#[tokio::test]
async fn a_token_is_shown_once_listed_without_its_text_and_revoked_for_good() {
    let t = start().await;
    let made = post(&t, TOKENS, &t.token, json!({"name": " a till ", "role": "viewer"})).await;
    let (text, id) = (made.text("/token"), made.text("/id"));
    assert_eq!(made.json["lastFour"], text[text.len() - 4..]);
    assert_eq!((&made.json["name"], &made.json["createdBy"]), (&json!("a till"), &json!("first operator")));
    let listed = t.get(TOKENS).await;
    assert!(!String::from_utf8_lossy(&listed.body).contains(&text), "{listed}");
    assert_eq!(listed.json["pagination"]["total"], 2);
    let token = Secret::new(text).unwrap();
    assert_eq!(t.get_as("/api/admin/customers", &token).await.status, 200);

    let path = format!("{TOKENS}/{id}");
    let revoked = call(&t, (Method::DELETE, &path), &t.token, &json!(null)).await;
    assert_eq!((revoked.status, &revoked.json["revokedAt"]), (200, &json!("2026-01-01T00:00:00Z")), "{revoked}");
    assert_eq!(t.get_as("/api/admin/customers", &token).await.status, 401);
    t.clock.advance(Duration::from_mins(1));
    let again = call(&t, (Method::DELETE, &path), &t.token, &json!(null)).await;
    assert_eq!(again.json, revoked.json, "the first time counts");
    let unknown = format!("{TOKENS}/{}", "0".repeat(64));
    call(&t, (Method::DELETE, &unknown), &t.token, &json!(null)).await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}

#[tokio::test]
async fn a_token_may_end_by_itself() {
    let t = start().await;
    let body = |end: &str| json!({"name": "a till", "role": "viewer", "expiresAt": end});
    for wrong in ["2026-01-01T00:00:00Z", "tomorrow"] {
        post(&t, TOKENS, &t.token, body(wrong)).await.is_error(400, "VALIDATION_ERROR", &["expiresAt"]);
    }
    let made = post(&t, TOKENS, &t.token, body("2026-01-01T00:01:00Z")).await;
    let token = Secret::new(made.text("/token")).unwrap();
    t.clock.advance(Duration::from_secs(59));
    assert_eq!(t.get_as("/api/admin/customers", &token).await.status, 200);
    t.clock.advance(Duration::from_secs(1));
    assert_eq!(t.get_as("/api/admin/customers", &token).await.status, 401);
    t.finish().await;
}

#[tokio::test]
async fn the_last_owner_stays_an_owner() {
    let t = start().await;
    let one = invite(&t, json!({"email": "one@example.com", "role": "owner"})).await;
    patch(&t, &one, "admin").await.is_error(409, "CONFLICT", &[]);
    remove(&t, &one).await.is_error(409, "CONFLICT", &[]);
    let two = invite(&t, json!({"email": "two@example.com", "role": "viewer"})).await;
    assert_eq!(patch(&t, &two, "owner").await.json["role"], "owner");
    assert_eq!(patch(&t, &one, "viewer").await.json["role"], "viewer");
    patch(&t, &two, "viewer").await.is_error(409, "CONFLICT", &[]);
    assert_eq!(remove(&t, &one).await.status, 200);
    remove(&t, &two).await.is_error(409, "CONFLICT", &[]);
    remove(&t, &one).await.is_error(404, "NOT_FOUND", &[]);
    t.finish().await;
}

/// Both see two owners, and each takes the other's role away.
#[tokio::test]
async fn two_owners_who_demote_each_other_at_once_leave_one() {
    let t = start().await;
    let one = invite(&t, json!({"email": "one@example.com", "role": "owner"})).await;
    let two = invite(&t, json!({"email": "two@example.com", "role": "owner"})).await;
    let (first, second) = futures::join!(patch(&t, &one, "viewer"), remove(&t, &two));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{first} {second}");
    t.finish().await;
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on_and_a_removed_member_is_out() {
    let t = start().await;
    let id = invite(&t, json!({"githubUsername": "johndoe", "role": "viewer"})).await;
    let token = t.sign_in("johndoe").await;
    let new = || json!({"name": "a till", "role": "viewer"});
    post(&t, TOKENS, &token, new()).await.is_error(403, "FORBIDDEN", &[]);
    patch(&t, &id, "admin").await;
    assert_eq!(post(&t, TOKENS, &token, new()).await.status, 201);
    assert_eq!(remove(&t, &id).await.status, 200);
    post(&t, TOKENS, &token, new()).await.is_error(401, "UNAUTHORIZED", &[]);

    // Invited again, it is another membership: the old session is not good again.
    invite(&t, json!({"githubUsername": "johndoe", "role": "owner"})).await;
    post(&t, TOKENS, &token, new()).await.is_error(401, "UNAUTHORIZED", &[]);
    t.finish().await;
}

#[tokio::test]
async fn an_invitation_names_one_person_once() {
    let t = start().await;
    let refused = async |body: Value, fields: &[&str]| {
        post(&t, MEMBERS, &t.token, body).await.is_error(400, "VALIDATION_ERROR", fields);
    };
    refused(json!({"role": "viewer"}), &["email"]).await;
    refused(json!({"role": "viewer", "email": "a@example.com", "githubUsername": "johndoe"}), &["email"]).await;
    refused(json!({"role": "king", "email": "a"}), &["email", "role"]).await;
    refused(json!({"role": "viewer", "githubUsername": "nobody-has-this"}), &["githubUsername"]).await;
    refused(json!({"role": "viewer", "githubUsername": "acme-corp"}), &["githubUsername"]).await;
    for who in
        [json!({"email": "a@example.com", "role": "viewer"}), json!({"githubUsername": "johndoe", "role": "viewer"})]
    {
        invite(&t, who.clone()).await;
        post(&t, MEMBERS, &t.token, who).await.is_error(409, "CONFLICT", &[]);
    }
    let listed = t.get(MEMBERS).await.json;
    assert_eq!((&listed["pagination"]["total"], &listed["members"][0]["signedInAt"]), (&json!(2), &json!(null)));
    t.finish().await;
}

#[tokio::test]
async fn members_of_another_company_are_not_there() {
    let t = start().await;
    let id = invite(&t, json!({"email": "one@example.com", "role": "viewer"})).await;
    let other = t.found_company(2, Role::Owner, None).await;
    let path = format!("{MEMBERS}/{id}");
    call(&t, (Method::PATCH, &path), &other, &json!({"role": "owner"})).await.is_error(404, "NOT_FOUND", &[]);
    call(&t, (Method::DELETE, &path), &other, &json!(null)).await.is_error(404, "NOT_FOUND", &[]);
    assert_eq!(post(&t, MEMBERS, &other, json!({"email": "one@example.com", "role": "viewer"})).await.status, 201);
    assert_eq!(t.get(MEMBERS).await.json["pagination"]["total"], 1);
    t.finish().await;
}
