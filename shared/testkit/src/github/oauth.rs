//! Signing in with GitHub: the page that asks who one is, the exchange of codes, and what a token's owner may see.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::Context;
use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{OriginalUri, State as Shared},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use jiff::ToSpan;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Sandbox,
    gate::{Call, Caller, refuse, secondary},
    objects,
    rest::{Answered, missing, ok},
    state::{Address, Kind, State},
};
use crate::sandbox::{Answer, Refusals, escape, page, pairs, prefix, suffer, value};

/// The only OAuth App that the sandbox knows.
pub const OAUTH_CLIENT_ID: &str = "Iv1.sandbox";
/// Its secret.
pub const OAUTH_CLIENT_SECRET: &str = "sandbox-only-client-secret";

const LABEL: &str = "GitHub sandbox — not GitHub";
/// How long a code is good for.
const CODE_MINUTES: i64 = 10;

/// Who is about to sign in, and who did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct SignIns {
    codes: BTreeMap<String, Code>,
    pub tokens: BTreeMap<String, Grant>,
}

/// What a person let the App do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub user: u64,
    pub scopes: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    /// Unpadded base64url of the verifier's SHA-256; empty without PKCE.
    challenge: String,
    ends_at: Timestamp,
}

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new()
        .route("/login/oauth/authorize", get(ask).post(authorize))
        .route("/login/oauth/access_token", post(exchange))
        .with_state(sandbox.clone())
}

/// Of the API: what a token's owner may see.
pub(super) fn routes() -> Router<Sandbox> {
    Router::new().route("/user", get(user)).route("/user/emails", get(emails))
}

impl Sandbox {
    /// What happens when `login` agrees at the address that a browser was sent to: where the browser is sent back to.
    ///
    /// # Errors
    /// When there is no such user, or the address is not one that GitHub would take.
    pub fn sign_in(&self, authorize_url: &str, login: &str) -> anyhow::Result<String> {
        let query: Vec<(String, String)> = Url::parse(authorize_url)?.query_pairs().into_owned().collect();
        self.agree(&query, login)
    }

    /// Sets the addresses of an account: each with whether it is primary, and whether it is verified. Until then it has
    /// one that is both, `<login>@example.com`.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn set_emails(&self, login: &str, emails: &[(&str, bool, bool)]) -> anyhow::Result<()> {
        let address = |&(email, primary, verified): &(&str, bool, bool)| {
            let email = email.to_owned();
            Address { email, primary, verified }
        };
        self.change(|state| {
            let account = state.account(login);
            let account = account.and_then(|id| state.accounts.get_mut(&id));
            account.context("no such account")?.emails = emails.iter().map(address).collect();
            Ok(())
        })
    }

    fn agree(&self, query: &[(String, String)], login: &str) -> anyhow::Result<String> {
        check(query)?;
        let ends_at = self.now().checked_add(CODE_MINUTES.minutes())?;
        let mut back = Url::parse(value(query, "redirect_uri"))?;
        self.change(|state| {
            let user = state.account(login).context("no such account")?;
            anyhow::ensure!(state.accounts[&user].kind == Kind::User, "an organisation cannot sign in");
            let text = format!("sandbox{:013x}", state.new_id());
            let code = Code {
                grant: Grant { user, scopes: value(query, "scope").to_owned() },
                redirect_uri: value(query, "redirect_uri").to_owned(),
                challenge: value(query, "code_challenge").to_owned(),
                ends_at,
            };
            back.query_pairs_mut().append_pair("code", &text).append_pair("state", value(query, "state"));
            state.sign_ins.codes.insert(text, code);
            Ok(back.to_string())
        })
    }
}

/// Whether the App may ask like this.
fn check(query: &[(String, String)]) -> anyhow::Result<()> {
    anyhow::ensure!(value(query, "client_id") == OAUTH_CLIENT_ID, "there is no OAuth App with this client_id");
    let challenge = value(query, "code_challenge");
    let method = value(query, "code_challenge_method");
    anyhow::ensure!(challenge.is_empty() || method == "S256", "code_challenge_method has to be S256");
    anyhow::ensure!(challenge.is_empty() || challenge.len() == 43, "code_challenge has to be 43 characters");
    let back = Url::parse(value(query, "redirect_uri")).context("redirect_uri is not an address")?;
    anyhow::ensure!(matches!(back.scheme(), "http" | "https"), "redirect_uri is not a web address");
    Ok(())
}

/// The page on which one picks who one is.
async fn ask(Shared(sandbox): Shared<Sandbox>, OriginalUri(original): OriginalUri, uri: Uri) -> Response {
    let query = pairs(uri.query().unwrap_or_default().as_bytes());
    if let Err(error) = check(&query) {
        return sorry(&error);
    }
    let action = format!("{}/login/oauth/authorize", prefix(&original, &uri));
    let hidden = query.iter().fold(String::new(), |mut html, (name, text)| {
        let (name, text) = (escape(name), escape(text));
        let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{text}\">");
        html
    });
    let mut body = format!("<p>The App asks to see: {}. Who are you?</p>", escape(value(&query, "scope")));
    let logins: Vec<String> = sandbox.shared.state.read(|state| {
        let users = state.accounts.values().filter(|account| account.kind == Kind::User);
        users.map(|account| account.login.clone()).collect()
    });
    let buttons = logins.iter().map(|login| ("login", login.as_str(), format!("Sign in as {login}")));
    for (name, text, label) in buttons.chain([("cancel", "yes", "Cancel".to_owned())]) {
        let (action, text, label) = (escape(&action), escape(text), escape(&label));
        let _ = write!(
            body,
            "<form method=\"post\" action=\"{action}\">{hidden}<button name=\"{name}\" value=\"{text}\">{label}</button></form>"
        );
    }
    page(StatusCode::OK, "Sign in", LABEL, &body)
}

