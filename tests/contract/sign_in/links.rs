//! Signing in by a link that is mailed.

use std::time::Duration;

use journeys::{Answer, TestStack};
use serde_json::{Value, json};

use super::{Browser, invite, is_page, start, start_with};

const VERIFY: &str = "/api/auth/magic-link/verify";

/// Asks for a link, and lets the worker work.
async fn ask(t: &TestStack, email: &str) -> Answer {
    let answer = t.post("/api/auth/magic-link", &json!({"email": email})).await;
    t.settle().await;
    answer
}

/// The paths of all links that were mailed to an address, oldest first.
fn mailed(t: &TestStack, email: &str) -> Vec<String> {
    let messages = t.stack.mail.as_ref().unwrap().to(email);
    let start = format!("{}/api/auth/magic-link?token=", t.stack.url);
    let link = |text: &str| {
        let at = text.find(&start).unwrap_or_else(|| panic!("no link in {text}"));
        text[at..].split_whitespace().next().unwrap().strip_prefix(&t.stack.url).unwrap().to_owned()
    };
    let mut links: Vec<_> = messages.iter().map(|message| (message.at, link(&message.text))).collect();
    links.sort();
    links.into_iter().map(|(_, link)| link).collect()
}

async fn newest(t: &TestStack, email: &str) -> String {
    t.clock.advance(Duration::from_secs(1));
    assert_eq!(ask(t, email).await.status, 202);
    mailed(t, email).pop().unwrap()
}

fn token(link: &str) -> Value {
    json!({"token": link.split_once("token=").unwrap().1})
}

async fn clerk() -> TestStack {
    let t = start().await;
    invite(&t, json!({"email": "clerk@example.com", "role": "viewer"})).await;
    t
}

#[tokio::test]
async fn members_and_strangers_are_answered_alike_and_only_members_get_a_letter() {
    let t = clerk().await;
    let member = ask(&t, "Clerk@example.com").await;
    let stranger = ask(&t, "stranger@example.com").await;
    assert_eq!((member.status, &member.body), (202, &stranger.body));
    assert_eq!(stranger.status, 202);
    assert_eq!(t.stack.mail.as_ref().unwrap().messages().len(), 1);
    t.post("/api/auth/magic-link", &json!({"email": "x", "next": "//evil"})).await.is_error(
        400,
        "VALIDATION_ERROR",
        &["email", "next"],
    );
    t.finish().await;
}

#[tokio::test]
async fn looking_at_the_page_uses_nothing_up_and_the_button_signs_in_once() {
    let t = clerk().await;
    let link = newest(&t, "clerk@example.com").await;
    for _ in 0..3 {
        let page = Browser::new(&t).get(&link).await;
        is_page(&page, 200);
        assert!(String::from_utf8_lossy(&page.body).contains("action=\"/api/auth/magic-link/verify\""));
    }
    let mut browser = Browser::new(&t);
    let form = link.split_once('?').unwrap().1;
    let answer = browser.submit(VERIFY, form, "same-origin").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/api/auth/me"), "{answer}");
    assert_eq!(browser.me().await.json["user"]["email"], "clerk@example.com");
    is_page(&Browser::new(&t).submit(VERIFY, form, "same-origin").await, 400);
    t.post(VERIFY, &token(&link)).await.is_error(400, "VALIDATION_ERROR", &["token"]);
    t.finish().await;
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let t = clerk().await;
    let link = newest(&t, "clerk@example.com").await;
    let form = link.split_once('?').unwrap().1;
    for site in ["cross-site", "same-site", "none"] {
        is_page(&Browser::new(&t).submit(VERIFY, form, site).await, 403);
    }
    let answer = t.post(VERIFY, &token(&link)).await;
    assert_eq!(answer.status, 200, "it was not used up: {answer}");
    assert_eq!(answer.header("set-cookie"), "");
    t.finish().await;
}

#[tokio::test]
async fn a_newer_link_makes_the_older_worthless() {
    let t = clerk().await;
    let old = newest(&t, "clerk@example.com").await;
    let new = newest(&t, "CLERK@example.com").await;
    assert_ne!(old, new);
    t.post(VERIFY, &token(&old)).await.is_error(400, "VALIDATION_ERROR", &["token"]);
    assert_eq!(t.post(VERIFY, &token(&new)).await.status, 200, "trying the old one does not harm the new");
    t.finish().await;
}

#[tokio::test]
async fn a_link_is_good_for_fifteen_minutes() {
    let t = clerk().await;
    for (minutes, good) in [(14, true), (15, false), (16, false)] {
        let link = newest(&t, "clerk@example.com").await;
        t.clock.advance(Duration::from_mins(minutes));
        let answer = t.post(VERIFY, &token(&link)).await;
        assert_eq!(answer.status == 200, good, "{minutes} minutes: {answer}");
    }
    t.finish().await;
}

#[tokio::test]
async fn garbage_is_no_link() {
    let t = clerk().await;
    for garbage in ["", "x", &"g".repeat(96), &"A".repeat(96), &"a".repeat(97)] {
        is_page(&Browser::new(&t).get(&format!("/api/auth/magic-link?token={garbage}")).await, 400);
        t.post(VERIFY, &json!({"token": garbage})).await.is_error(400, "VALIDATION_ERROR", &["token"]);
    }
    t.post(VERIFY, &json!({"token": "a".repeat(96)})).await.is_error(400, "VALIDATION_ERROR", &["token"]);
    t.finish().await;
}

#[tokio::test]
async fn a_mailbox_gets_three_links_an_hour_and_nobody_learns_that_it_has_had_them() {
    let t = clerk().await;
    let answers = [(); 5].map(|()| ask(&t, "clerk@example.com"));
    let mut bodies = Vec::new();
    for answer in answers {
        let answer = answer.await;
        bodies.push((answer.status, answer.body, answer.headers.get("x-ratelimit-limit").cloned()));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!(mailed(&t, "clerk@example.com").len(), 3);
    t.finish().await;
}

#[tokio::test]
async fn the_first_owner_may_be_an_address() {
    let t = start_with("owner@example.com").await;
    let link = newest(&t, "Owner@example.com").await;
    let answer = t.post(VERIFY, &token(&link)).await;
    assert_eq!((answer.status, &answer.json["user"]["role"]), (200, &json!("owner")), "{answer}");
    let again = newest(&t, "owner@example.com").await;
    assert_eq!(t.post(VERIFY, &token(&again)).await.json["user"]["id"], answer.json["user"]["id"]);
    t.finish().await;
}

#[tokio::test]
async fn a_link_that_outlives_the_membership_opens_nothing() {
    let t = start().await;
    let id = invite(&t, json!({"email": "clerk@example.com", "role": "viewer"})).await;
    let link = newest(&t, "clerk@example.com").await;
    let removal = (http::Method::DELETE, &*format!("/api/admin/members/{id}"));
    assert_eq!(super::call(&t, removal, &t.token, &json!(null)).await.status, 200);
    t.post(VERIFY, &token(&link)).await.is_error(403, "FORBIDDEN", &[]);
    t.finish().await;
}
