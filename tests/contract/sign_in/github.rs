//! Signing in with GitHub.

use std::time::Duration;

use domain::member::Identity;
use serde_json::json;

use super::{Browser, by_program, code_and_state, invite, is_page, start, start_with};

#[tokio::test]
async fn the_first_owner_signs_in_and_everybody_else_is_refused() {
    let t = start().await;
    let mut owner = Browser::new(&t);
    let answer = owner.sign_in("ctrimm").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/api/auth/me"), "{answer}");
    let me = owner.me().await.json;
    assert_eq!(
        (&me["role"], &me["company"], &me["user"]["githubUsername"]),
        (&json!("owner"), &json!(1), &json!("ctrimm"))
    );
    assert_eq!(me["user"]["email"], "ctrimm@example.com", "primary and verified");

    let mut stranger = Browser::new(&t);
    is_page(&stranger.sign_in("johndoe").await, 403);
    stranger.me().await.is_error(401, "UNAUTHORIZED", &[]);
    let back = stranger.go_to_github("johndoe").await;
    by_program(&mut stranger, &back).await.is_error(403, "FORBIDDEN", &[]);
    t.finish().await;
}

#[tokio::test]
async fn once_there_is_a_member_nobody_becomes_the_first_owner() {
    let t = start_with("janedoe").await;
    invite(&t, json!({"githubUsername": "johndoe", "role": "viewer"})).await;
    is_page(&Browser::new(&t).sign_in("janedoe").await, 403);
    t.finish().await;
}

#[tokio::test]
async fn a_program_gets_a_token_for_thirty_days() {
    let t = start().await;
    let mut program = Browser::new(&t);
    let back = program.go_to_github("ctrimm").await;
    let answer = by_program(&mut program, &back).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.json["expiresAt"], "2026-01-31T00:00:00Z");
    assert_eq!(answer.json["user"]["role"], "owner");
    assert!(!program.cookies.contains_key("tollgate"), "a program gets no cookie");
    let token = domain::Secret::new(answer.text("/token")).unwrap();
    assert_eq!(t.get_as("/api/admin/customers", &token).await.status, 200);
    t.finish().await;
}

/// Login CSRF: an attacker has the victim's browser finish the attacker's own sign-in.
#[tokio::test]
async fn a_state_of_another_browser_is_refused_and_not_used_up() {
    let t = start().await;
    let (mut attacker, mut victim) = (Browser::new(&t), Browser::new(&t));
    let back = attacker.go_to_github("ctrimm").await;
    is_page(&victim.get(&back).await, 400);
    by_program(&mut victim, &back).await.is_error(400, "VALIDATION_ERROR", &["state"]);
    victim.go_to_github("ctrimm").await;
    is_page(&victim.get(&back).await, 400);
    assert!(!victim.cookies.contains_key("tollgate"));
    assert_eq!(attacker.get(&back).await.status, 303, "it was not used up");
    t.finish().await;
}

#[tokio::test]
async fn a_state_is_good_once_and_for_ten_minutes() {
    let t = start().await;
    let mut browser = Browser::new(&t);
    let back = browser.go_to_github("ctrimm").await;
    let cookies = browser.cookies.clone();
    assert_eq!(browser.get(&back).await.status, 303);
    browser.cookies = cookies;
    is_page(&browser.get(&back).await, 400);

    let back = browser.go_to_github("ctrimm").await;
    t.clock.advance(Duration::from_mins(10));
    is_page(&browser.get(&back).await, 400);
    t.finish().await;
}

/// A code that was stolen is worth nothing without the verifier that only we know.
#[tokio::test]
async fn a_code_of_another_sign_in_is_refused() {
    let t = start().await;
    let (mut one, mut two) = (Browser::new(&t), Browser::new(&t));
    let stolen = code_and_state(&one.go_to_github("ctrimm").await).0;
    let own = two.go_to_github("ctrimm").await;
    let mixed = own.replace(&code_and_state(&own).0, &stolen);
    by_program(&mut two, &mixed).await.is_error(400, "VALIDATION_ERROR", &["code"]);
    t.finish().await;
}

