//! From a version as people write it to the text that is compared.

use crate::{
    branch, date,
    modifier::Modifier,
    scan::{after_v, after_word, before_end, before_word, digits, is_blank, is_end, split, trim},
};

/// Branches that may be named without `dev-`.
const DEFAULT_BRANCHES: [&str; 3] = ["master", "trunk", "default"];
/// What may follow an `@`.
const FLAGS: [&str; 5] = ["stable", "RC", "beta", "alpha", "dev"];
/// Digits of a first number that is no date.
const MAJOR_DIGITS: usize = 5;

/// The normalised form of a version: `v1.2-b3` is `1.2.0.0-beta3`. `None` if it is no version.
pub(crate) fn normalize(text: &str) -> Option<String> {
    let text = without_alias(trim(text));
    let text = split_flag(text).map_or(text, |(version, _)| version);
    if DEFAULT_BRANCHES.contains(&text) {
        return Some(format!("{}{text}", branch::PREFIX));
    }
    if let Some(name) = after_word(text, branch::PREFIX) {
        return Some(format!("{}{name}", branch::PREFIX));
    }
    let text = without_build(text);
    numbers(text).or_else(|| date::normalize(text)).or_else(|| numeric_branch(text))
}

/// `dev-main as 1.0` is `dev-main`.
pub(crate) fn without_alias(text: &str) -> &str {
    let is_name = |byte: u8| byte != b',' && !is_blank(byte);
    let (name, rest) = split(text, is_name);
    let alias = (!name.is_empty()).then(|| after_spaces(rest)).flatten();
    let alias = alias.and_then(|rest| after_spaces(rest.strip_prefix("as")?));
    let is_alias = alias.is_some_and(|alias| {
        let (alias, end) = split(alias, is_name);
        !alias.is_empty() && is_end(end)
    });
    if is_alias { name } else { text }
}

/// What follows one or more spaces.
pub(crate) fn after_spaces(text: &str) -> Option<&str> {
    let (spaces, rest) = split(text, |byte| byte == b' ');
    (!spaces.is_empty()).then_some(rest)
}

/// Cuts `1.0@beta` into `1.0` and `beta`.
pub(crate) fn split_flag(text: &str) -> Option<(&str, &str)> {
    FLAGS.iter().find_map(|flag| {
        let version = before_word(text, flag)?.strip_suffix('@')?;
        Some((version, &text[text.len() - flag.len()..]))
    })
}

/// `1.0+build.5` is `1.0`.
fn without_build(text: &str) -> &str {
    let (version, rest) = split(text, |byte| !matches!(byte, b',' | b'+') && !is_blank(byte));
    let Some(build) = rest.strip_prefix('+') else { return text };
    let (build, end) = split(build, |byte| !is_blank(byte));
    if version.is_empty() || build.is_empty() || !is_end(end) { text } else { version }
}

/// One to four numbers and a modifier, filled up with zeros.
fn numbers(text: &str) -> Option<String> {
    let (major, mut rest) = digits(after_v(before_end(text)))?;
    if major.len() > MAJOR_DIGITS {
        return None;
    }
    let mut version = major.to_owned();
    for _ in 1..4 {
        let (number, after) = rest.strip_prefix('.').and_then(digits).unwrap_or(("0", rest));
        version.extend([".", number]);
        rest = after;
    }
    let (modifier, rest) = Modifier::read(rest);
    rest.is_empty().then(|| version + &modifier.normalized())
}

/// `1.x-dev`. What stands on lines before the last is not looked at.
fn numeric_branch(text: &str) -> Option<String> {
    let name = before_word(before_end(text), "dev")?;
    let name = name.strip_suffix(['.', '-']).unwrap_or(name);
    branch::numeric(name.rsplit('\n').next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_filled_up_to_four() {
        for (text, normalized) in [
            ("1", "1.0.0.0"),
            (" V0.1.6 ", "0.1.6.0"),
            ("03.04", "03.04.0.0"),
            ("99999.2", "99999.2.0.0"),
            ("0.1.", "0.1.0.0"),
            ("1.a", "1.0.0.0-alpha"),
            ("2.99999999999999999999", "2.99999999999999999999.0.0"),
            ("1.0.0-beta+exp.sha,+x", "1.0.0.0-beta"),
            ("1.0-STABLE", "1.0.0.0-stable"),
            ("1.0-stable-dev", "1.0.0.0"),
        ] {
            assert_eq!(normalize(text).as_deref(), Some(normalized), "{text}");
        }
    }

    #[test]
    fn a_branch_is_its_name() {
        for (text, normalized) in [
            ("DEV-Main#1 x", "dev-Main#1 x"),
            ("master", "dev-master"),
            ("dev-", "dev-"),
            ("dev-main as 1.0", "dev-main"),
            ("dev-main  as  1.0@dev", "dev-main"),
            ("dev-main@dev", "dev-main"),
            ("3.4.X-dev", "3.4.9999999.9999999-dev"),
            ("123456.x-dev", "123456.9999999.9999999.9999999-dev"),
            ("any\n1.x-dev", "1.9999999.9999999.9999999-dev"),
        ] {
            assert_eq!(normalize(text).as_deref(), Some(normalized), "{text}");
        }
    }

    #[test]
    fn flags_are_dropped() {
        assert_eq!(normalize("1.0@RC").as_deref(), Some("1.0.0.0"));
        assert_eq!(normalize("1.0\n@Dev").as_deref(), Some("1.0.0.0"));
        assert_eq!(normalize("1.0@beta@dev"), None);
        assert_eq!(split_flag("^1@dEv"), Some(("^1", "dEv")));
    }

    #[test]
    fn everything_else_is_no_version() {
        for text in [
            "",
            "dev",
            "main",
            "Master",
            "v",
            "vv1",
            "1.0 0",
            "1.2.3.4.5",
            "1.0-foo",
            "1.0-1",
            "1.0+",
            "1.0#a",
            "^1",
            "1.x",
            "x",
            "@dev",
            "1.0 as",
            "é",
        ] {
            assert_eq!(normalize(text), None, "{text}");
        }
    }
}
