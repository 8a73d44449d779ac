//! A version.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use thiserror::Error;

use crate::{branch, normalize, order, scan::trim, stability::Stability};

/// A version as Composer reads it, from a tag or a branch.
///
/// Two versions are the same (`==`) if their normalised forms are: `v1.0` and `1.0.0`. `Ord` is a total order for
/// sorting lists: branches (`dev-…`) by name first, then the others as PHP's `version_compare` orders them; those it
/// takes for equal (`1.0`, `1.00`) by their text. What Composer's own comparison says is [`Version::compare`].
#[derive(Debug, Clone)]
pub struct Version {
    shown: String,
    normalized: String,
}

/// The text is no version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VersionError {
    /// Nothing, or only blanks.
    #[error("the version is empty")]
    Empty,
    /// Something that Composer does not take for a version.
    #[error("`{0}` is not a version")]
    Invalid(String),
}

impl Version {
    /// Reads a version as composer/semver's `VersionParser::normalize` does.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let shown = trim(text);
        match normalize::normalize(text) {
            Some(normalized) => Ok(Self { shown: shown.to_owned(), normalized }),
            None if shown.is_empty() => Err(VersionError::Empty),
            None => Err(VersionError::Invalid(excerpt(shown))),
        }
    }

    /// The version of a branch, as composer/semver's `VersionParser::normalizeBranch` makes it: `1.x` and `v2` take a
    /// place in the order (`1.x-dev`), all other names are `dev-…`.
    pub fn of_branch(name: &str) -> Self {
        let normalized = branch::normalize(name);
        Self { shown: branch::shown(name, &normalized), normalized }
    }

    /// The version with this normalised form, as [`Version::normalized`] gave it. Reading it again would not do: `2024-01-15`
    /// is `2024.01.15`, which read again is `2024.01.15.0`.
    pub fn of_normalized(normalized: &str) -> Self {
        Self { shown: normalized.to_owned(), normalized: normalized.to_owned() }
    }

    /// The form that is compared: `1.2.0.0-beta3`, `1.9999999.9999999.9999999-dev`, `dev-main`.
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// How finished it says it is.
    pub fn stability(&self) -> Stability {
        Stability::of(&self.normalized)
    }

    /// Whether it is a branch without a place in the order (`dev-…`). `1.x-dev` is not: it compares like a number.
    pub fn is_branch(&self) -> bool {
        self.normalized.starts_with(branch::PREFIX)
    }

    /// Composer's own comparison (`Comparator::compare`). A branch (`dev-…`) is below every other version; two different
    /// branches are neither above nor below each other, nor equal: `None`. `1.0` and `1.00` are equal here.
    ///
    /// [`Constraint::matches`](crate::Constraint::matches) does not let a branch be below a version.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self.is_branch(), other.is_branch()) {
            (true, true) => (self == other).then_some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => Some(order::compare(&self.normalized, &other.normalized)),
        }
    }
}

/// As it was written; a branch's as Composer shows it: `1.x-dev`, `dev-main`.
impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized.hash(state);
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_rule = self.compare(other).unwrap_or(Ordering::Equal);
        by_rule.then_with(|| self.normalized.cmp(&other.normalized))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// So much of a text as a message can quote.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 80;

    let mut chars = text.chars();
    let mut excerpt: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn a_version_is_shown_as_it_was_written() {
        assert_eq!(version(" v1.0-b1 ").to_string(), "v1.0-b1");
        assert_eq!(Version::of_branch("2.1").to_string(), "2.1.x-dev");
        assert_eq!(Version::of_branch("main").to_string(), "dev-main");
        assert_eq!(version("v1.0"), version("1.0.0"));
    }

    #[test]
    fn a_normalised_version_is_taken_as_it_is() {
        let date = version("2024-01-15");
        assert_eq!(Version::of_normalized(date.normalized()), date);
        assert_ne!(version(date.normalized()), date);
    }

    #[test]
    fn a_branch_that_is_read_back_is_the_same() {
        for name in ["main", "1.x", "v2", "1.2.*", "1.2.3.4", "feature/x", "9999999", "1.9999999"] {
            let branch = Version::of_branch(name);
            assert_eq!(version(&branch.to_string()), branch, "{name}");
        }
    }

    #[test]
    fn branches_are_not_compared_with_each_other_but_can_be_sorted() {
        let (a, b, release) = (version("dev-a"), version("dev-b"), version("1.0"));
        assert_eq!(a.compare(&b), None);
        assert_eq!(a.compare(&a), Some(Ordering::Equal));
        assert_eq!(a.compare(&release), Some(Ordering::Less));
        let mut versions = vec![version("1.x-dev"), version("1.00"), release.clone(), b.clone(), a.clone()];
        versions.sort();
        assert_eq!(versions, [a, b, release, version("1.00"), version("1.x-dev")]);
        assert!(version("dev-main").is_branch() && !version("1.x-dev").is_branch());
    }

    #[test]
    fn a_message_quotes_what_is_wrong_but_not_megabytes_of_it() {
        assert_eq!(Version::parse("latest").unwrap_err().to_string(), "`latest` is not a version");
        assert_eq!(Version::parse("\t").unwrap_err(), VersionError::Empty);
        assert!(Version::parse(&"é".repeat(1_000_000)).unwrap_err().to_string().len() < 200);
    }
}
