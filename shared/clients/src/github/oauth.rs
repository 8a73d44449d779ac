//! Signing in with GitHub: the authorisation code flow with PKCE.
//!
//! See <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>. Who keeps the state and the
//! code verifier between the two halves is the caller's affair.

#[cfg(test)]
mod tests;

use domain::{Clock, GithubUserId, Secret, SecretSource, text::Email};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;

use super::{API_VERSION, GithubError, GithubErrorKind, credentials::bearer, error, read};
use crate::http::{Answer, Http};

/// What is asked for: who it is, and the addresses, of which only the verified ones are believed.
const SCOPES: &str = "read:user user:email";
/// Refusals that nobody can heal by signing in again: the OAuth App's settings, here or at GitHub, are wrong.
const MISCONFIGURED: &[&str] = &[
    "incorrect_client_credentials",
    "invalid_client",
    "redirect_uri_mismatch",
    "application_suspended",
    "unsupported_grant_type",
];

/// A client of GitHub's sign-in. Clones share connections.
///
/// The credentials secret is JSON, `{"client_id": "…", "client_secret": "…"}`: those of an OAuth App, or of a GitHub App
/// that is used for nothing else.
#[derive(Debug, Clone)]
pub struct GithubOAuth {
    http: Http,
    web_url: String,
    api_url: String,
    credentials: SecretSource,
    clock: Clock,
}

