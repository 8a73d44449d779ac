//! Stripe's request parameters: a form whose keys nest with brackets.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::sandbox::{Answer, pairs};

/// The parameters of one request, by their full names: `line_items[0][price_data][currency]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body or a query. Indexes of lists may be left out: `expand[]` is `expand[0]` the first time.
    ///
    /// # Errors
    /// When a parameter is given twice, or is empty where it cannot be unset.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Answer> {
        let mut form = BTreeMap::new();
        for (key, value) in pairs(text) {
            let key = match key.strip_suffix("[]") {
                Some(list) => {
                    let mut free = 0;
                    while form.contains_key(&format!("{list}[{free}]")) {
                        free += 1;
                    }
                    format!("{list}[{free}]")
                }
                None => key,
            };
            let top = key.split('[').next().unwrap_or(&key);
            if value.is_empty() && !key.contains("metadata]") && top != "metadata" {
                let message = format!(
                    "You passed an empty string for '{key}'. We assume empty values are an attempt to unset a parameter; however '{key}' cannot be unset. You should remove '{key}' from your request or supply a non-empty value."
                );
                return Err(invalid(&key, Some("parameter_invalid_empty"), &message));
            }
            if form.insert(key.clone(), value).is_some() {
                let message = format!("You may only pass the parameter {key} once.");
                return Err(invalid(&key, None, &message));
            }
        }
        Ok(Self(form))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// # Errors
    /// When it is not there.
    pub(super) fn require(&self, name: &str) -> Result<&str, Answer> {
        self.get(name).ok_or_else(|| {
            let message = format!("Missing required param: {name}.");
            invalid(name, Some("parameter_missing"), &message)
        })
    }

    /// # Errors
    /// When it is there and not an integer.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Answer> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let message = format!("Invalid integer: {text}");
            invalid(name, Some("parameter_invalid_integer"), &message)
        })
    }

    /// # Errors
    /// When it is there and neither `true` nor `false`.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, Answer> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, Some("parameter_invalid"), "Invalid boolean: must be true or false")),
        }
    }

    /// # Errors
    /// When it is there and not the address of a page.
    pub(super) fn url(&self, name: &str) -> Result<Option<String>, Answer> {
        let Some(url) = self.get(name) else {
            return Ok(None);
        };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let clean = !url.chars().any(|it| it.is_control() || it == ' ');
        if rest.is_none_or(str::is_empty) || !clean {
            return Err(invalid(name, Some("url_invalid"), "Not a valid URL"));
        }
        Ok(Some(url.to_owned()))
    }

    /// Whether there is a parameter of this name or below it.
    pub(super) fn has(&self, name: &str) -> bool {
        let below = |key: &String| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('['));
        self.0.keys().any(below)
    }

    /// The names directly below `parent`, in order: of `a[b][c]` below `a` it is `b`. At the top for an empty parent.
    pub(super) fn names(&self, parent: &str) -> Vec<&str> {
        let direct = |key: &'_ String| -> Option<(usize, usize)> {
            if parent.is_empty() {
                return Some((0, key.find('[').unwrap_or(key.len())));
            }
            let rest = key.strip_prefix(parent)?.strip_prefix('[')?;
            let start = key.len() - rest.len();
            Some((start, start + rest.find(']')?))
        };
        let mut names: Vec<&str> =
            self.0.keys().filter_map(|key| direct(key).map(|(start, end)| &key[start..end])).collect();
        names.dedup();
        names
    }

    /// Holds the names directly below `parent` to those that Stripe knows.
    ///
    /// # Errors
    /// At the first that it does not.
    pub(super) fn only(&self, parent: &str, known: &[&str]) -> Result<(), Answer> {
        let stranger = self.names(parent).into_iter().find(|name| !known.contains(name));
        match stranger {
            None => Ok(()),
            Some(name) => {
                let name = full(parent, name);
                let message = format!("Received unknown parameter: {name}");
                Err(invalid(&name, Some("parameter_unknown"), &message))
            }
        }
    }

    /// The values of the list `name`.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let indexes = self.names(name).into_iter();
        indexes.filter_map(|index| self.get(&full(name, index))).collect()
    }

    /// The metadata at `name`, within Stripe's limits: 50 keys of 40 characters with values of 500.
    ///
    /// # Errors
    /// When a limit is exceeded.
    pub(super) fn metadata(&self, name: &str) -> Result<BTreeMap<String, String>, Answer> {
        let mut metadata = BTreeMap::new();
        for key in self.names(name) {
            let at = full(name, key);
            let value = self.get(&at).unwrap_or_default();
            if key.chars().count() > 40 {
                let message = format!("Metadata keys must be 40 characters or less; '{key}' is {}.", key.len());
                return Err(invalid(name, None, &message));
            }
            if value.chars().count() > 500 {
                let message = format!("Metadata values can have up to 500 characters; '{key}' has more.");
                return Err(invalid(&at, None, &message));
            }
            // An empty value unsets.
            if !value.is_empty() {
                metadata.insert(key.to_owned(), value.to_owned());
            }
        }
        if metadata.len() > 50 {
            return Err(invalid(name, None, "Metadata can have up to 50 keys."));
        }
        Ok(metadata)
    }

    /// Everything, in one order whatever the order in which it came.
    pub(super) fn sorted(&self) -> Vec<(String, String)> {
        self.0.clone().into_iter().collect()
    }
}

/// The full name of `name` below `parent`.
pub(super) fn full(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}[{name}]") }
}

/// The refusal of one parameter.
pub(super) fn invalid(param: &str, code: Option<&str>, message: &str) -> Answer {
    let mut error = json!({
        "message": message,
        "param": param,
        "type": "invalid_request_error",
    });
    if let Some(code) = code {
        error["code"] = json!(code);
        error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
    }
    Answer::json(StatusCode::BAD_REQUEST, json!({ "error": error }))
}

/// A refusal that is about no parameter.
pub(super) fn refuse(status: StatusCode, kind: &str, code: Option<&str>, message: &str) -> Answer {
    let mut error = json!({ "message": message, "type": kind });
    if let Some(code) = code {
        error["code"] = json!(code);
    }
    Answer::json(status, json!({ "error": error }))
}

/// A list object.
pub(super) fn list(url: &str, data: &[Value], has_more: bool) -> Answer {
    Answer::json(StatusCode::OK, json!({ "object": "list", "data": data, "has_more": has_more, "url": url }))
}
