//! However long a text is, and whatever it is made of, each byte is looked at a few times only.

use crate::{Constraint, Version, scan::steps};

/// Bytes of a short text; a long one is ten times as long.
const SHORT: usize = 500;

/// What texts are made of: a beginning, something over and over, and an end.
const SHAPES: &[(&str, &str, &str)] = &[
    ("", "|", ""),
    ("", "||", "1"),
    ("", "1||", "1"),
    ("", "^1|", "2"),
    ("", "*,", "*"),
    ("", " ", "1"),
    ("1", " ", ""),
    ("1", " ", "|1"),
    ("1", " ", "- 2"),
    ("1-", " ", "- 2"),
    ("1 -", " ", "2"),
    ("1", " ", "as 2"),
    ("1", " ,", "2"),
    ("1", ",", "2"),
    ("1", ", -", "2"),
    ("dev-as", " as", " 1"),
    ("dev-a", " ,as ", "1"),
    ("", "1 ", "latest"),
    ("", "1", ""),
    ("^", "9", ""),
    ("~1.", "9", ""),
    ("1.", "0", ""),
    ("1", ".1", ""),
    ("1", ".*", ""),
    ("*", ".*", "1"),
    ("1-b", ".1", ""),
    (">=1-b", "-1", ""),
    (">=1-b", "-b-1", ""),
    ("<", "-", "dev"),
    ("<1.0-", "dev", ""),
    ("<1", "-p1", "x"),
    (">=dev-", "-b1-1", ""),
    ("<20240101", "-01", ""),
    ("2024", "-01", ""),
    ("dev-", "#", ""),
    ("dev-", "#", "\n#"),
    ("a", "#.x-dev", "@#"),
    ("", "@dev", ""),
    ("1", "@beta", "@dev"),
    ("1+", "+", ""),
    ("1 as ", "1", ""),
    ("dev-a as ", "a", ","),
    ("", "\n", "1"),
    ("1", "\n", "1.x-dev"),
    ("", "1.x-dev\n", "1.x-dev"),
    ("", "é", ""),
    ("", "~^<>=!", ""),
    ("=", " ", "1"),
    ("=", "\t", "1"),
];

fn made_of((begin, middle, end): &(&str, &str, &str), length: usize) -> String {
    format!("{begin}{}{end}", middle.repeat(length / middle.len()))
}

fn read_everything(text: &str) {
    let version = Version::parse(text).unwrap_or_else(|_| Version::of_branch(text));
    let other = Version::of_branch(&format!("{text}1"));
    let _ = (version.compare(&other), version.cmp(&other), version.stability(), version.to_string());
    match Constraint::parse(text) {
        Ok(constraint) => {
            let _ = (constraint.matches(&version), constraint.matches(&other));
        }
        Err(error) => assert!(error.to_string().len() < 1000),
    }
}

#[test]
fn ten_times_the_text_is_ten_times_the_work() {
    for shape in SHAPES {
        let short = steps::of(|| read_everything(&made_of(shape, SHORT)));
        let long = steps::of(|| read_everything(&made_of(shape, SHORT * 10)));
        assert!(long <= short * 11, "{shape:?}: {short}, then {long}");
        assert!(long <= SHORT * 10 * 60, "{shape:?}: {long} looks at {} bytes", SHORT * 10);
    }
}

#[test]
fn megabytes_come_to_an_end() {
    for shape in SHAPES {
        read_everything(&made_of(shape, 1 << 11));
    }
    for text in ["|", "\n", "1.9-b", "é#@", "9"] {
        read_everything(&text.repeat((1 << 20) / text.len()));
    }
    assert!(Constraint::parse(&"^1.2 !=1.3||".repeat(1 << 12)).is_err());
}
