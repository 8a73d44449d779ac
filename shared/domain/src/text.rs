//! Texts from outside, parsed into types that cannot hold a bad one.

use serde::{Deserialize, Serialize};

use crate::Problem;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses the text.
            ///
            /// # Errors
            /// The problem with it, as the sender is told.
            pub fn parse(text: &str) -> Result<Self, Problem> {
                let check: fn(&str) -> Result<String, Problem> = $parse;
                check(text).map(Self)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text! {
    /// An e-mail address: one recipient, fit to be put into a mail header.
    Email, email
}
text! {
    /// A GitHub account's name. Old names hold double hyphens and managed accounts an underscore,
    /// so GitHub's present rule for new names is too narrow; GitHub itself is asked whether it exists.
    GithubLogin, |text| pattern(text, 39, "GitHub username", |c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
text! {
    /// The name of a repository on GitHub, without its owner.
    GithubRepositoryName, github_repository_name
}
text! {
    /// What a repository is called in the shop, up to 120 characters.
    DisplayName, |text| line(text, 120)
}
text! {
    /// A repository's description, up to 5000 characters in several lines.
    Description, description
}
text! {
    /// One selling point of a product, up to 120 characters (ruling 13).
    Feature, |text| line(text, 120)
}
text! {
    /// A web address that is shown to buyers; it is never fetched.
    WebUrl, web_url
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

fn line(text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::Required);
    }
    if text.chars().count() > max {
        return Err(Problem::TooLong { max });
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::ControlCharacters);
    }
    Ok(text.to_owned())
}

fn pattern(text: &str, max: usize, what: &'static str, allowed: fn(char) -> bool) -> Result<String, Problem> {
    let text = line(text, max)?;
    if text.chars().all(allowed) { Ok(text) } else { Err(Problem::Malformed { what }) }
}

fn description(text: &str) -> Result<String, Problem> {
    const MAX: usize = 5000;
    if text.chars().count() > MAX {
        return Err(Problem::TooLong { max: MAX });
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Problem::ControlCharacters);
    }
    Ok(text.to_owned())
}

fn github_repository_name(text: &str) -> Result<String, Problem> {
    let what = "GitHub repository name";
    let name = pattern(text, 100, what, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))?;
    if name == "." || name == ".." { Err(Problem::Malformed { what }) } else { Ok(name) }
}

fn email(text: &str) -> Result<String, Problem> {
    let malformed = Problem::Malformed { what: "email" };
    let text = line(text, 254)?;
    let (local, host) = text.rsplit_once('@').ok_or(malformed.clone())?;
    let local_is_plain = !local.is_empty()
        && local.len() <= 64
        && local.chars().all(|c| {
            !c.is_whitespace() && !matches!(c, '@' | ',' | ';' | ':' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\\')
        });
    let label_is_plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if local_is_plain && host.contains('.') && host.split('.').all(label_is_plain) {
        Ok(format!("{local}@{}", host.to_lowercase()))
    } else {
        Err(malformed)
    }
}

fn web_url(text: &str) -> Result<String, Problem> {
    let malformed = Problem::Malformed { what: "URL" };
    let text = line(text, 2048)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(malformed.clone())?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = !host.is_empty()
        && !host.contains('@')
        && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '`'));
    if plain { Ok(text) } else { Err(malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_accepted_and_their_host_lower_cased() {
        assert_eq!(Email::parse(" customer@Example.COM ").unwrap().as_str(), "customer@example.com");
        assert!(Email::parse("first.last+tag@mail.example.co.uk").is_ok());
    }

    #[test]
    fn addresses_that_could_reach_somebody_else_are_refused() {
        for bad in [
            "",
            "a",
            "a@b",
            "@example.com",
            "a@@example.com",
            "a,b@example.com",
            "a\0@example.com",
            "a@exam\0ple.com",
            "a\nb@example.com",
            "a\r@example.com",
            "a@example.com,b@example.com",
            "<a@example.com>",
            "a b@example.com",
            "a@-example.com",
            "a@example..com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert_eq!(Email::parse("a@example.com\r\nBcc: b@example.com"), Err(Problem::ControlCharacters));
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(250))), Err(Problem::TooLong { max: 254 }));
    }

    #[test]
    fn github_names_cannot_leave_their_place_in_a_path() {
        for bad in ["..", "a/b", "a%2fb", "a b", "a?b", "ä"] {
            assert!(GithubLogin::parse(bad).is_err(), "{bad:?} was accepted as a login");
            assert!(GithubRepositoryName::parse(bad).is_err(), "{bad:?} was accepted as a repository");
        }
        assert!(GithubLogin::parse("legacy--name-").is_ok());
        assert!(GithubLogin::parse("jane_corp").is_ok());
        assert!(GithubRepositoryName::parse("premium.theme_2").is_ok());
    }

    #[test]
    fn web_addresses_are_http_with_a_host_and_nothing_that_breaks_out_of_an_attribute() {
        assert!(WebUrl::parse("https://cdn.example.com/cover.png?size=2#top").is_ok());
        for bad in [
            "javascript:alert(1)",
            "https://",
            "ftp://example.com",
            "https://user@example.com/",
            "https://example.com/\"onload=",
            "https://example.com/a b",
        ] {
            assert!(WebUrl::parse(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_description_may_have_lines_but_no_other_control_characters() {
        assert!(Description::parse("one\ntwo\tthree").is_ok());
        assert_eq!(Description::parse("bell\u{7}"), Err(Problem::ControlCharacters));
    }
}