#[tokio::test]
async fn only_the_primary_verified_address_is_believed() {
    let t = start().await;
    let id = invite(&t, json!({"email": "jane@corp.example", "role": "admin"})).await;
    for emails in [
        [("jane@corp.example", true, false), ("jane@home.example", false, true)],
        [("jane@corp.example", false, true), ("jane@home.example", true, true)],
    ] {
        t.github().set_emails("janedoe", &emails).unwrap();
        is_page(&Browser::new(&t).sign_in("janedoe").await, 403);
    }
    t.github().set_emails("janedoe", &[("Jane@Corp.example", true, true)]).unwrap();
    let mut jane = Browser::new(&t);
    assert_eq!(jane.sign_in("janedoe").await.status, 303);
    assert_eq!(jane.me().await.json["user"]["id"], *id);

    // From now on it is the account that signs in, not its address, and no other account by the same address.
    t.github().set_emails("janedoe", &[("jane@home.example", true, true)]).unwrap();
    assert_eq!(Browser::new(&t).sign_in("janedoe").await.status, 303);
    t.github().set_emails("johndoe", &[("jane@corp.example", true, true)]).unwrap();
    is_page(&Browser::new(&t).sign_in("johndoe").await, 403);
    t.finish().await;
}

#[tokio::test]
async fn an_invited_account_stays_itself_when_its_name_goes_to_somebody_else() {
    let t = start().await;
    let id = invite(&t, json!({"githubUsername": "JaneDoe", "role": "viewer"})).await;
    t.github().rename_user("janedoe", "jane-the-great").unwrap();
    t.github().add_user("janedoe");
    is_page(&Browser::new(&t).sign_in("janedoe").await, 403);
    let mut jane = Browser::new(&t);
    assert_eq!(jane.sign_in("jane-the-great").await.status, 303);
    let me = jane.me().await.json;
    assert_eq!((&me["user"]["id"], &me["user"]["githubUsername"]), (&json!(id), &json!("jane-the-great")));
    t.finish().await;
}

#[tokio::test]
async fn next_stays_with_us() {
    let t = start().await;
    let mut browser = Browser::new(&t);
    for evil in
        ["https://evil.example", "//evil.example", "/%5cevil.example", "/@evil.example", "/a%0d%0aSet-Cookie:%20a=b"]
    {
        let answer = browser.get(&format!("/api/auth/github?next={evil}")).await;
        answer.is_error(400, "VALIDATION_ERROR", &["next"]);
    }
    let answer = browser.get("/api/auth/github?next=/customers?page=2").await;
    let back = t.github().sign_in(answer.header("location"), "ctrimm").unwrap();
    let answer = browser.get(back.strip_prefix(&t.stack.url).unwrap()).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/customers?page=2"));
    t.finish().await;
}

#[tokio::test]
async fn who_does_not_agree_at_github_is_told_so() {
    let t = start().await;
    let mut browser = Browser::new(&t);
    let state = code_and_state(&browser.go_to_github("ctrimm").await).1;
    is_page(&browser.get(&format!("/api/auth/github/callback?error=access_denied&state={state}")).await, 403);
    for garbage in ["", "?code=x", "?state=", "?state=x&code=y"] {
        is_page(&browser.get(&format!("/api/auth/github/callback{garbage}")).await, 400);
    }
    t.finish().await;
}

#[tokio::test]
async fn an_address_that_belongs_to_another_member_is_not_learned() {
    let t = start().await;
    let other = invite(&t, json!({"email": "ctrimm@example.com", "role": "viewer"})).await;
    invite(&t, json!({"githubUsername": "ctrimm", "role": "admin"})).await;
    let token = t.sign_in("ctrimm").await;
    let me = t.get_as("/api/auth/me", &token).await.json;
    assert_eq!((&me["role"], &me["user"]["email"]), (&json!("admin"), &json!(null)));
    let address = Identity::Email(domain::text::Email::parse("ctrimm@example.com").unwrap());
    let found = t.stack.store.memberships(&address).await.unwrap();
    assert_eq!(found.iter().map(|it| it.member.to_string()).collect::<Vec<_>>(), [other]);
    t.finish().await;
}
