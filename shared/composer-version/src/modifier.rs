//! What may follow a version's numbers: `-beta3`, `.RC.1-dev`, `_p2`, `dev`, or nothing but one separator.

use crate::scan::{after_word, digits};

/// Names that are not the beginning of one another come in any order; the others longest first.
const WORDS: [&str; 9] = ["stable", "beta", "b", "rc", "alpha", "a", "patch", "pl", "p"];

/// A modifier, in the text's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modifier<'a> {
    /// `beta`, `b`, `RC`… as it was written; empty if there is none.
    pub(crate) word: &'a str,
    /// The numbers after the word, with what separates them.
    pub(crate) numbers: &'a str,
    /// Whether it ends with `dev`.
    pub(crate) dev: bool,
}

impl<'a> Modifier<'a> {
    /// Reads the modifier at the front, which may be nothing, and says what follows.
    pub(crate) fn read(text: &'a str) -> (Self, &'a str) {
        let start = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
        let (word, rest) = word(start);
        let end = if word.is_empty() { rest } else { after_numbers(rest) };
        let numbers = &rest[..rest.len() - end.len()];
        match after_word(end.strip_prefix(['.', '-']).unwrap_or(end), "dev") {
            Some(rest) => (Self { word, numbers, dev: true }, rest),
            None => (Self { word, numbers, dev: false }, end),
        }
    }

    /// Whether it says nothing about how stable the version is.
    pub(crate) fn is_silent(&self) -> bool {
        self.word.is_empty() && !self.dev
    }

    /// As it stands in a normalised version.
    pub(crate) fn normalized(&self) -> String {
        let word = match self.word.to_ascii_lowercase().as_str() {
            "" => String::new(),
            // Only in lower case does the library know it as the word for nothing.
            "stable" if self.word == "stable" => return String::new(),
            "a" => "-alpha".to_owned(),
            "b" => "-beta".to_owned(),
            "p" | "pl" => "-patch".to_owned(),
            "rc" => "-RC".to_owned(),
            word => format!("-{word}"),
        };
        let dev = if self.dev { "-dev" } else { "" };
        format!("{word}{}{dev}", self.numbers.trim_start_matches(['.', '-']))
    }
}

fn word(text: &str) -> (&str, &str) {
    let rest = WORDS.iter().find_map(|word| after_word(text, word)).unwrap_or(text);
    text.split_at(text.len() - rest.len())
}

/// What follows numbers like `1.2-3` or `.4`.
fn after_numbers(mut text: &str) -> &str {
    while let Some((_, rest)) = digits(text.strip_prefix(['.', '-']).unwrap_or(text)) {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, &str) {
        let (modifier, rest) = Modifier::read(text);
        (modifier.normalized(), rest)
    }

    #[test]
    fn short_words_are_written_out() {
        for (text, normalized) in [
            ("a1", "-alpha1"),
            ("-B.2", "-beta2"),
            ("_rc", "-RC"),
            (".pl-3", "-patch3"),
            ("-p", "-patch"),
            ("-alpha.1.2-3", "-alpha1.2-3"),
            ("-beta2.dev", "-beta2-dev"),
            ("--dev", "-dev"),
            ("adev", "-alpha-dev"),
        ] {
            assert_eq!(read(text), (normalized.to_owned(), ""), "{text}");
        }
    }

    #[test]
    fn stable_is_a_word_for_nothing_unless_it_is_shouted() {
        assert_eq!(read("-stable4-dev"), (String::new(), ""));
        assert_eq!(read("-STABLE4"), ("-stable4".to_owned(), ""));
    }

    #[test]
    fn what_is_no_modifier_stays() {
        assert_eq!(read("-foo"), (String::new(), "foo"));
        assert_eq!(read("-beta-foo"), ("-beta".to_owned(), "-foo"));
        assert_eq!(read("."), (String::new(), ""));
        assert_eq!(read("_-_dev"), (String::new(), "-_dev"));
    }
}
