//! Texts from outside, parsed into types that cannot hold a bad one.

use composer_version::{Constraint, Stability};
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
    /// Why somebody decided something, in one line of up to 200 characters.
    Reason, |text| line(text, 200)
}
text! {
    /// A web address that is shown to buyers; it is never fetched.
    WebUrl, web_url
}

text! {
    /// A place of ours to go to after signing in: a path, with a query and a fragment if need be. It cannot lead elsewhere.
    NextPath, next_path
}
text! {
    /// What a bundle of packages is called, in a path as well: lower-case letters, digits, hyphens, underscores and dots.
    BundleName, bundle_name
}
text! {
    /// Which versions: a constraint as Composer understands it, as somebody wrote it.
    ConstraintText, |text| {
        let text = line(text, 500)?;
        let parsed = Constraint::parse(&text);
        parsed.map_err(|error| Problem::Explained { message: error.to_string() })?;
        Ok(text)
    }
}
text! {
    /// The least stability: `dev`, `alpha`, `beta`, `RC` or `stable`.
    MinimumStability, |text| {
        let parsed = Stability::parse(text.trim());
        let stability = parsed.map_err(|_| Problem::NotOneOf { allowed: "dev, alpha, beta, RC, stable" })?;
        Ok(stability.to_string())
    }
}
text! {
    /// A customer's name, up to 200 characters.
    CustomerName, |text| line(text, 200)
}
text! {
    /// What the vendor's own system calls a customer, up to 200 characters.
    ExternalId, |text| line(text, 200)
}
text! {
    /// What an operator's token is called, up to 100 characters.
    TokenName, |text| line(text, 100)
}

impl ConstraintText {
    /// Every version there is.
    pub fn any() -> Self {
        Self("*".to_owned())
    }
}

impl Email {
    /// Whether both reach the same person. A provider that tells upper from lower case apart is not known.
    pub fn is_same(&self, other: &Self) -> bool {
        self.to_lowercase() == other.to_lowercase()
    }

    /// The address in the one spelling that it is looked up by.
    pub fn to_lowercase(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A text as it may stand in HTML, between tags and between quotes.
pub fn escaped_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// Bytes out of hexadecimal digits, lower-case as [`hex`] writes them; `None` when they are no such digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
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

fn bundle_name(text: &str) -> Result<String, Problem> {
    let name = pattern(text, 100, "bundle name", |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))?;
    if name.starts_with('.') {
        return Err(Problem::Malformed { what: "bundle name" });
    }
    Ok(name.to_lowercase())
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

/// One slash and no second, no backslash (browsers read it as a slash), no encoded one at the start, no `@`, no dot
/// segments, nothing that is not printable ASCII: whatever a browser makes of it stays with us.
fn next_path(text: &str) -> Result<String, Problem> {
    const MAX: usize = 512;
    if text.len() > MAX {
        return Err(Problem::TooLong { max: MAX });
    }
    let malformed = Problem::Malformed { what: "path" };
    let rest = text.strip_prefix('/').ok_or(malformed.clone())?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let path = path.to_ascii_lowercase();
    let (folders, last) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_plain = |segment: &str| !matches!(segment.replace("%2e", ".").as_str(), "." | "..");
    let safe = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'@' | b'"' | b'<' | b'>'))
        && !path.contains("%2f")
        && !path.contains("%5c")
        && (folders.is_empty() && !path.starts_with('/')
            || folders.split('/').all(|folder| !folder.is_empty() && is_plain(folder)))
        && is_plain(last);
    if safe { Ok(text.to_owned()) } else { Err(malformed) }
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
    fn the_next_path_stays_with_us() {
        for good in ["/", "/customers", "/customers/", "/a/b?page=2&from=/x//y#top", "/packages/%40scope/name"] {
            assert_eq!(NextPath::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "customers",
            "//evil.example",
            "/\\evil.example",
            "/%2fevil.example",
            "/%5Cevil.example",
            "/a//evil.example",
            "/..//evil.example",
            "/%2e%2E/x",
            "/./x",
            "/@evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\nSet-Cookie: x=y",
            "/a\t",
            "/ä",
            " /a",
            "/a b",
            "/\"><script>",
        ] {
            assert!(NextPath::parse(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(NextPath::parse(&format!("/{}", "a".repeat(512))).is_err());
    }

    #[test]
    fn addresses_are_the_same_whatever_their_case() {
        let same = |one: &str, two: &str| Email::parse(one).unwrap().is_same(&Email::parse(two).unwrap());
        assert!(same("Jane@example.com", "jane@EXAMPLE.com"));
        assert!(!same("jane@example.com", "jane@example.org"));
    }

    #[test]
    fn a_description_may_have_lines_but_no_other_control_characters() {
        assert!(Description::parse("one\ntwo\tthree").is_ok());
        assert_eq!(Description::parse("bell\u{7}"), Err(Problem::ControlCharacters));
    }
}