/// What a person let us do. It is used for the look-ups of one sign-in, and not kept.
#[derive(Debug, Clone)]
pub struct AccessToken(Secret);

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OAuthUser {
    /// The account's number, which stays: this is who it is.
    pub id: GithubUserId,
    /// The account's name at present.
    pub login: String,
    /// Its picture.
    #[serde(default)]
    pub avatar_url: String,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// GitHub does not accept this code or token. It may be forged, used before, too old, or of another sign-in; beginning
    /// again may help.
    #[error("GitHub refuses the sign-in: {reason}")]
    Refused {
        /// GitHub's name for the reason: `bad_verification_code`.
        reason: String,
    },
    /// GitHub does not accept us: the client id, the client secret or the redirect address is not what is registered there.
    #[error("GitHub does not accept the OAuth App's settings: {reason}")]
    Misconfigured {
        /// GitHub's name for the reason: `incorrect_client_credentials`.
        reason: String,
    },
    /// GitHub cannot say at present, or our credentials cannot be read.
    #[error("GitHub could not be asked who signs in")]
    Unavailable(#[from] GithubError),
}

#[derive(Deserialize)]
struct Credentials {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
#[serde(try_from = "TokenText")]
struct Granted(AccessToken);

#[derive(Deserialize)]
struct TokenText {
    access_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GithubOAuth {
    /// A client of the web pages at `web_url` (`https://github.com`) and the API at `api_url`
    /// (`https://api.github.com`), both without a trailing slash, or of a double.
    pub fn new(http: Http, web_url: String, api_url: String, credentials: SecretSource, clock: Clock) -> Self {
        Self { http, web_url, api_url, credentials, clock }
    }

    /// Where to send the browser. GitHub sends it back to `redirect_uri` with `code` and this `state`.
    ///
    /// `code_challenge` is the unpadded base64url of the SHA-256 of the code verifier.
    ///
    /// # Errors
    /// When the credentials cannot be read.
    pub async fn authorize_url(
        &self,
        state: &str,
        code_challenge: &str,
        redirect_uri: &str,
    ) -> Result<String, OAuthError> {
        let Credentials { client_id, .. } = self.credentials().await?;
        let query = [
            ("client_id", client_id.as_str()),
            ("redirect_uri", redirect_uri),
            ("scope", SCOPES),
            ("state", state),
            ("code_challenge", code_challenge),
            ("code_challenge_method", "S256"),
        ];
        let url = Url::parse_with_params(&format!("{}/login/oauth/authorize", self.web_url), query);
        Ok(url.map_err(|_| GithubError::invalid("GitHub's web address is not an address"))?.into())
    }

    /// Exchanges a code for a token. `redirect_uri` is the one that [`Self::authorize_url`] was given.
    ///
    /// # Errors
    /// `Refused` when the code is not good, was used before or belongs to another `code_verifier`. GitHub says so with a
    /// status of 200.
    pub async fn exchange(
        &self,
        code: &str,
        code_verifier: &str,
        redirect_uri: &str,
    ) -> Result<AccessToken, OAuthError> {
        let Credentials { client_id, client_secret } = self.credentials().await?;
        let url = format!("{}/login/oauth/access_token", self.web_url);
        let form = [
            ("client_id", client_id.as_str()),
            ("client_secret", client_secret.as_str()),
            ("code", code),
            ("code_verifier", code_verifier),
            ("redirect_uri", redirect_uri),
        ];
        let request = self.http.request(Method::POST, &url).map_err(GithubError::no_answer)?;
        let answer = self.send(request.header("accept", "application/json").form(&form)).await?;
        if let Some(refusal) = refusal(&answer) {
            return Err(refusal);
        }
        match answer.status {
            StatusCode::OK => Ok(read::<Granted>(&answer)?.0),
            _ => Err(self.unexpected(&answer)),
        }
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// See [`OAuthError`].
    pub async fn user(&self, token: &AccessToken) -> Result<OAuthUser, OAuthError> {
        let answer = self.get("/user", token).await?;
        match answer.status {
            StatusCode::OK => Ok(read(&answer)?),
            _ => Err(self.unexpected(&answer)),
        }
    }

    /// The primary address of whose token it is, if GitHub has verified it; never any other. `None` also when the person
    /// did not let us see addresses.
    ///
    /// # Errors
    /// See [`OAuthError`].
    pub async fn verified_email(&self, token: &AccessToken) -> Result<Option<Email>, OAuthError> {
        let answer = self.get("/user/emails?per_page=100", token).await?;
        if answer.status != StatusCode::OK {
            let error = error::classify(&answer, self.clock.now());
            return match error.kind {
                GithubErrorKind::NotFound | GithubErrorKind::Forbidden { .. } => Ok(None),
                _ => Err(self.unexpected(&answer)),
            };
        }
        let addresses: Vec<Address> = read(&answer)?;
        let believed = addresses.iter().find(|address| address.primary && address.verified);
        Ok(believed.and_then(|address| Email::parse(&address.email).ok()))
    }

    async fn get(&self, path: &str, token: &AccessToken) -> Result<Answer, OAuthError> {
        let url = format!("{}{path}", self.api_url);
        let request = self.http.request(Method::GET, &url).map_err(GithubError::no_answer)?;
        let request = request
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION)
            .bearer_auth(token.0.reveal());
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, OAuthError> {
        let request = request.build().map_err(|error| GithubError::no_answer(error.into()))?;
        Ok(self.http.send(request).await.map_err(GithubError::no_answer)?)
    }

    async fn credentials(&self) -> Result<Credentials, OAuthError> {
        let secret = self.credentials.read().await.map_err(|error| GithubError::from(GithubErrorKind::from(error)))?;
        // What serde says could quote the secret.
        let unusable = |_| GithubErrorKind::UnusableCredentials("not JSON with client_id and client_secret");
        let credentials: Credentials =
            serde_json::from_str(secret.reveal()).map_err(unusable).map_err(GithubError::from)?;
        if credentials.client_id.trim().is_empty() || credentials.client_secret.trim().is_empty() {
            let blank = GithubErrorKind::UnusableCredentials("client_id or client_secret is blank");
            return Err(GithubError::from(blank).into());
        }
        Ok(credentials)
    }

    fn unexpected(&self, answer: &Answer) -> OAuthError {
        let error = error::classify(answer, self.clock.now());
        match error.kind {
            GithubErrorKind::Unauthorized => OAuthError::Refused { reason: "bad_token".to_owned() },
            _ => error.into(),
        }
    }
}

impl TryFrom<TokenText> for Granted {
    type Error = &'static str;

    fn try_from(text: TokenText) -> Result<Self, Self::Error> {
        Ok(Self(AccessToken(bearer(&text.access_token).ok_or("not a token")?)))
    }
}

/// The `error` of the token endpoint's answer, which may have any status below 500.
fn refusal(answer: &Answer) -> Option<OAuthError> {
    if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let Refusal { error } = answer.json().ok()?;
    // GitHub's answer to a client id that it does not know.
    if answer.status == StatusCode::NOT_FOUND {
        return Some(OAuthError::Misconfigured { reason: "unknown client_id".to_owned() });
    }
    let is_code =
        (1..=64).contains(&error.len()) && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let reason = if is_code { error } else { "without a reason".to_owned() };
    let ours = MISCONFIGURED.contains(&reason.as_str());
    Some(if ours { OAuthError::Misconfigured { reason } } else { OAuthError::Refused { reason } })
}
