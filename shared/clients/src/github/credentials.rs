//! Which token a call is made with.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Secret, SecretSource, Timestamp};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use ring::{rand::SystemRandom, rsa, signature};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Github, GithubError, GithubErrorKind, read};

/// A token this close to its end is not used any more.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// Reading public accounts; any token will do.
    Accounts,
    /// Administering one repository.
    Repository { owner: String, name: String },
    /// Administering the repository of this number.
    RepositoryById(u64),
    /// Reading the code of one repository.
    Code { owner: String, name: String },
    /// Reading the code of the repository of this number.
    CodeById(u64),
}

/// The configured credentials and the installation tokens made with them so far.
///
/// Two calls at once may both make a token for the same scope; both are good, and the later stays.
#[derive(Debug, Clone)]
pub(super) struct Tokens {
    credentials: SecretSource,
    made: Arc<Mutex<HashMap<Scope, InstallationToken>>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "CreatedToken")]
struct InstallationToken {
    token: Secret,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct CreatedToken {
    token: String,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    suspended_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

/// What a token is asked for, given by what a repository is named, and its name.
type Narrowed = fn(&str, &Value) -> Value;

enum Credentials {
    Token(Secret),
    App(App),
}

/// A GitHub App's identity.
#[derive(Deserialize)]
struct App {
    app_id: String,
    private_key: String,
}

impl Scope {
    pub(super) fn repository(owner: &str, name: &str) -> Self {
        Self::Repository { owner: owner.to_owned(), name: name.to_owned() }
    }
}

impl Tokens {
    pub(super) fn new(credentials: SecretSource) -> Self {
        Self { credentials, made: Arc::default() }
    }

    /// Makes sure that the token for `scope` is not used again.
    pub(super) fn forget(&self, scope: &Scope) {
        let mut made = self.made();
        match scope {
            // It may have been any of them.
            Scope::Accounts => made.clear(),
            _ => drop(made.remove(scope)),
        }
    }

    fn find(&self, scope: &Scope, now: Timestamp) -> Option<Secret> {
        let made = self.made();
        let found = match scope {
            Scope::Accounts => made.values().find(|token| token.is_fresh(now)),
            _ => made.get(scope).filter(|token| token.is_fresh(now)),
        };
        found.map(|token| token.token.clone())
    }

    fn made(&self) -> MutexGuard<'_, HashMap<Scope, InstallationToken>> {
        // Each change is a single insertion or removal: there is no half-made state to fear after a panic.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Github {
    /// The token for calls of this scope; `None` if they are to be made anonymously.
    pub(super) async fn token(&self, scope: &Scope) -> Result<Option<Secret>, GithubError> {
        let secret = self.tokens.credentials.read().await.map_err(GithubErrorKind::from)?;
        let app = match Credentials::parse(&secret)? {
            Credentials::Token(token) => return Ok(Some(token)),
            Credentials::App(app) => app,
        };
        let now = self.clock.now();
        if let Some(token) = self.tokens.find(scope, now) {
            return Ok(Some(token));
        }
        let jwt = app.jwt(now)?;
        let made = match scope {
            Scope::Accounts => match self.any_installation(&jwt).await? {
                Some(installation) => self.installation_token(&installation, &jwt, &reading()).await?,
                None => return Ok(None),
            },
            Scope::Repository { owner, name } => self.repository_token(owner, name, &jwt, administering).await?,
            Scope::Code { owner, name } => self.repository_token(owner, name, &jwt, reading_code).await?,
            Scope::RepositoryById(id) => self.token_by_id(*id, &jwt, administering).await?,
            Scope::CodeById(id) => self.token_by_id(*id, &jwt, reading_code).await?,
        };
        let value = made.token.clone();
        self.tokens.made().insert(scope.clone(), made);
        Ok(Some(value))
    }

    /// The App's proof of identity, for calls about the App itself; `None` with a token.
    pub(super) async fn app_jwt(&self) -> Result<Option<Secret>, GithubError> {
        let secret = self.tokens.credentials.read().await.map_err(GithubErrorKind::from)?;
        match Credentials::parse(&secret)? {
            Credentials::Token(_) => Ok(None),
            Credentials::App(app) => Ok(Some(app.jwt(self.clock.now())?)),
        }
    }

    /// A token for one repository. GitHub redirects from a former name, but makes no token for it: then the number is
    /// looked up first.
    async fn repository_token(
        &self,
        owner: &str,
        name: &str,
        jwt: &Secret,
        narrowed: Narrowed,
    ) -> Result<InstallationToken, GithubError> {
        let url = self.repository_url(owner, name, "/installation")?;
        let installation = self.installation_at(&url, jwt).await?;
        match self.installation_token(&installation, jwt, &narrowed("repositories", &json!(name))).await {
            Err(error) if matches!(error.kind, GithubErrorKind::Invalid { .. }) => {}
            other => return other,
        }
        let reader = self.installation_token(&installation, jwt, &reading()).await?;
        let url = self.repository_url(owner, name, "")?;
        let answer = self.call(Method::GET, &url, Some(&reader.token), None).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer));
        }
        let Numbered { id } = read(&answer)?;
        self.installation_token(&installation, jwt, &narrowed("repository_ids", &json!(id))).await
    }

    async fn token_by_id(&self, id: u64, jwt: &Secret, narrowed: Narrowed) -> Result<InstallationToken, GithubError> {
        let url = format!("{}/repositories/{id}/installation", self.base_url);
        let installation = self.installation_at(&url, jwt).await?;
        self.installation_token(&installation, jwt, &narrowed("repository_ids", &json!(id))).await
    }

    /// The installation that covers a repository; `NotFound` if none does.
    async fn installation_at(&self, url: &str, jwt: &Secret) -> Result<Installation, GithubError> {
        let answer = self.call(Method::GET, url, Some(jwt), None).await?;
        if answer.status == StatusCode::OK { read(&answer) } else { Err(self.refused(&answer)) }
    }

    async fn any_installation(&self, jwt: &Secret) -> Result<Option<Installation>, GithubError> {
        let url = format!("{}/app/installations?per_page=100", self.base_url);
        let answer = self.call(Method::GET, &url, Some(jwt), None).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer));
        }
        let installations: Vec<Installation> = read(&answer)?;
        Ok(installations.into_iter().find(|installation| installation.suspended_at.is_none()))
    }

    async fn installation_token(
        &self,
        installation: &Installation,
        jwt: &Secret,
        narrowed_to: &Value,
    ) -> Result<InstallationToken, GithubError> {
        let url = format!("{}/app/installations/{}/access_tokens", self.base_url, installation.id);
        let answer = self.call(Method::POST, &url, Some(jwt), Some(narrowed_to)).await?;
        if answer.status == StatusCode::CREATED { read(&answer) } else { Err(self.refused(&answer)) }
    }
}

