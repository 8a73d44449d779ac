//! The client as a GitHub App, against a double on the loopback.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Clock, SecretSource};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls_pki_types::{PrivatePkcs1KeyDer, pem::PemObject};
use serde_json::{Value, json};

use super::{NOW, client, octocat, time};
use crate::{
    github::{Github, GithubErrorKind},
    loopback::{Loopback, Reply, http},
};

pub(super) const PKCS1: &str = include_str!("../../../testdata/app-key.pkcs1.pem");
const PKCS8: &str = include_str!("../../../testdata/app-key.pkcs8.pem");

/// GitHub as an App sees it: installed on acme/widgets, whose tokens are named after their order and live an hour.
pub(super) async fn app_double() -> Loopback {
    let made = Arc::new(AtomicI64::new(0));
    Loopback::start(move |seen| match seen.path.as_str() {
        "/repos/acme/widgets/installation" | "/repositories/9/installation" => Reply::json(200, &json!({ "id": 42 })),
        "/app/installations" => Reply::json(
            200,
            &json!([{ "id": 41, "suspended_at": "2026-01-01T00:00:00Z" }, { "id": 42, "suspended_at": null }]),
        ),
        "/app/installations/42/access_tokens" => {
            let token = format!("ghs_test_{}", made.fetch_add(1, Ordering::SeqCst));
            Reply::json(201, &json!({ "token": token, "expires_at": time(NOW + 3600).to_string() }))
        }
        "/repositories/9" => {
            let owner = json!({ "login": "acme", "type": "Organization" });
            Reply::json(200, &json!({ "id": 9, "name": "widgets", "owner": owner }))
        }
        "/users/octocat" => Reply::json(200, &octocat()),
        "/repos/acme/widgets/invitations/401" => Reply::empty(401),
        "/repos/acme/widgets/invitations/7" => Reply::empty(204),
        _ => Reply::empty(404),
    })
    .await
}

pub(super) fn app_credentials(private_key: &str) -> String {
    json!({ "app_id": "12345", "private_key": private_key }).to_string()
}

pub(super) fn bearers(server: &Loopback, path: &str) -> Vec<String> {
    let requests = server.seen().into_iter().filter(|seen| seen.path == path);
    requests.map(|seen| seen.header("authorization").replace("Bearer ", "")).collect()
}

#[tokio::test]
async fn an_app_proves_its_identity_and_acts_with_a_narrow_token() {
    for pem in [PKCS1, PKCS8] {
        let server = app_double().await;
        let github = client(&server, &app_credentials(pem));
        github.delete_invitation("acme", "widgets", 7).await.expect("deleted");

        let expected = [
            "GET /repos/acme/widgets/installation",
            "POST /app/installations/42/access_tokens",
            "DELETE /repos/acme/widgets/invitations/7",
        ];
        assert_eq!(server.calls(), expected);
        let narrowed = json!({
            "repositories": ["widgets"],
            "permissions": { "administration": "write", "metadata": "read" },
        });
        assert_eq!(server.seen()[1].json(), narrowed);
        assert_eq!(bearers(&server, "/repos/acme/widgets/invitations/7"), ["ghs_test_0"]);
        for seen in &server.seen()[..2] {
            let jwt = seen.header("authorization").replace("Bearer ", "");
            assert_eq!(claims_of_valid(&jwt), json!({ "iss": "12345", "iat": NOW - 60, "exp": NOW + 540 }));
        }
    }
}

/// The claims of a JWT whose signature is good.
fn claims_of_valid(jwt: &str) -> Value {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let (signed, signature) = jwt.rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let header: Value = serde_json::from_slice(&decode(header)).expect("JSON");
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT" }));

    let der = PrivatePkcs1KeyDer::from_pem_slice(PKCS1.as_bytes()).expect("a key");
    let key = ring::rsa::KeyPair::from_der(der.secret_pkcs1_der()).expect("an RSA key");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public());
    public.verify(signed.as_bytes(), &decode(signature)).expect("a good signature");
    serde_json::from_slice(&decode(claims)).expect("JSON")
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let server = app_double().await;
    let now = Arc::new(AtomicI64::new(NOW));
    let hand = Arc::clone(&now);
    let clock = Clock::new(move || time(hand.load(Ordering::SeqCst)));
    let credentials = SecretSource::fixed("github", &app_credentials(PKCS1));
    let github = Github::new(http(), server.url(""), credentials, clock);
    for later in [0, 3299, 3300] {
        now.store(NOW + later, Ordering::SeqCst);
        github.clone().delete_invitation("acme", "widgets", 7).await.expect("deleted");
    }
    let tokens = bearers(&server, "/repos/acme/widgets/invitations/7");
    assert_eq!(tokens, ["ghs_test_0", "ghs_test_0", "ghs_test_1"]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_not_used_again() {
    let server = app_double().await;
    let github = client(&server, &app_credentials(PKCS1));
    let error = github.delete_invitation("acme", "widgets", 401).await.expect_err("refused");
    assert!(matches!(error.kind, GithubErrorKind::Unauthorized));
    github.delete_invitation("acme", "widgets", 7).await.expect("deleted");
    assert_eq!(bearers(&server, "/repos/acme/widgets/invitations/7"), ["ghs_test_1"]);
}

#[tokio::test]
async fn an_app_looks_up_accounts_with_any_token_it_has() {
    let server = app_double().await;
    let github = client(&server, &app_credentials(PKCS1));
    github.account_by_login("octocat").await.expect("found");
    github.account_by_login("octocat").await.expect("found");
    assert_eq!(server.seen()[1].json(), json!({ "permissions": { "metadata": "read" } }));
    assert_eq!(bearers(&server, "/users/octocat"), ["ghs_test_0", "ghs_test_0"]);

    let server = app_double().await;
    let github = client(&server, &app_credentials(PKCS1));
    github.delete_invitation("acme", "widgets", 7).await.expect("deleted");
    github.account_by_login("octocat").await.expect("found");
    assert_eq!(bearers(&server, "/users/octocat"), ["ghs_test_0"]);
}

#[tokio::test]
async fn an_app_that_is_installed_nowhere_looks_up_accounts_anonymously() {
    let server = Loopback::start(|seen| match seen.path.as_str() {
        "/app/installations" => Reply::json(200, &json!([])),
        _ => Reply::json(200, &octocat()),
    })
    .await;
    let github = client(&server, &app_credentials(PKCS1));
    assert!(github.account_by_login("octocat").await.expect("found").is_some());
    assert_eq!(bearers(&server, "/users/octocat"), [""]);
}

#[tokio::test]
async fn where_the_app_is_not_installed_nothing_counts_as_done() {
    let server = app_double().await;
    let github = client(&server, &app_credentials(PKCS1));
    assert!(!github.repository_exists("acme", "other").await.expect("an answer"));
    for error in [
        github.delete_invitation("acme", "other", 7).await.expect_err("not done"),
        github.remove_collaborator("acme", "other", "octocat").await.expect_err("not done"),
        github.is_collaborator("acme", "other", "octocat").await.map(drop).expect_err("not known"),
    ] {
        assert!(matches!(error.kind, GithubErrorKind::NotFound), "{error:?}");
    }
}
