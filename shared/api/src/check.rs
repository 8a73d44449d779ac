//! Checks the fields of a request and collects every problem, so that the sender learns of all of them at once.

use std::borrow::Cow;

use domain::{Problem, Timestamp, repository::Patch};
use serde_json::{Map, Value};

use crate::{ApiError, FieldProblem};

/// The fields of a body or of a query string, and the problems found with them so far.
#[derive(Debug)]
pub struct Check {
    fields: Map<String, Value>,
    /// A query string has only texts: its numbers are read from them.
    from_query: bool,
    problems: Vec<FieldProblem>,
}

impl Check {
    pub(crate) fn body(fields: Map<String, Value>) -> Self {
        Self { fields, from_query: false, problems: Vec::new() }
    }

    pub(crate) fn query(pairs: Vec<(String, String)>) -> Self {
        let fields = pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        Self { fields, from_query: true, problems: Vec::new() }
    }

    /// A text that must be there.
    pub fn text<T>(&mut self, field: &'static str, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        match self.optional_text(field, parse) {
            Present::Value(value) => Some(value),
            Present::Absent => self.problem(field, Problem::Required),
            Present::Wrong => None,
        }
    }

    /// A text that may be missing or null.
    pub fn text_or_none<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<Option<T>> {
        self.optional_text(field, parse).or_none()
    }

    /// A whole number that must be there.
    pub fn integer<T>(&mut self, field: &'static str, parse: impl FnOnce(i64) -> Result<T, Problem>) -> Option<T> {
        match self.optional_integer(field, parse) {
            Present::Value(value) => Some(value),
            Present::Absent => self.problem(field, Problem::Required),
            Present::Wrong => None,
        }
    }

    /// A whole number that may be missing or null.
    pub fn integer_or_none<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(i64) -> Result<T, Problem>,
    ) -> Option<Option<T>> {
        self.optional_integer(field, parse).or_none()
    }

    /// What becomes of a text that may be null.
    pub fn text_patch<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<Patch<T>> {
        let given = self.fields.contains_key(field);
        self.text_or_none(field, parse).map(|value| patch(given, value))
    }

    /// What becomes of a whole number that may be null.
    pub fn integer_patch<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(i64) -> Result<T, Problem>,
    ) -> Option<Patch<T>> {
        let given = self.fields.contains_key(field);
        self.integer_or_none(field, parse).map(|value| patch(given, value))
    }

    /// A text that may be missing, but not null.
    pub fn text_if_given<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<Option<T>> {
        if self.fields.contains_key(field) { self.text(field, parse).map(Some) } else { Some(None) }
    }

    /// A whole number that may be missing, but not null.
    pub fn integer_if_given<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(i64) -> Result<T, Problem>,
    ) -> Option<Option<T>> {
        if self.fields.contains_key(field) { self.integer(field, parse).map(Some) } else { Some(None) }
    }

    /// A list of texts that may be missing; null empties it.
    pub fn texts_if_given<T>(
        &mut self,
        field: &'static str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<Option<Vec<T>>> {
        if self.fields.contains_key(field) { self.texts(field, most, parse).map(Some) } else { Some(None) }
    }

    /// What another check makes of a field, if it is given.
    pub fn given<T>(&mut self, field: &str, check: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.fields.contains_key(field) { check(self).map(Some) } else { Some(None) }
    }

    /// What another check makes of a field that may be missing, but not null.
    pub fn if_given<T>(
        &mut self,
        field: &'static str,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.fields.get(field).is_some_and(Value::is_null) {
            return self.problem(field, Problem::Required);
        }
        self.given(field, check)
    }

    /// Yes or no, which may be missing, but not null.
    pub fn flag_if_given(&mut self, field: &'static str) -> Option<Option<bool>> {
        match self.fields.remove(field) {
            None => Some(None),
            Some(Value::Bool(flag)) => Some(Some(flag)),
            Some(Value::Null) => self.problem(field, Problem::Required),
            Some(_) => self.problem(field, Problem::WrongType { expected: "true or false" }),
        }
    }

    /// A list of texts, empty when missing or null.
    pub fn texts<T>(
        &mut self,
        field: &'static str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, Problem>,
    ) -> Option<Vec<T>> {
        const EXPECTED: Problem = Problem::WrongType { expected: "an array of strings" };
        let entries = match self.fields.remove(field) {
            None | Some(Value::Null) => return Some(Vec::new()),
            Some(Value::Array(entries)) => entries,
            Some(_) => return self.problem(field, EXPECTED),
        };
        if entries.len() > most {
            return self.problem(field, Problem::TooLong { max: most });
        }
        let parsed: Result<Vec<T>, Problem> =
            entries.iter().map(|entry| entry.as_str().ok_or(EXPECTED).and_then(&parse)).collect();
        parsed.map_or_else(|problem| self.problem(field, problem), Some)
    }

    /// In a list of objects a text may stand for an object with nothing but this field.
    pub fn spell_out(&mut self, field: &str, inner: &str) {
        for entry in self.fields.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            if entry.is_string() {
                *entry = Value::Object(Map::from_iter([(inner.to_owned(), entry.take())]));
            }
        }
    }

    /// A list of objects that may be missing or null, each checked by itself. Problems are noted with their place:
    /// `versions[3].version`.
    pub fn objects_or_none<T>(
        &mut self,
        field: &'static str,
        most: usize,
        mut parse: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Option<Vec<T>>> {
        const EXPECTED: &str = "an array of objects";
        let entries = match self.fields.remove(field) {
            None | Some(Value::Null) => return Some(None),
            Some(Value::Array(entries)) => entries,
            Some(_) => return self.problem(field, Problem::WrongType { expected: EXPECTED }),
        };
        if entries.len() > most {
            return self.problem(field, Problem::TooLong { max: most });
        }
        let mut parsed = Vec::with_capacity(entries.len());
        let mut good = true;
        for (place, entry) in entries.into_iter().enumerate() {
            let Value::Object(fields) = entry else {
                self.problem::<T>(format!("{field}[{place}]"), Problem::WrongType { expected: "an object" });
                good = false;
                continue;
            };
            let mut inner = Self::body(fields);
            let value = parse(&mut inner);
            good &= value.is_some() && inner.problems.is_empty();
            parsed.extend(value);
            let within =
                |it: FieldProblem| FieldProblem { field: format!("{field}[{place}].{}", it.field).into(), ..it };
            self.problems.extend(inner.problems.into_iter().map(within));
        }
        good.then_some(Some(parsed))
    }

    /// A time that may be missing or null: RFC 3339, kept to the second.
    pub fn time_or_none(&mut self, field: &'static str) -> Option<Option<Timestamp>> {
        self.text_or_none(field, time)
    }

    /// What becomes of a time that may be null.
    pub fn time_patch(&mut self, field: &'static str) -> Option<Patch<Timestamp>> {
        self.text_patch(field, time)
    }

    /// Notes a problem that concerns this field.
    pub fn problem<T>(&mut self, field: impl Into<Cow<'static, str>>, problem: Problem) -> Option<T> {
        self.problems.push(FieldProblem { field: field.into(), problem });
        None
    }

    /// The checked input, or all the problems.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, ApiError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(ApiError::fields(self.problems)),
        }
    }

    fn optional_text<T>(&mut self, field: &'static str, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Present<T> {
        let parsed = match self.fields.remove(field) {
            None | Some(Value::Null) => return Present::Absent,
            Some(Value::String(text)) => parse(&text),
            Some(_) => Err(Problem::WrongType { expected: "a string" }),
        };
        self.present(field, parsed)
    }

    fn optional_integer<T>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(i64) -> Result<T, Problem>,
    ) -> Present<T> {
        let number = match self.fields.remove(field) {
            None | Some(Value::Null) => return Present::Absent,
            Some(Value::String(text)) if self.from_query => text.parse().ok(),
            Some(value) => value.as_i64(),
        };
        let parsed = number.ok_or(Problem::WrongType { expected: "a whole number" }).and_then(parse);
        self.present(field, parsed)
    }

    fn present<T>(&mut self, field: &'static str, parsed: Result<T, Problem>) -> Present<T> {
        match parsed {
            Ok(value) => Present::Value(value),
            Err(problem) => {
                self.problem::<T>(field, problem);
                Present::Wrong
            }
        }
    }
}

/// The years that are kept: what is stored sorts by them.
fn time(text: &str) -> Result<Timestamp, Problem> {
    let malformed = Problem::Malformed { what: "time" };
    let second = text.parse::<Timestamp>().map_err(|_| malformed.clone())?.as_second();
    if second < 0 { Err(malformed) } else { Timestamp::from_second(second).map_err(|_| malformed) }
}

fn patch<T>(given: bool, value: Option<T>) -> Patch<T> {
    match value {
        Some(value) => Patch::Set(value),
        None if given => Patch::Clear,
        None => Patch::Keep,
    }
}

enum Present<T> {
    Value(T),
    Absent,
    Wrong,
}

impl<T> Present<T> {
    #[expect(clippy::option_option, reason = "the outer one: is it good; the inner one: is it there")]
    fn or_none(self) -> Option<Option<T>> {
        match self {
            Self::Value(value) => Some(Some(value)),
            Self::Absent => Some(None),
            Self::Wrong => None,
        }
    }
}
