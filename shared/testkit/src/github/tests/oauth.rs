//! What it promises those who sign in, told by our own client.

use std::time::Duration;

use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clients::{GithubOAuth, Http, OAuthError};
use domain::{SecretSource, text::Email};
use reqwest::Url;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{World, call, serve};
use crate::github::{OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET};

const BACK: &str = "http://127.0.0.1:4321/api/auth/github/callback";
const VERIFIER: &str = "a-code-verifier-of-at-least-forty-three-characters";

async fn client(world: &World, secret: &str) -> GithubOAuth {
    let url = serve(world.sandbox.router()).await;
    let credentials = json!({ "client_id": OAUTH_CLIENT_ID, "client_secret": secret }).to_string();
    let http = Http::new(Duration::from_secs(3), Duration::from_secs(10));
    GithubOAuth::new(http, url.clone(), url, SecretSource::fixed("oauth", &credentials), world.time.clock())
}

/// A code, of somebody who agreed.
async fn code(world: &World, oauth: &GithubOAuth, login: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let asked = oauth.authorize_url("the state", &challenge, BACK).await.unwrap();
    let back = Url::parse(&world.sandbox.sign_in(&asked, login).unwrap()).unwrap();
    assert!(back.as_str().starts_with(BACK));
    let field = |name| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(field("state"), "the state");
    field("code")
}

fn reason(error: OAuthError) -> String {
    match error {
        OAuthError::Refused { reason } | OAuthError::Misconfigured { reason } => reason,
        OAuthError::Unavailable(_) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_code_becomes_a_token_that_says_who_it_is() {
    let world = World::new();
    let oauth = client(&world, OAUTH_CLIENT_SECRET).await;
    let code = code(&world, &oauth, "johndoe").await;
    let token = oauth.exchange(&code, VERIFIER, BACK).await.unwrap();
    let user = oauth.user(&token).await.unwrap();
    assert_eq!((user.id.0, user.login.as_str()), (world.sandbox.user_id("johndoe").unwrap(), "johndoe"));
    let email = async || oauth.verified_email(&token).await.unwrap();
    assert_eq!(email().await, Some(Email::parse("johndoe@example.com").unwrap()));
    world
        .sandbox
        .set_emails("johndoe", &[("other@example.com", false, true), ("main@example.com", true, false)])
        .unwrap();
    assert_eq!(email().await, None);
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_and_for_its_verifier() {
    let world = World::new();
    let oauth = client(&world, OAUTH_CLIENT_SECRET).await;
    let first = code(&world, &oauth, "johndoe").await;
    oauth.exchange(&first, VERIFIER, BACK).await.unwrap();
    assert_eq!(reason(oauth.exchange(&first, VERIFIER, BACK).await.unwrap_err()), "bad_verification_code");
    let stolen = code(&world, &oauth, "johndoe").await;
    assert_eq!(reason(oauth.exchange(&stolen, "another", BACK).await.unwrap_err()), "bad_verification_code");
    assert!(oauth.exchange(&stolen, VERIFIER, BACK).await.is_err(), "it is spent");
    let led_astray = code(&world, &oauth, "johndoe").await;
    let elsewhere = "https://elsewhere.example/";
    assert_eq!(reason(oauth.exchange(&led_astray, VERIFIER, elsewhere).await.unwrap_err()), "redirect_uri_mismatch");
    let old = code(&world, &oauth, "johndoe").await;
    world.time.pass(600);
    assert_eq!(reason(oauth.exchange(&old, VERIFIER, BACK).await.unwrap_err()), "bad_verification_code");

    let stranger = client(&world, "a wrong secret").await;
    let code = code(&world, &oauth, "johndoe").await;
    let refused = stranger.exchange(&code, VERIFIER, BACK).await.unwrap_err();
    assert_eq!(reason(refused), "incorrect_client_credentials");
    assert!(world.sandbox.sign_in("http://localhost/login/oauth/authorize?client_id=other", "johndoe").is_err());
}

#[tokio::test]
async fn the_page_asks_who_one_is_and_sends_back() {
    let world = World::new();
    let oauth = client(&world, OAUTH_CLIENT_SECRET).await;
    let asked = oauth.authorize_url("\"><script>", &"c".repeat(43), BACK).await.unwrap();
    let asked = Url::parse(&asked).unwrap();
    let router = world.sandbox.router();
    let page = Request::get(format!("{}?{}", asked.path(), asked.query().unwrap())).body(Body::empty()).unwrap();
    let page = call(&router, page).await;
    assert!(page.text.contains("Sign in as janedoe") && !page.text.contains("<script>"), "{}", page.text);
    assert!(!page.text.contains("Sign in as acme-corp"));

    for (answer, expected) in [("login=janedoe", "code=sandbox"), ("cancel=yes", "error=access_denied")] {
        let form = format!("{}&{answer}", asked.query().unwrap());
        let sent = call(&router, Request::post(asked.path()).body(Body::from(form)).unwrap()).await;
        assert_eq!(sent.status, 302);
        let back = sent.header("location");
        assert!(back.starts_with(&format!("{BACK}?{expected}")) && back.contains("state=%22%3E%3Cscript%3E"), "{back}");
    }
    let bare = Request::post("/login/oauth/access_token").body(Body::from("client_id=other")).unwrap();
    assert_eq!(call(&router, bare).await.text, "error=Not+Found", "JSON only for those who ask for it");
    let other = Request::get("/login/oauth/authorize?client_id=other").body(Body::empty()).unwrap();
    assert_eq!(call(&router, other).await.status, 404);
}

#[tokio::test]
async fn who_signed_in_may_do_nothing_else_with_the_token() {
    let world = World::new();
    let oauth = client(&world, OAUTH_CLIENT_SECRET).await;
    let form = format!(
        "client_id={OAUTH_CLIENT_ID}&client_secret={OAUTH_CLIENT_SECRET}&code={}&code_verifier={VERIFIER}",
        code(&world, &oauth, "ctrimm").await
    );
    let request = Request::post("/login/oauth/access_token").header("accept", "application/json");
    let made = call(&world.sandbox.router(), request.body(Body::from(form)).unwrap()).await.json();
    let token = made["access_token"].as_str().unwrap();
    let get = async |path: &str, token: &str| world.call("GET", path, token, json!(null)).await.status.as_u16();
    assert_eq!(get("/user", token).await, 200);
    assert_eq!(get("/repos/ctrimm/premium-theme", token).await, 404);
    assert_eq!(get("/user", "gho_made_up").await, 401);
    assert_eq!(get("/user", "github_pat_synthetic").await, 403);
}
