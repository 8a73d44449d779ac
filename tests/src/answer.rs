//! An answer, read to its end.

use std::fmt;

use axum::response::Response;
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// Its body as JSON; null when it is none.
    pub json: Value,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes().to_vec();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, json }
    }

    /// The text at a JSON pointer, which must be there.
    pub fn text(&self, pointer: &str) -> String {
        let text = self.json.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text at {pointer}: {self}")).to_owned()
    }

    /// A header's text; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The names of the fields that an error in the contract's shape complains about, in its order.
    pub fn wrong_fields(&self) -> Vec<&str> {
        let details = self.json.pointer("/error/details").and_then(Value::as_array);
        details.into_iter().flatten().filter_map(|detail| detail["field"].as_str()).collect()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}
