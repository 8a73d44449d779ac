//! An answer, read to its end.

use std::{collections::BTreeSet, fmt};

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

    /// Fails unless the answer has this status and is exactly this JSON, and says where it is not.
    #[track_caller]
    pub fn is(&self, status: u16, expected: &Value) {
        let mut differences = Vec::new();
        compare("", &self.json, expected, &mut differences);
        assert!(self.status == status && differences.is_empty(), "not {status}, or else: {differences:#?}\nin {self}");
        assert_eq!(self.header("content-type"), "application/json");
    }

    /// Fails unless the answer is an error of this status and code in the contract's shape that names these fields.
    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str, fields: &[&str]) {
        assert_eq!((self.status, self.json["error"]["code"].as_str()), (status, Some(code)), "{self}");
        assert_eq!(self.wrong_fields(), fields, "{self}");
        let message = self.json["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty() && self.header("content-type") == "application/json", "{self}");
        let mut names: Vec<_> = self.json["error"].as_object().unwrap().keys().map(String::as_str).collect();
        names.retain(|name| !["code", "message"].contains(name));
        assert!(names.is_empty() || (names == ["details"] && !fields.is_empty()), "{self}");
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

/// Collects the JSON pointers where two values differ.
fn compare(place: &str, found: &Value, expected: &Value, differences: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let names: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
            for name in names {
                match (found.get(name), expected.get(name)) {
                    (Some(found), Some(expected)) => compare(&format!("{place}/{name}"), found, expected, differences),
                    (found, expected) => differences.push(format!("{place}/{name}: {found:?}, not {expected:?}")),
                }
            }
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(&format!("{place}/{index}"), found, expected, differences);
            }
        }
        (found, expected) if found == expected => {}
        (found, expected) => differences.push(format!("{place}: {found}, not {expected}")),
    }
}
