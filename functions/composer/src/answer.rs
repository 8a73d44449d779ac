//! Documents as Composer keeps them.
//!
//! Composer asks again with the `Last-Modified` that it was given, word for word, and knows nothing of `ETag`. It keeps
//! documents by the repository's address and not by the credential. So the date stands for the document itself: it is a
//! hash, and is compared for equality. Another customer's document, or the same one after a grant has ended, has another.

use std::{
    convert::Infallible,
    io::Write,
    sync::{Arc, OnceLock},
};

use api::{ApiError, Kind};
use axum::{
    body::{Body, Bytes},
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use domain::Timestamp;
use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_MODIFIED_SINCE, LAST_MODIFIED, VARY},
    request::Parts,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The first of the dates that stand for documents, in 2001. The last of them is in 2018: none is in anybody's future.
const FIRST: u32 = 1_000_000_000;
/// How many there are, less one: seventeen years have 2^29 seconds.
const DATES: u32 = (1 << 29) - 1;
/// The longest document that is sent uncompressed, in bytes: Lambda answers with 6 MB at most, each quotation mark counting
/// as two.
const LONGEST_PLAIN: usize = 4_000_000;
/// Shorter documents are not worth compressing, in bytes.
const SHORT: usize = 1000;

/// What the client says of what it has, and of what it can read.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    has: Option<String>,
    gzip: bool,
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let has = parts.headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        Ok(Self { has: has.map(str::to_owned), gzip: takes_gzip(&parts.headers) })
    }
}

/// A JSON document, for who may see it.
#[derive(Debug)]
pub(crate) struct Document {
    rendered: Arc<Rendered>,
    conditions: Conditions,
}

impl Document {
    /// What `content` is as JSON.
    pub(crate) fn new(content: &impl Serialize, conditions: Conditions) -> Result<Self, ApiError> {
        Self::of(Arc::new(Rendered::new(content)?), conditions)
    }

    /// One that was rendered before.
    ///
    /// # Errors
    /// When it is too long for a client that cannot read gzip. Composer can.
    pub(crate) fn of(rendered: Arc<Rendered>, conditions: Conditions) -> Result<Self, ApiError> {
        if !conditions.gzip && rendered.bytes.len() > LONGEST_PLAIN {
            return Err(ApiError::new(Kind::Invalid, "This is too long to be sent uncompressed: allow gzip"));
        }
        Ok(Self { rendered, conditions })
    }
}

/// The bytes of a document, with what follows from them.
#[derive(Debug)]
pub(crate) struct Rendered {
    bytes: Bytes,
    date: String,
    /// Compressed, once somebody took it so.
    small: OnceLock<Option<Bytes>>,
}

impl Rendered {
    /// What `content` is as JSON.
    pub(crate) fn new(content: &impl Serialize) -> Result<Self, ApiError> {
        let bytes = Bytes::from(serde_json::to_vec(content).map_err(ApiError::internal)?);
        Ok(Self { date: date(&bytes), bytes, small: OnceLock::new() })
    }

    /// The most memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        2 * self.bytes.len()
    }

    fn compressed(&self) -> Option<Bytes> {
        // Writing into memory does not fail.
        self.small.get_or_init(|| gzip(&self.bytes).ok().map(Bytes::from)).clone()
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let Self { rendered, conditions } = self;
        let date = rendered.date.as_str();
        if conditions.has.as_deref() == Some(date) {
            return (StatusCode::NOT_MODIFIED, [(LAST_MODIFIED, date)]).into_response();
        }
        let headers = [(LAST_MODIFIED, date), (CONTENT_TYPE, "application/json"), (VARY, "Accept-Encoding")];
        let compressed = conditions.gzip && rendered.bytes.len() > SHORT;
        match compressed.then(|| rendered.compressed()).flatten() {
            Some(small) => (headers, [(CONTENT_ENCODING, "gzip")], Body::from(small)).into_response(),
            None => (headers, Body::from(rendered.bytes.clone())).into_response(),
        }
    }
}

/// The date that stands for a document.
fn date(document: &[u8]) -> String {
    let digest = Sha256::digest(document);
    let hash = digest.iter().take(4).fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    let second = i64::from(FIRST + (hash & DATES));
    Timestamp::from_second(second).unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether gzip is among the encodings, and not with a weight of nothing.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_document_has_a_date_of_the_past_that_is_its_own(document: Vec<u8>, other: Vec<u8>) {
            let dated = date(&document);
            prop_assert!(dated.len() == 29 && dated.ends_with(" GMT") && ("2001".."2019").contains(&&dated[12..16]), "{}", dated);
            prop_assert_eq!(document == other, dated == date(&other));
        }

        #[test]
        fn what_is_compressed_is_the_same(document: Vec<u8>) {
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(gzip(&document).unwrap().as_slice()).read_to_end(&mut read).unwrap();
            prop_assert_eq!(read, document);
        }
    }

    #[test]
    fn the_date_is_written_as_http_writes_dates() {
        assert_eq!(date(b""), "Tue, 26 Aug 2003 16:43:46 GMT");
    }

    #[test]
    fn what_is_too_long_for_an_answer_is_sent_compressed_or_not_at_all() {
        let document = |bytes: usize, gzip| Document::new(&"x".repeat(bytes - 2), Conditions { has: None, gzip });
        assert!(document(LONGEST_PLAIN, false).is_ok() && document(LONGEST_PLAIN + 1, true).is_ok());
        assert_eq!(document(LONGEST_PLAIN + 1, false).unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn gzip_is_taken_if_it_is_asked_for() {
        let takes = |value: &str| takes_gzip(&[(ACCEPT_ENCODING, value.parse().unwrap())].into_iter().collect());
        for yes in ["gzip", "deflate, gzip, br, zstd", "GZIP;q=0.5", "br;q=1, gzip; q=0.1"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip; q=0.0", "gzipped", "identity"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
