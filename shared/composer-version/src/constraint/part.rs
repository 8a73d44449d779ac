//! One part of an alternative, between its separators.

use super::{
    range,
    term::{Operator, Term},
};
use crate::{
    modifier::Modifier,
    normalize::{normalize, split_flag, without_alias},
    scan::{after_v, after_word, before_end, before_word, is_blank, span, split},
    stability::Stability,
};

/// What a constraint may begin with; those that begin another one stand behind it.
const OPERATORS: [(&str, Operator); 8] = [
    ("<>", Operator::NotEqual),
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    (">", Operator::Greater),
    ("<=", Operator::LessOrEqual),
    ("<", Operator::Less),
    ("==", Operator::Equal),
    ("=", Operator::Equal),
];

/// What a part stands for: one comparison, or two that must both hold. `None` if the library does not take it.
pub(super) fn read(part: &str) -> Option<(Term, Option<Term>)> {
    let (part, flag) = without_flag(without_alias(part));
    let part = without_reference(part);
    if let Some(term) = everything(part) {
        return Some((term, None));
    }
    let bounds = range::tilde(part).or_else(|| range::caret(part)).or_else(|| range::hyphen(part));
    let bounds = bounds.map(|(low, high)| (low, Some(high))).or_else(|| range::wildcard(part));
    bounds.or_else(|| Some((comparison(part, flag)?, None)))
}

/// Cuts off `@beta`, and says which flag it was if it matters. A flag alone goes with everything.
fn without_flag(part: &str) -> (&str, Option<&str>) {
    match split_flag(before_end(part)) {
        Some((version, flag)) if is_name(version) => {
            (if version.is_empty() { "*" } else { version }, Some(flag).filter(|flag| *flag != "stable"))
        }
        _ => (part, None),
    }
}

/// Cuts off the commit of `dev-main#1a2b3c` and `1.x-dev#1a2b3c`.
fn without_reference(part: &str) -> &str {
    let text = before_end(part);
    if text.contains('\n') {
        return part;
    }
    let named = after_word(text, "dev-").is_some();
    let is_cut =
        |at: &usize| (named && *at > 4) || before_word(&text[..*at], ".x-dev").is_some_and(|it| !it.is_empty());
    let cut = text.match_indices('#').map(|(at, _)| at).find(is_cut);
    // Something has to follow, and before it there may be neither blanks nor commas.
    cut.filter(|at| at + 1 < text.len() && is_name(&text[..*at]) && !text[..*at].contains('@'))
        .map_or(part, |at| &text[..at])
}

fn is_name(text: &str) -> bool {
    span(text, |byte| byte != b',' && !is_blank(byte)) == text.len()
}

/// `*` is everything; `v*` and `*.*` are all that has a number.
fn everything(part: &str) -> Option<Term> {
    let text = before_end(part);
    let wildcards = after_v(text);
    let mut rest = wildcards.strip_prefix(['x', 'X', '*'])?;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.')?.strip_prefix(['x', 'X', '*'])?;
    }
    Some(match text.len() {
        1 => Term::new(Operator::Any, String::new()),
        _ => Term::new(Operator::GreaterOrEqual, "0.0.0.0-dev".to_owned()),
    })
}

/// An operator, which may be missing, and a version. Nothing after a line feed is looked at.
fn comparison(part: &str, flag: Option<&str>) -> Option<Term> {
    let (operator, rest) = operator(part);
    let (_, rest) = split(rest, is_blank);
    let (text, _) = split(rest, |byte| byte != b'\n');
    let mut version = normalize(text).or_else(|| named_branch(text))?;
    match (operator, flag) {
        (Operator::Equal, _) => {}
        (_, Some(flag)) if Stability::of(&version) == Stability::Stable => version.extend(["-", flag]),
        // The unfinished versions of a bound are on the bound's own side, if it does not say which.
        (Operator::Less | Operator::GreaterOrEqual, _) if !has_modifier(text) && !text.starts_with("dev-") => {
            version.push_str("-dev");
        }
        _ => {}
    }
    Some(Term::new(operator, version))
}

