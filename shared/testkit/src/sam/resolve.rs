//! The functions of `CloudFormation` that names and numbers in the template use: `Ref` and `Sub` of parameters.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// What `AWS::Region` is here, and in every client of the embedded services.
pub const REGION: &str = "us-east-1";
/// What `AWS::AccountId` is here: the account of every emulator.
pub const ACCOUNT: &str = "000000000000";

/// The texts a `Ref` can stand for: parameters with their defaults, and the pseudo parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    texts: BTreeMap<String, String>,
}

impl Scope {
    pub(super) fn new(document: &Value) -> Result<Self> {
        let pseudo = [
            ("AWS::Region", REGION),
            ("AWS::AccountId", ACCOUNT),
            ("AWS::Partition", "aws"),
            ("AWS::StackName", "tollgate"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ];
        let mut texts: BTreeMap<_, _> = pseudo.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        for (name, parameter) in document["Parameters"].as_object().into_iter().flatten() {
            if let Some(default) = parameter.get("Default") {
                let text = scalar(default).with_context(|| format!("Parameters.{name}.Default: expected a text"))?;
                texts.insert(name.clone(), text);
            }
        }
        Ok(Self { texts })
    }

    /// This scope and what else `Ref` and `${…}` may stand for.
    pub(super) fn with(&self, more: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut texts = self.texts.clone();
        texts.extend(more);
        Self { texts }
    }

    /// The text a value stands for.
    pub(super) fn text(&self, value: &Value) -> Result<String> {
        if let Some(text) = scalar(value) {
            return Ok(text);
        }
        let Some((function, argument)) =
            value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next())
        else {
            bail!("expected a text, found {value}")
        };
        match (function.as_str(), argument) {
            ("Ref", Value::String(name)) => self.named(name),
            ("Fn::Sub", Value::String(pattern)) => self.substitute(pattern),
            ("Fn::GetAtt", Value::Array(path)) => {
                let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
                self.named(&path.join("."))
            }
            _ => bail!("expected a text, found {value}, which is not understood here"),
        }
    }

    fn named(&self, name: &str) -> Result<String> {
        self.texts.get(name).cloned().with_context(|| format!("`{name}` is no parameter with a default"))
    }

    fn substitute(&self, pattern: &str) -> Result<String> {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').with_context(|| format!("`{pattern}`: a brace is not closed"))?;
            text.push_str(before);
            // `${!X}` is a literal `${X}`.
            match name.strip_prefix('!') {
                Some(literal) => text.extend(["${", literal, "}"]),
                None => text.push_str(&self.named(name)?),
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
