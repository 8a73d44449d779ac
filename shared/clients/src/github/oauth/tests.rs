//! Signing in against a double on the loopback.

use domain::{Clock, GithubUserId, SecretSource, Timestamp, text::Email};
use serde_json::{Value, json};

use super::{AccessToken, GithubOAuth, OAuthError};
use crate::{
    github::GithubErrorKind,
    loopback::{Loopback, Reply, Seen, http},
};

const CREDENTIALS: &str = r#"{"client_id": "Iv1.synthetic", "client_secret": "hush & hush"}"#;
const BACK: &str = "https://shop.example/api/auth/github/callback?a=1";

fn client(server: &Loopback, credentials: &str) -> GithubOAuth {
    let clock = Clock::fixed(Timestamp::from_second(1_790_000_000).expect("a time"));
    let credentials = SecretSource::fixed("oauth", credentials);
    GithubOAuth::new(http(), server.url(""), server.url("/api"), credentials, clock)
}

async fn answering(reply: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static) -> (Loopback, GithubOAuth) {
    let server = Loopback::start(reply).await;
    let oauth = client(&server, CREDENTIALS);
    (server, oauth)
}

async fn exchanged(status: u16, body: Value) -> Result<AccessToken, OAuthError> {
    let (_server, oauth) = answering(move |_| Reply::json(status, &body)).await;
    oauth.exchange("code", "verifier", BACK).await
}

/// A token, and a GitHub whose API answers like this.
async fn signed_in(
    reply: impl Fn(&Seen) -> Reply + Clone + Send + Sync + 'static,
) -> (Loopback, GithubOAuth, AccessToken) {
    let (server, oauth) = answering(move |seen| match seen.path.as_str() {
        "/login/oauth/access_token" => Reply::json(200, &json!({ "access_token": "gho_test", "token_type": "bearer" })),
        _ => reply(seen),
    })
    .await;
    let token = oauth.exchange("code", "verifier", BACK).await.expect("a token");
    (server, oauth, token)
}

