//! Versions that are dates: `20240115`, `2024-01-15`, `2024.01.15-10:30`.

use std::ops::RangeInclusive;

use crate::{
    modifier::Modifier,
    scan::{after_v, before_end, split},
};

/// A year, six pairs and two groups of three, each with a separator.
const LONGEST: usize = 4 + 6 * 3 + 2 * 4;

/// The normalised form of a date with a modifier.
pub(crate) fn normalize(text: &str) -> Option<String> {
    let text = after_v(before_end(text));
    let (run, _) = split(text, |byte| byte.is_ascii_digit() || is_separator(byte));
    let date = run.trim_end_matches(['.', ':', '-']);
    let (modifier, rest) = Modifier::read(&text[date.len()..]);
    if !rest.is_empty() || !is_date(date.as_bytes()) {
        return None;
    }
    let dotted: String = date.chars().map(|char| if char.is_ascii_digit() { char } else { '.' }).collect();
    Some(dotted + &modifier.normalized())
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'.' | b':' | b'-')
}

/// Four digits, one to six pairs, up to two groups of one to three; a separator may stand before each.
///
/// Releases of composer/semver before 3.4 took one such group only.
fn is_date(date: &[u8]) -> bool {
    if date.len() > LONGEST || !all_digits(date.get(..4)) {
        return false;
    }
    let (mut ends, mut pairs) = (0, 1_u64 << 4);
    for _ in 0..6 {
        pairs = after_group(date, pairs, 2..=2);
        ends |= pairs;
    }
    let one = after_group(date, ends, 1..=3);
    let two = after_group(date, one, 1..=3);
    (ends | one | two) >> date.len() & 1 == 1
}

/// Where one more group of so many digits can end, when the text before it can end at any of `starts` (as bits).
fn after_group(date: &[u8], starts: u64, lengths: RangeInclusive<usize>) -> u64 {
    let mut ends = 0;
    for start in (0..=date.len()).filter(|start| starts >> start & 1 == 1) {
        let digits = start + usize::from(date.get(start).copied().is_some_and(is_separator));
        for end in lengths.clone().map(|length| digits + length) {
            ends |= u64::from(all_digits(date.get(digits..end))) << end;
        }
    }
    ends
}

fn all_digits(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|bytes| bytes.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_dotted_and_not_filled_up() {
        for (text, normalized) in [
            ("20240115", "20240115"),
            ("v2024-01-15", "2024.01.15"),
            ("2024-01-15.1", "2024.01.15.1"),
            ("2024-01-15-10:30", "2024.01.15.10.30"),
            ("20240115103000.5", "20240115103000.5"),
            ("201903.0", "201903.0"),
            ("20240115-beta2", "20240115-beta2"),
            ("2024-01.", "2024.01"),
            ("123456789", "123456789"),
        ] {
            assert_eq!(normalize(text).as_deref(), Some(normalized), "{text}");
        }
    }

    #[test]
    fn what_has_other_groups_is_no_date() {
        for text in ["2024", "2024-1-5", "2024-", "20240", "2024--01", "2024-01-1-1-1", "2024-01-foo", "", "v"] {
            assert_eq!(normalize(text), None, "{text}");
        }
        let longest = "2024:01:02:03:04:05:06:123:123";
        assert_eq!(longest.len(), LONGEST);
        assert!(normalize(longest).is_some());
        assert_eq!(normalize(&format!("{longest}:1")), None);
        assert_eq!(normalize(&"1".repeat(1000)), None);
    }
}