/// What a token is asked for that only looks up what is public.
fn reading() -> Value {
    json!({ "permissions": { "metadata": "read" } })
}

/// What a token is asked for that administers one repository, named as `by` says.
fn administering(by: &str, repository: &Value) -> Value {
    json!({ by: [repository], "permissions": { "administration": "write", "metadata": "read" } })
}

/// What a token is asked for that reads the code of one repository.
fn reading_code(by: &str, repository: &Value) -> Value {
    json!({ by: [repository], "permissions": { "contents": "read", "metadata": "read" } })
}

impl InstallationToken {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.expires_at.duration_since(now) > MARGIN
    }
}

impl TryFrom<CreatedToken> for InstallationToken {
    type Error = &'static str;

    fn try_from(created: CreatedToken) -> Result<Self, Self::Error> {
        Ok(Self { token: bearer(&created.token).ok_or("not a token")?, expires_at: created.expires_at })
    }
}

impl Credentials {
    fn parse(secret: &Secret) -> Result<Self, GithubErrorKind> {
        let text = secret.reveal().trim();
        if text.starts_with('{') {
            // What serde says could quote the secret.
            let app = serde_json::from_str(text)
                .map_err(|_| GithubErrorKind::UnusableCredentials("not JSON with app_id and private_key"))?;
            return Ok(Self::App(app));
        }
        let token =
            bearer(text).ok_or(GithubErrorKind::UnusableCredentials("the token has characters no token has"))?;
        Ok(Self::Token(token))
    }
}

/// A token that fits into a header. Its length and form are GitHub's affair and have changed before.
pub(super) fn bearer(text: &str) -> Option<Secret> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Secret::new(text) } else { None }
}

impl App {
    /// The App's proof of identity, valid for nine minutes; GitHub allows ten from `iat`. It is issued a minute
    /// ago, in case our clock is ahead of GitHub's.
    fn jwt(&self, now: Timestamp) -> Result<Secret, GithubErrorKind> {
        let issued_at = now.as_second() - 60;
        let claims = json!({ "iss": self.app_id, "iat": issued_at, "exp": issued_at + 600 });
        let [header, claims] = [json!({ "alg": "RS256", "typ": "JWT" }), claims]
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");

        let key = self.key()?;
        let mut signature = vec![0; key.public().modulus_len()];
        // The random bytes blind the computation against timing; the signature does not depend on them.
        key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| GithubErrorKind::UnusableCredentials("signing with private_key fails"))?;
        let jwt = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
        bearer(&jwt).ok_or(GithubErrorKind::UnusableCredentials("no JWT can be made of app_id"))
    }

    fn key(&self) -> Result<rsa::KeyPair, GithubErrorKind> {
        let unusable = || GithubErrorKind::UnusableCredentials("private_key is not an RSA key in PEM");
        let key = match PrivateKeyDer::from_pem_slice(self.private_key.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs1(der)) => rsa::KeyPair::from_der(der.secret_pkcs1_der()),
            Ok(PrivateKeyDer::Pkcs8(der)) => rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(unusable()),
        };
        key.map_err(|_| unusable())
    }
}