/// The operator at the front and what follows it.
pub(super) fn operator(part: &str) -> (Operator, &str) {
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?)));
    found.unwrap_or((Operator::Equal, part))
}

/// `main-dev`, as some write for `dev-main`.
fn named_branch(text: &str) -> Option<String> {
    let name = text.strip_suffix("-dev")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/');
    if span(text, allowed) == text.len() { normalize(&format!("dev-{name}")) } else { None }
}

/// Whether it ends with a dash and a modifier. The library does not see `RC` here.
fn has_modifier(text: &str) -> bool {
    text.match_indices('-').any(|(at, _)| {
        let (modifier, rest) = Modifier::read(&text[at + 1..]);
        rest.is_empty() && !modifier.word.eq_ignore_ascii_case("rc")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(part: &str) -> Option<(Operator, String)> {
        let (term, second) = read(part)?;
        assert!(second.is_none(), "{part}");
        Some((term.operator, term.version.into()))
    }

    #[test]
    fn a_bound_includes_its_unfinished_versions_unless_it_says_which() {
        for (part, operator, version) in [
            (">=1.2", Operator::GreaterOrEqual, "1.2.0.0-dev"),
            ("<  1.2", Operator::Less, "1.2.0.0-dev"),
            ("<=1.2", Operator::LessOrEqual, "1.2.0.0"),
            ("<>1.2", Operator::NotEqual, "1.2.0.0"),
            ("<1.2-beta1", Operator::Less, "1.2.0.0-beta1"),
            ("<1.2-stable", Operator::Less, "1.2.0.0"),
            ("<1.2beta1", Operator::Less, "1.2.0.0-beta1-dev"),
            ("<1.2-RC1", Operator::Less, "1.2.0.0-RC1-dev"),
            (">=1.2@beta", Operator::GreaterOrEqual, "1.2.0.0-beta"),
            (">=1.2@Beta", Operator::GreaterOrEqual, "1.2.0.0-Beta"),
            (">1.2@dev", Operator::Greater, "1.2.0.0-dev"),
            (">=1.2@stable", Operator::GreaterOrEqual, "1.2.0.0-dev"),
            ("1.2@dev", Operator::Equal, "1.2.0.0"),
            (">=2024-03-01", Operator::GreaterOrEqual, "2024.03.01-dev"),
        ] {
            assert_eq!(shown(part), Some((operator, version.to_owned())), "{part}");
        }
    }

    #[test]
    fn a_branch_goes_without_alias_flag_and_commit() {
        for part in ["dev-main", "dev-main#1a", "dev-main@dev", "dev-main as 1.0", "main-dev", "DEV-main#1#2"] {
            assert_eq!(shown(part), Some((Operator::Equal, "dev-main".to_owned())), "{part}");
        }
        assert_eq!(shown("dev-##1").unwrap().1, "dev-#");
        assert_eq!(shown("dev-a#").unwrap().1, "dev-a#");
        assert_eq!(shown("1.x-dev#1a").unwrap().1, "1.9999999.9999999.9999999-dev");
    }

    #[test]
    fn stars_are_everything() {
        for part in ["*", "x", "X", "@dev", "*@beta", "@stable"] {
            assert_eq!(shown(part).unwrap().0, Operator::Any, "{part}");
        }
        for part in ["v*", "*.x", "x.X.*"] {
            assert_eq!(shown(part), Some((Operator::GreaterOrEqual, "0.0.0.0-dev".to_owned())), "{part}");
        }
    }

    #[test]
    fn what_the_library_does_not_take_is_not_taken() {
        for part in
            ["", "~", "^", "^ 1", "~>1", "=>1", "^1.*", ">=*", "!1", "1.0#a", "^^1", "latest", "1.2.3.4.5", "&&"]
        {
            assert_eq!(shown(part), None, "{part}");
        }
    }
}
