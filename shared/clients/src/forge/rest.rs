//! What GitLab and Bitbucket have in common: a base URL, a token in a header, JSON.

use std::fmt::Write;

use domain::{Clock, Secret, SecretSource, SecretUnavailable, Timestamp, forge::ForgeKind};
use reqwest::{
    Method, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use serde::de::DeserializeOwned;

use super::{ForgeError, ForgeErrorKind, MAX_LIST};
use crate::http::{Answer, Http, NoAnswer};

/// Where a forge is, and what opens it. Addresses have no slash at their end.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its API: `https://gitlab.com/api/v4`, `https://api.bitbucket.org/2.0`, or a double.
    pub api_url: String,
    /// Its web pages: `https://gitlab.com`, `https://bitbucket.org`.
    pub web_url: String,
    /// A token that may read the code; if it is missing, what is public can be read.
    pub token: SecretSource,
}

/// One of the two.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) kind: ForgeKind,
    http: Http,
    pub(super) place: Place,
    clock: Clock,
}

impl Api {
    pub(super) fn new(kind: ForgeKind, http: Http, place: Place, clock: Clock) -> Self {
        Self { kind, http, place, clock }
    }

    /// The header with the credential, if there is one.
    pub(super) async fn headers(&self) -> Result<HeaderMap, ForgeError> {
        let mut headers = HeaderMap::new();
        let token = match self.place.token.read().await {
            Ok(token) => token,
            Err(SecretUnavailable::Missing { .. }) => return Ok(headers),
            Err(error) => return Err(self.error(ForgeErrorKind::Credentials(error))),
        };
        let (name, value) = self.credential(&token).ok_or_else(|| {
            self.error(ForgeErrorKind::NoAccess { message: "the token has characters no token has".to_owned() })
        })?;
        headers.insert(name, value);
        Ok(headers)
    }

    fn credential(&self, token: &Secret) -> Option<(HeaderName, HeaderValue)> {
        let token = token.reveal().trim();
        let (name, text) = match self.kind {
            ForgeKind::Gitlab => (HeaderName::from_static("private-token"), token.to_owned()),
            _ => (AUTHORIZATION, format!("Bearer {token}")),
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }

    /// A success of up to `limit` bytes.
    pub(super) async fn get(&self, url: &str, limit: usize) -> Result<Answer, ForgeError> {
        let failed = |error| ForgeError::no_answer(self.kind, error, limit);
        let request = self.http.request(Method::GET, url).map_err(failed)?.headers(self.headers().await?);
        let request = request.build().map_err(|error| failed(NoAnswer::from(error)))?;
        let answer = self.http.send_for(request, limit).await.map_err(failed)?;
        if answer.status == StatusCode::OK { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, url: &str) -> Result<T, ForgeError> {
        let answer = self.get(url, MAX_LIST).await?;
        self.json(&answer)
    }

    pub(super) fn json<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ForgeError> {
        answer.json().map_err(|error| ForgeError::no_answer(self.kind, error, MAX_LIST))
    }

    pub(super) fn refused(&self, answer: &Answer) -> ForgeError {
        ForgeError::refused(self.kind, answer, self.now())
    }

    pub(super) fn error(&self, kind: ForgeErrorKind) -> ForgeError {
        ForgeError::new(self.kind, kind)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// `text` as one part of a path: whatever could end the part, or change it, is escaped.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
