//! Where a constraint's text is cut: at `||` into alternatives, at commas and spaces into parts.

use std::iter;

use crate::scan::{is_blank, is_end, span, split};

/// Cuts at `|` and `||`; blanks around them belong to none.
pub(super) fn alternatives(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let (alternative, bar) = split(rest?, |byte| byte != b'|');
        let Some(after) = bar.strip_prefix('|') else {
            rest = None;
            return Some(alternative);
        };
        rest = Some(split(after.strip_prefix('|').unwrap_or(after), is_blank).1);
        Some(alternative.trim_end_matches(|char: char| u8::try_from(char).is_ok_and(is_blank)))
    })
}

/// Cuts where the library's pattern does: `(?<!^|as|[=>< ,]) *(?<!-)[, ](?!-) *(?!,|as|$)`.
///
/// So not after an operator, not around a lone dash, and not around the `as` of an alias.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(0);
    iter::from_fn(move || {
        let begin = rest?;
        let cut = cut(text, begin);
        rest = cut.map(|(_, next)| next);
        Some(&text[begin..cut.map_or(text.len(), |(end, _)| end)])
    })
}

/// The first cut from here on: where the part ends and where the next begins.
fn cut(text: &str, begin: usize) -> Option<(usize, usize)> {
    let mut at = begin;
    loop {
        at += span(&text[at..], |byte| byte != b' ' && byte != b',');
        if at == text.len() {
            return None;
        }
        if let Some(next) = separator(text, at) {
            return Some((at, next));
        }
        at += 1;
    }
}

/// Where a separator that begins at `at` ends.
fn separator(text: &str, at: usize) -> Option<usize> {
    let before = &text[..at];
    if before.is_empty() || before.ends_with("as") || before.ends_with(['=', '>', '<', ' ', ',']) {
        return None;
    }
    let spaces = span(&text[at..], |byte| byte == b' ');
    // The pattern tries the last space first. A space with two more behind it separates for sure.
    (spaces.saturating_sub(2)..=spaces).rev().find_map(|skipped| end_of(text, at + skipped))
}

/// Where a separator ends whose comma, or one space that counts, is at `at`.
fn end_of(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix([',', ' '])?;
    if text[..at].ends_with('-') || rest.starts_with('-') {
        return None;
    }
    let (spaces, next) = split(rest, |byte| byte == b' ');
    if !is_end(next) && !next.starts_with(',') && !next.starts_with("as") {
        return Some(text.len() - next.len());
    }
    // One space fewer, and it is a space that follows.
    (!spaces.is_empty()).then(|| text.len() - next.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(text: &str) -> Vec<&str> {
        parts(text).collect()
    }

    #[test]
    fn bars_make_alternatives() {
        let of = |text| alternatives(text).collect::<Vec<_>>();
        assert_eq!(of("1|2 || 3\t|\n4"), ["1", "2", "3", "4"]);
        assert_eq!(of("|||"), ["", "", ""]);
        assert_eq!(of("1 |  | é"), ["1", "", "é"]);
    }

    #[test]
    fn commas_and_spaces_make_parts() {
        assert_eq!(parts_of(">=1.0 <2.0,!=1.5 , 3"), [">=1.0", "<2.0", "!=1.5", "3"]);
        assert_eq!(parts_of("1   2"), ["1", "2"]);
    }

    #[test]
    fn operators_ranges_and_aliases_stay_whole() {
        for whole in
            ["> 1.0", ">=   1.0", "1.0 - 2.0", "dev-a as 1.0", "1.0,", ",1.0", "1 -2", "1- 2", "dev-alias 1.0", ""]
        {
            assert_eq!(parts_of(whole), [whole]);
        }
    }

    #[test]
    fn two_spaces_are_one_too_many_in_ranges_and_aliases() {
        assert_eq!(parts_of("1.0  - 2.0"), ["1.0", "- 2.0"]);
        assert_eq!(parts_of("1.0  as 2.0"), ["1.0", " as 2.0"]);
        assert_eq!(parts_of("1 ,  ,2"), ["1", " ,2"]);
        assert_eq!(parts_of("a-  b"), ["a-", "b"]);
    }
}
