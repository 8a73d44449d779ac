//! Whether Composer can read a `composer.json`. A field that it stumbles over makes it give up on the whole repository, for
//! every package of every vendor's customer, so such a version is none. The rules are those of Composer's `ArrayLoader` and
//! `AutoloadGenerator`; what they pass over, as an `extra` that is a text, is passed over here.

use composer_version::Constraint;
use serde_json::{Map, Value};

use super::NoVersion;

/// Packages and constraints.
const LINKS: [&str; 5] = ["require", "require-dev", "conflict", "replace", "provide"];
/// Where code is found, by namespace.
const BY_NAMESPACE: [&str; 2] = ["psr-4", "psr-0"];
/// Where code is found.
const BY_PATH: [&str; 3] = ["classmap", "files", "exclude-from-classmap"];

/// A field, whether its value is good, and what is good.
type Rule<'a> = (&'static str, &'a dyn Fn(&Value) -> bool, &'static str);

/// Checks the fields of a manifest.
///
/// # Errors
/// The first one that Composer could not read.
pub(super) fn check(manifest: &Map<String, Value>) -> Result<(), NoVersion> {
    let given = |field: &str| manifest.get(field).filter(|value| !value.is_null());
    for field in LINKS {
        given(field).map_or(Ok(()), |value| links(field, value))?;
    }
    given("autoload").map_or(Ok(()), autoload)?;
    let texts = |value: &Value| is_list_of(value, Value::is_string);
    let list_or_text = |value: &Value| value.is_string() || texts(value);
    let scalars = |value: &Value| entries(value).is_none_or(|mut values| values.all(is_scalar));
    let rules: [Rule<'_>; 9] = [
        ("type", &Value::is_string, "a text"),
        ("target-dir", &Value::is_string, "a text"),
        ("bin", &list_or_text, "a text or a list of texts"),
        ("include-path", &texts, "a list of texts"),
        ("license", &list_or_text, "a text or a list of texts"),
        ("support", &is_object, "an object"),
        ("php-ext", &is_object, "an object"),
        ("suggest", &scalars, "an object of texts"),
        ("keywords", &scalars, "a list of texts"),
    ];
    for (field, is_good, wanted) in rules {
        if !given(field).is_none_or(is_good) {
            return Err(shape(field, wanted));
        }
    }
    if !given("abandoned").is_none_or(|value| value.is_boolean() || value.is_string()) {
        return Err(shape("abandoned", "true, false or the name of a package"));
    }
    let aliases = given("extra").and_then(|extra| extra.get("branch-alias"));
    if !aliases.is_none_or(|aliases| entries(aliases).is_none_or(|mut values| values.all(Value::is_string))) {
        return Err(shape("extra.branch-alias", "an object of texts"));
    }
    Ok(())
}

fn shape(field: &str, wanted: &'static str) -> NoVersion {
    NoVersion::Shape { field: field.to_owned(), wanted }
}

fn links(field: &str, value: &Value) -> Result<(), NoVersion> {
    // PHP writes an object with nothing in it as an empty list.
    if is_empty_list(value) {
        return Ok(());
    }
    let links = value.as_object().ok_or_else(|| shape(field, "an object of packages and constraints"))?;
    for (package, constraint) in links {
        let named = || format!("{field}: {}", shortened(package));
        let constraint = constraint.as_str().ok_or_else(|| shape(&named(), "a constraint"))?;
        if constraint != "self.version" && Constraint::parse(constraint).is_err() {
            return Err(NoVersion::Constraint { field: named(), constraint: shortened(constraint) });
        }
    }
    Ok(())
}

fn autoload(value: &Value) -> Result<(), NoVersion> {
    if is_empty_list(value) {
        return Ok(());
    }
    let autoload = value.as_object().ok_or_else(|| shape("autoload", "an object"))?;
    let paths = |value: &Value| value.is_string() || is_list_of(value, Value::is_string);
    for (kind, value) in autoload {
        let field = || format!("autoload.{kind}");
        if BY_NAMESPACE.contains(&kind.as_str()) {
            let good = is_object(value) && entries(value).is_none_or(|mut values| values.all(paths));
            good.then_some(()).ok_or_else(|| shape(&field(), "an object of namespaces and folders"))?;
        } else if BY_PATH.contains(&kind.as_str()) && !is_list_of(value, Value::is_string) {
            return Err(shape(&field(), "a list of texts"));
        }
    }
    Ok(())
}

