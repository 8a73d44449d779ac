//! Archives: redirects are followed by hand, since a forge keeps them elsewhere.
//!
//! Our credential goes to the origin that it is for and is dropped at the first redirect to another. Nobody but the
//! operator sends us into a network that is not the public internet.

use bytes::Bytes;
use domain::forge::ForgeKind;
use reqwest::{
    Url,
    header::{HeaderMap, LOCATION},
};

use super::{
    ForgeError, ForgeErrorKind,
    error::{UNDOCUMENTED, malformed},
};
use crate::http::{Answer, Http, MAX_BODY_BYTES, NoAnswer, read};

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// What archives are fetched with.
#[derive(Debug, Clone)]
pub(super) struct Downloads {
    pub(super) http: Http,
    /// Origins that may be redirected to though they are not public.
    pub(super) others: Vec<String>,
}

/// What is to be fetched.
pub(super) struct Fetch<'a> {
    pub(super) url: &'a str,
    pub(super) headers: HeaderMap,
    /// In bytes.
    pub(super) limit: usize,
    /// Another address of the same forge.
    pub(super) also_ours: Option<&'a str>,
}

impl Downloads {
    /// The answer at the end of the redirects, whatever its status.
    pub(super) async fn fetch(&self, forge: ForgeKind, fetch: Fetch<'_>) -> Result<Answer, ForgeError> {
        let parse = |text: &str| Url::parse(text).map_err(|_| ForgeError::new(forge, malformed(UNDOCUMENTED)));
        let mut url = parse(fetch.url)?;
        let first = origin_of(&url);
        let also = fetch.also_ours.map(parse).transpose()?.map(|url| origin_of(&url));
        let mut headers = fetch.headers;
        for _ in 0..=MAX_REDIRECTS {
            let origin = origin_of(&url);
            let trusted = origin == first || Some(&origin) == also.as_ref() || self.others.contains(&origin);
            if !trusted && url.scheme() != "https" {
                return Err(refused(forge, &url));
            }
            if origin != first {
                // For good: what comes back from elsewhere is not ours to answer with a credential.
                headers.clear();
            }
            let response = self.http.open(url.clone(), headers.clone(), !trusted).await;
            let response = response.map_err(|error| match error {
                NoAnswer::NotPublic => refused(forge, &url),
                other => ForgeError::no_answer(forge, other, fetch.limit),
            })?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                let limit = if response.status().is_success() { fetch.limit } else { MAX_BODY_BYTES };
                return read(response, limit).await.map_err(|error| ForgeError::no_answer(forge, error, fetch.limit));
            }
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| url.join(location).ok());
            url = next.ok_or_else(|| ForgeError::new(forge, malformed("a redirect that leads nowhere")))?;
        }
        Err(ForgeError::new(forge, malformed("redirected again and again")))
    }
}

/// The body, if it begins as zip archives do.
pub(super) fn zip(forge: ForgeKind, answer: Answer) -> Result<Bytes, ForgeError> {
    if answer.body.starts_with(b"PK\x03\x04") || answer.body.starts_with(b"PK\x05\x06") {
        return Ok(answer.body.into());
    }
    let page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let what = if page {
        "a web page came instead of an archive, as where one has to sign in: check the credentials"
    } else {
        "what came is no zip archive"
    };
    Err(ForgeError::new(forge, malformed(what)))
}

/// Scheme, host and port; `null` for what has none of them.
fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn refused(forge: ForgeKind, url: &Url) -> ForgeError {
    ForgeError::new(forge, ForgeErrorKind::Refused { address: origin_of(url) })
}
