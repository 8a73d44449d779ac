//! The order of normalised versions: PHP's `version_compare`, with numbers of any length.

use std::cmp::Ordering;

use crate::scan::split;

/// A piece of a version, in the order of the ranks: `beta` is below the end, which is below a number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    Unknown,
    Dev,
    Alpha,
    Beta,
    Rc,
    End,
    /// How many digits, and which, without leading zeros.
    Number(usize, &'a str),
    Patch,
}

/// Which of two normalised versions that are no branches is the later one.
///
/// Versions that differ in leading zeros or separators only are equal: `1.0` and `1.00`, `-RC1.1` and `-RC1-1`.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (a, left_rest) = piece(left);
        let (b, right_rest) = piece(right);
        if a != b || a == Piece::End {
            return a.cmp(&b);
        }
        (left, right) = (left_rest, right_rest);
    }
}

/// The first piece and what follows it. Digits and letters are pieces, and all else separates.
fn piece(text: &str) -> (Piece<'_>, &str) {
    let (_, text) = split(text, |byte| !byte.is_ascii_alphanumeric());
    let (digits, rest) = split(text, |byte| byte.is_ascii_digit());
    if !digits.is_empty() {
        let number = digits.trim_start_matches('0');
        return (Piece::Number(number.len(), number), rest);
    }
    let (word, rest) = split(text, |byte| byte.is_ascii_alphabetic());
    (rank(word), rest)
}

/// PHP knows words by how they begin, and by their case.
fn rank(word: &str) -> Piece<'static> {
    match word.as_bytes() {
        [] => Piece::End,
        [b'd', b'e', b'v', ..] => Piece::Dev,
        [b'a', ..] => Piece::Alpha,
        [b'b', ..] => Piece::Beta,
        [b'R', b'C', ..] | [b'r', b'c', ..] => Piece::Rc,
        [b'p', ..] => Piece::Patch,
        _ => Piece::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_from_unfinished_to_patched() {
        let rising = [
            "1.0.0.0-stable",
            "1.0.0.0-dev",
            "1.0.0.0-alpha-dev",
            "1.0.0.0-alpha",
            "1.0.0.0-alpha2",
            "1.0.0.0-beta1",
            "1.0.0.0-beta1.1",
            "1.0.0.0-beta10",
            "1.0.0.0-RC1-dev",
            "1.0.0.0-RC1",
            "1.0.0.0",
            "1.0.0.0-patch",
            "1.0.0.0-patch1",
            "1.0.0.1-dev",
            "1.0.10.0",
            "1.9999999.9999999.9999999-dev",
            "2.0.0.0",
            "20240115",
            "20240115.1",
            "9223372036854775807.0",
            "9223372036854775808.0",
            "99999999999999999999999999.0",
        ];
        for (place, left) in rising.iter().enumerate() {
            for (other, right) in rising.iter().enumerate() {
                assert_eq!(compare(left, right), place.cmp(&other), "{left} and {right}");
            }
        }
    }

    #[test]
    fn zeros_and_separators_make_no_difference() {
        assert_eq!(compare("01.000.0.0", "1.0.0.0"), Ordering::Equal);
        assert_eq!(compare("1.0.0.0-RC1-1", "1.0.0.0-RC1.1"), Ordering::Equal);
        assert_eq!(compare("1.0.0.0-Beta", "1.0.0.0-DEV"), Ordering::Equal);
    }
}