/// What is in a list or an object, which are one in PHP; `None` of what is neither.
fn entries(value: &Value) -> Option<Box<dyn Iterator<Item = &Value> + '_>> {
    match value {
        Value::Array(list) => Some(Box::new(list.iter())),
        Value::Object(object) => Some(Box::new(object.values())),
        _ => None,
    }
}

fn is_list_of(value: &Value, is_good: impl Fn(&Value) -> bool) -> bool {
    entries(value).is_some_and(|mut values| values.all(is_good))
}

fn is_object(value: &Value) -> bool {
    value.is_object() || is_empty_list(value)
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(manifest: &Value) -> Option<String> {
        check(manifest.as_object().unwrap()).err().map(|reason| reason.to_string())
    }

    #[test]
    fn what_composer_stumbles_over_is_no_version() {
        for (manifest, field) in [
            (json!({"require": "x"}), "require"),
            (json!({"require": ["x"]}), "require"),
            (json!({"require": {"php": 8}}), "require: php"),
            (json!({"require": {"a/b": "not a version"}}), "require: a/b"),
            (json!({"conflict": {"a/b": null}}), "conflict: a/b"),
            (json!({"replace": 1}), "replace"),
            (json!({"autoload": 5}), "autoload"),
            (json!({"autoload": {"psr-4": "src/"}}), "autoload.psr-4"),
            (json!({"autoload": {"psr-4": {"A\\": 1}}}), "autoload.psr-4"),
            (json!({"autoload": {"files": "a.php"}}), "autoload.files"),
            (json!({"autoload": {"classmap": [[]]}}), "autoload.classmap"),
            (json!({"type": ["library"]}), "type"),
            (json!({"target-dir": {}}), "target-dir"),
            (json!({"bin": {"a": ["b"]}}), "bin"),
            (json!({"bin": 1}), "bin"),
            (json!({"include-path": "src"}), "include-path"),
            (json!({"license": {"a": {}}}), "license"),
            (json!({"support": "mail"}), "support"),
            (json!({"php-ext": true}), "php-ext"),
            (json!({"suggest": {"a/b": []}}), "suggest"),
            (json!({"keywords": [["a"]]}), "keywords"),
            (json!({"abandoned": ["a/b"]}), "abandoned"),
            (json!({"extra": {"branch-alias": {"dev-main": 1}}}), "extra.branch-alias"),
        ] {
            let reason = reason(&manifest).unwrap_or_else(|| panic!("{manifest} passed"));
            assert!(reason.starts_with(&format!("composer.json: {field} ")), "{manifest}: {reason}");
        }
    }

    #[test]
    fn what_composer_takes_or_passes_over_is_taken() {
        for manifest in [
            json!({}),
            json!({"require": [], "autoload": [], "support": [], "suggest": [], "bin": []}),
            json!({"require": null, "autoload": null, "type": null}),
            json!({"require": {"php": ">=8.1", "ext-json": "*", "a/b": "self.version", "c/d": "^1.0 || dev-main as 1.x-dev"}}),
            json!({"require": {"a/b": "dev-main#abcdef", "c/d": "~1.2@beta"}}),
            json!({"autoload": {"psr-4": {"A\\": ["src/", "lib/"], "": "x"}, "files": ["a.php"], "classmap": []}}),
            json!({"autoload": {"psr-0": [], "something-else": 7}}),
            json!({"type": "library", "license": "MIT", "bin": "bin/x", "abandoned": "a/b"}),
            json!({"license": ["MIT", "proprietary"], "abandoned": true, "keywords": ["a", 1]}),
            json!({"extra": "text", "suggest": "text", "authors": "me", "funding": 1, "description": 5, "homepage": []}),
            json!({"extra": {"branch-alias": {"dev-main": "1.x-dev"}}}),
        ] {
            assert_eq!(reason(&manifest), None, "{manifest}");
        }
    }
}