async fn authorize(Shared(sandbox): Shared<Sandbox>, form: Bytes) -> Response {
    let form = pairs(&form);
    let back =
        if value(&form, "cancel").is_empty() { sandbox.agree(&form, value(&form, "login")) } else { cancel(&form) };
    match back {
        Ok(back) => (StatusCode::FOUND, [(header::LOCATION, back)]).into_response(),
        Err(error) => sorry(&error),
    }
}

fn cancel(form: &[(String, String)]) -> anyhow::Result<String> {
    check(form)?;
    let mut back = Url::parse(value(form, "redirect_uri"))?;
    back.query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_description", "The user has denied your application access.")
        .append_pair("state", value(form, "state"));
    Ok(back.into())
}

fn sorry(error: &anyhow::Error) -> Response {
    let body = format!("<p class=\"bad\">{}</p>", escape(&format!("{error:#}")));
    page(StatusCode::NOT_FOUND, "That did not work", LABEL, &body)
}

/// Exchanges a code. Refusals have a status of 200; the answer is JSON only for those who ask for it.
async fn exchange(Shared(sandbox): Shared<Sandbox>, headers: HeaderMap, form: Bytes) -> Response {
    let line = "POST /login/oauth/access_token";
    let fault = sandbox.faults.next(&format!("github {line}"));
    sandbox.note(line.to_owned());
    let refusals = Refusals {
        broken: refuse(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"),
        throttled: secondary(StatusCode::TOO_MANY_REQUESTS),
    };
    let effect = async {
        let (status, body) = sandbox.exchanged(&pairs(&form));
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.contains("json") {
            return Answer::json(status, body).into_response();
        }
        let fields = body.as_object().into_iter().flatten();
        let fields: Vec<(&str, &str)> =
            fields.map(|(name, text)| (name.as_str(), text.as_str().unwrap_or_default())).collect();
        let text = serde_urlencoded::to_string(fields).unwrap_or_default();
        let form = [(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")];
        (status, form, Body::from(text)).into_response()
    };
    suffer(fault, refusals, effect).await
}

impl Sandbox {
    fn exchanged(&self, form: &[(String, String)]) -> (StatusCode, Value) {
        let field = |name| value(form, name);
        let refused =
            |error, description| (StatusCode::OK, json!({ "error": error, "error_description": description }));
        if field("client_id") != OAUTH_CLIENT_ID {
            return (StatusCode::NOT_FOUND, json!({ "error": "Not Found" }));
        }
        if field("client_secret") != OAUTH_CLIENT_SECRET {
            return refused("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
        }
        let now = self.now();
        self.change(|state| {
            // A code is spent by the first who asks, whether they get a token for it or not.
            let code = state.sign_ins.codes.remove(field("code")).filter(|code| now < code.ends_at);
            let bad = || refused("bad_verification_code", "The code passed is incorrect or expired.");
            let Some(code) = code else { return bad() };
            let back = field("redirect_uri");
            if !back.is_empty() && back != code.redirect_uri {
                let description = "The redirect_uri MUST match the registered callback URL for this application.";
                return refused("redirect_uri_mismatch", description);
            }
            // What GitHub calls a wrong verifier is not documented; it is assumed to be a bad code.
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
            if !code.challenge.is_empty() && challenge != code.challenge {
                return bad();
            }
            let token = format!("gho_sandbox{:029}", state.new_id());
            let scopes = code.grant.scopes.replace(' ', ",");
            state.sign_ins.tokens.insert(token.clone(), code.grant);
            (StatusCode::OK, json!({ "access_token": token, "token_type": "bearer", "scope": scopes }))
        })
    }
}

async fn user(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>) -> Answered {
    let Grant { user, .. } = grant(&call)?;
    sandbox.shared.state.read(|state| Ok(ok(objects::account(state, &call.base, *user))))
}

async fn emails(Shared(sandbox): Shared<Sandbox>, Extension(call): Extension<Call>) -> Answered {
    let Grant { user, scopes } = grant(&call)?;
    if !scopes.split([' ', ',']).any(|scope| matches!(scope, "user" | "user:email")) {
        return Err(missing());
    }
    sandbox.shared.state.read(|state| Ok(ok(addresses(state, *user))))
}

fn addresses(state: &State, user: u64) -> Value {
    let shown = |email: &str, primary: bool, verified: bool| {
        let visibility = primary.then_some("private");
        json!({ "email": email, "primary": primary, "verified": verified, "visibility": visibility })
    };
    match state.accounts.get(&user) {
        Some(account) if account.emails.is_empty() => {
            json!([shown(&format!("{}@example.com", account.login), true, true)])
        }
        Some(account) => account.emails.iter().map(|it| shown(&it.email, it.primary, it.verified)).collect(),
        None => json!([]),
    }
}

/// What the token's owner agreed to. Other tokens belong to nobody in particular here.
fn grant(call: &Call) -> Result<&Grant, Answer> {
    match &call.caller {
        Caller::User(grant) => Ok(grant),
        Caller::App => Err(refuse(StatusCode::UNAUTHORIZED, "Bad credentials")),
        Caller::Person => Err(refuse(StatusCode::FORBIDDEN, "Resource not accessible by personal access token")),
        Caller::Nobody => Err(refuse(StatusCode::UNAUTHORIZED, "Requires authentication")),
        Caller::Installation(_) => Err(refuse(StatusCode::FORBIDDEN, "Resource not accessible by integration")),
    }
}