#[tokio::test]
async fn the_browser_is_sent_with_a_state_and_a_challenge_and_without_the_secret() {
    let (server, oauth) = answering(|_| Reply::empty(500)).await;
    let url = oauth.authorize_url("st&te", "chall_enge-", BACK).await.expect("an address");
    let query = url.strip_prefix(&server.url("/login/oauth/authorize?")).expect("GitHub's page");
    assert_eq!(
        query,
        "client_id=Iv1.synthetic\
         &redirect_uri=https%3A%2F%2Fshop.example%2Fapi%2Fauth%2Fgithub%2Fcallback%3Fa%3D1\
         &scope=read%3Auser+user%3Aemail&state=st%26te&code_challenge=chall_enge-&code_challenge_method=S256"
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_code_is_exchanged_together_with_its_verifier() {
    let (server, oauth, token) = signed_in(|_| Reply::json(200, &json!({ "id": 583_231, "login": "octocat" }))).await;
    let user = oauth.user(&token).await.expect("a user");
    assert_eq!((user.id, user.login.as_str(), user.avatar_url.as_str()), (GithubUserId(583_231), "octocat", ""));

    assert_eq!(server.calls(), ["POST /login/oauth/access_token", "GET /api/user"]);
    let [exchange, user] = &server.seen()[..] else { panic!("two calls") };
    assert_eq!(exchange.header("accept"), "application/json");
    assert!(exchange.body.contains("client_secret=hush+%26+hush&code=code&code_verifier=verifier&redirect_uri=https"));
    assert_eq!(user.header("authorization"), "Bearer gho_test");
    assert_eq!(user.header("x-github-api-version"), "2022-11-28");
}

#[tokio::test]
async fn a_refusal_with_status_200_is_a_refusal() {
    for (status, error) in [(200, "bad_verification_code"), (400, "invalid_grant"), (200, "unverified_user_email")] {
        let body = json!({ "error": error, "error_description": "The code passed is incorrect or expired." });
        let refused = exchanged(status, body).await.expect_err("refused");
        assert!(matches!(&refused, OAuthError::Refused { reason } if reason == error), "{refused:?}");
    }
    let odd = exchanged(200, json!({ "error": "<script>" })).await.expect_err("refused");
    assert!(matches!(&odd, OAuthError::Refused { reason } if reason == "without a reason"), "{odd:?}");
}

#[tokio::test]
async fn wrong_settings_of_ours_are_not_blamed_on_the_person() {
    for (status, error) in [(200, "incorrect_client_credentials"), (200, "redirect_uri_mismatch"), (404, "Not Found")] {
        let refused = exchanged(status, json!({ "error": error })).await.expect_err("refused");
        assert!(matches!(&refused, OAuthError::Misconfigured { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn outages_and_nonsense_make_github_unavailable() {
    let answers = [
        (500, json!({ "error": "bad_verification_code" })),
        (429, json!({ "error": "slow_down" })),
        (200, json!({})),
        (200, json!({ "access_token": "" })),
        (200, json!({ "access_token": "two\nlines" })),
    ];
    for (status, body) in answers {
        let error = exchanged(status, body).await.expect_err("no token");
        assert!(matches!(&error, OAuthError::Unavailable(_)), "{error:?}");
    }
    let (_server, oauth, token) = signed_in(|_| Reply::empty(502)).await;
    assert!(matches!(oauth.user(&token).await, Err(OAuthError::Unavailable(_))));
    assert!(matches!(oauth.verified_email(&token).await, Err(OAuthError::Unavailable(_))));
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_a_refusal() {
    let (_server, oauth, token) = signed_in(|_| Reply::json(401, &json!({ "message": "Bad credentials" }))).await;
    assert!(matches!(oauth.user(&token).await, Err(OAuthError::Refused { .. })));
    assert!(matches!(oauth.verified_email(&token).await, Err(OAuthError::Refused { .. })));
}

#[tokio::test]
async fn only_the_primary_address_is_believed_and_only_if_it_is_verified() {
    let address = |email: &str, primary: bool, verified: bool| json!({ "email": email, "primary": primary, "verified": verified, "visibility": null });
    let cases = [
        (json!([address("b@example.com", false, true), address("a@example.com", true, true)]), Some("a@example.com")),
        (json!([address("b@example.com", false, true), address("a@example.com", true, false)]), None),
        (json!([address("b@example.com", false, true)]), None),
        (json!([address("not an address", true, true)]), None),
        (json!([]), None),
    ];
    for (list, expected) in cases {
        let (_server, oauth, token) = signed_in(move |_| Reply::json(200, &list)).await;
        let email = oauth.verified_email(&token).await.expect("an answer");
        assert_eq!(email.as_ref().map(Email::as_str), expected);
    }
}

#[tokio::test]
async fn who_hides_addresses_has_none_but_a_rate_limit_is_no_answer() {
    for status in [403, 404] {
        let (_server, oauth, token) = signed_in(move |_| Reply::json(status, &json!({ "message": "No" }))).await;
        assert_eq!(oauth.verified_email(&token).await.expect("an answer"), None);
    }
    let (_server, oauth, token) = signed_in(|_| Reply::empty(403).with("retry-after", "60")).await;
    assert!(matches!(oauth.verified_email(&token).await, Err(OAuthError::Unavailable(_))));
}

#[tokio::test]
async fn credentials_that_are_missing_or_blank_make_no_call_and_appear_nowhere() {
    let blank = r#"{"client_id": "hush", "client_secret": " "}"#;
    for credentials in ["", "hush", r#"{"client_id": "hush"}"#, blank] {
        let server = Loopback::start(|_| Reply::empty(500)).await;
        let oauth = client(&server, credentials);
        let error = oauth.exchange("code", "verifier", BACK).await.expect_err("no credentials");
        assert!(oauth.authorize_url("state", "challenge", BACK).await.is_err());
        let OAuthError::Unavailable(cause) = &error else { panic!("{error:?}") };
        let unreadable =
            matches!(cause.kind, GithubErrorKind::Credentials(_) | GithubErrorKind::UnusableCredentials(_));
        assert!(unreadable && !format!("{error:?} {oauth:?}").contains("hush"), "{error:?}");
        assert!(server.seen().is_empty());
    }
}
