//! Reading text from its front. PHP's patterns work on bytes; so does this, and it cuts only beside ASCII.
//!
//! Whatever looks at text of unknown length does so through `span`, which lets tests count the looks.

/// How many bytes at the front are all `inside`, which must say the same of every byte that is not ASCII.
pub(crate) fn span(text: &str, inside: impl Fn(u8) -> bool) -> usize {
    let length = text.bytes().position(|byte| !inside(byte)).unwrap_or(text.len());
    #[cfg(test)]
    steps::add(length + 1);
    length
}

/// Cuts where `inside` ends.
pub(crate) fn split(text: &str, inside: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(span(text, inside))
}

/// The digits at the front, at least one, and what follows.
pub(crate) fn digits(text: &str) -> Option<(&str, &str)> {
    let (digits, rest) = split(text, |byte| byte.is_ascii_digit());
    (!digits.is_empty()).then_some((digits, rest))
}

/// What follows `word`, in any case.
pub(crate) fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

/// What stands before `word`, in any case.
pub(crate) fn before_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (rest, tail) = text.split_at_checked(text.len().checked_sub(word.len())?)?;
    tail.eq_ignore_ascii_case(word).then_some(rest)
}

/// What follows the one leading `v` that a version may have.
pub(crate) fn after_v(text: &str) -> &str {
    after_word(text, "v").unwrap_or(text)
}

/// PHP's `trim`.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b'])
}

/// `\s` of a pattern.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// What a pattern's `$` lets through at the end: nothing, or one line feed.
pub(crate) fn is_end(text: &str) -> bool {
    matches!(text, "" | "\n")
}

/// The text up to where a pattern's `$` may stand.
pub(crate) fn before_end(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

/// How many bytes were looked at, for tests that hold the work to be linear.
#[cfg(test)]
pub(crate) mod steps {
    use std::cell::Cell;

    thread_local!(static STEPS: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn add(count: usize) {
        STEPS.set(STEPS.get() + count);
    }

    /// What `work` took.
    pub(crate) fn of(work: impl FnOnce()) -> usize {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_beside_anything() {
        assert_eq!(after_word("DEV-x", "dev-"), Some("x"));
        assert_eq!(after_word("dé", "dev"), None);
        assert_eq!(before_word("1.x-Dev", "dev"), Some("1.x-"));
        assert_eq!(before_word("édev", "xdev"), None);
        assert_eq!(before_word("v", "dev"), None);
    }

    #[test]
    fn php_trims_a_nul_but_no_form_feed() {
        assert_eq!(trim("\0 1.0\x0b\r\n"), "1.0");
        assert_eq!(trim("\x0c1.0"), "\x0c1.0");
        assert!(is_blank(0x0c) && is_blank(0x0b) && !is_blank(0) && !is_blank(0x85));
    }

    #[test]
    fn a_cut_never_falls_inside_a_character() {
        assert_eq!(split("1é2", |byte| byte != b'2'), ("1é", "2"));
        assert_eq!(digits("12é"), Some(("12", "é")));
        assert_eq!(digits("é"), None);
    }
}
