//! A value in the template together with where it stands, so that every error can name the place.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::resolve::Scope;

/// A value of the template, or the lack of one, and its path.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) value: Option<&'a Value>,
    pub(super) path: String,
}

impl<'a> Place<'a> {
    pub(super) fn root(document: &'a Value) -> Self {
        Self { value: Some(document), path: String::new() }
    }

    /// The entry of a map; nothing if there is none.
    pub(super) fn at(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { value: self.value.and_then(|value| value.get(name)).filter(|value| !value.is_null()), path }
    }

    /// This, or where it is missing, `other`.
    pub(super) fn or(self, other: Self) -> Self {
        if self.value.is_none() && other.value.is_some() { other } else { self }
    }

    /// The value, which has to be there.
    pub(super) fn required(&self) -> Result<&'a Value> {
        self.value.with_context(|| format!("{}: missing", self.path))
    }

    /// The entries of a map; none if it is missing.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Place<'a>)>> {
        let map: &Map<String, Value> = match self.value {
            None => return Ok(Vec::new()),
            Some(Value::Object(map)) => map,
            Some(_) => bail!("{}: expected a map", self.path),
        };
        Ok(map.keys().map(|name| (name.as_str(), self.at(name))).collect())
    }

    /// The elements of a list; none if it is missing.
    pub(super) fn list(&self) -> Result<&'a [Value]> {
        match self.value {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => bail!("{}: expected a list", self.path),
        }
    }

    /// The text, parameters put in; nothing if it is missing.
    pub(super) fn text(&self, scope: &Scope) -> Result<Option<String>> {
        self.value.map(|value| scope.text(value).with_context(|| self.path.clone())).transpose()
    }

    /// The text, which has to be there.
    pub(super) fn required_text(&self, scope: &Scope) -> Result<String> {
        self.required()?;
        self.text(scope)?.with_context(|| format!("{}: missing", self.path))
    }

    /// The whole number, parameters put in; nothing if it is missing.
    pub(super) fn number(&self, scope: &Scope) -> Result<Option<u32>> {
        let Some(text) = self.text(scope)? else { return Ok(None) };
        text.parse().map(Some).with_context(|| format!("{}: `{text}` is not a whole number", self.path))
    }

    /// The logical id of the resource whose `Arn` this is.
    pub(super) fn arn_of(&self) -> Result<String> {
        let value = self.required()?;
        match value.get("Fn::GetAtt").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::String(resource), Value::String(attribute)]) if attribute == "Arn" => Ok(resource.clone()),
            _ => bail!("{}: expected `!GetAtt Resource.Arn`, found {value}", self.path),
        }
    }
}
