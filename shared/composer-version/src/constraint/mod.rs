//! A constraint on versions: `^1.2 || dev-main`.

mod error;
mod part;
mod range;
mod split;
mod term;

use std::{fmt, str::FromStr};

pub use error::{ConstraintError, Problem};
use term::{Operator, Term};

use crate::{scan::trim, version::Version};

/// Which versions are meant, as composer.json writes it.
///
/// Two constraints are the same (`==`) if their text is.
#[derive(Debug, Clone)]
pub struct Constraint {
    text: String,
    /// The terms of all alternatives; the last one of each `closes` it.
    terms: Vec<Term>,
}

impl Constraint {
    /// Reads a constraint as composer/semver's `VersionParser::parseConstraints` does.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        let trimmed = trim(text);
        if trimmed.is_empty() {
            return Err(ConstraintError::Empty);
        }
        let mut terms = Vec::new();
        for alternative in split::alternatives(trimmed) {
            if alternative.is_empty() {
                return Err(ConstraintError::EmptyAlternative);
            }
            let begin = terms.len();
            for part in split::parts(alternative) {
                let (first, second) = part::read(part).ok_or_else(|| ConstraintError::of_part(part))?;
                terms.push(first);
                terms.extend(second);
            }
            close(&mut terms, begin);
        }
        Ok(Self { text: text.to_owned(), terms })
    }

    /// Whether a version is meant.
    pub fn matches(&self, version: &Version) -> bool {
        self.terms.split_inclusive(|term| term.closes).any(|all| all.iter().all(|term| term.matches(version)))
    }

    /// Its text, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Ends the alternative that begins at `begin`.
///
/// As the library does, a range that begins where the one before it ends lengthens that one. It shows if the ranges
/// are empty: `>=3 <1 || >=1 <2` is `>=3 <2`.
fn close(terms: &mut Vec<Term>, begin: usize) {
    let (closed, new) = terms.split_at_mut(begin);
    // Two terms before, and no third one of the same alternative.
    let old = match closed {
        [.., third, from, to] if third.closes && !from.closes => Some((from, to)),
        [from, to] if !from.closes => Some((from, to)),
        _ => None,
    };
    if let (Some((old_from, old_to)), [from, to]) = (old, new)
        && old_from.operator == Operator::GreaterOrEqual
        && old_to.operator == Operator::Less
        && from.operator == Operator::GreaterOrEqual
        && matches!(to.operator, Operator::Less | Operator::LessOrEqual)
        && old_to.version == from.version
    {
        std::mem::swap(old_to, to);
        terms.truncate(begin);
    }
    if let Some(last) = terms.last_mut() {
        last.closes = true;
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl PartialEq for Constraint {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Constraint {}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(constraint: &str, version: &str) -> bool {
        Constraint::parse(constraint).unwrap().matches(&Version::parse(version).unwrap())
    }

    #[test]
    fn every_term_of_one_alternative_must_hold() {
        assert!(matches(">=1.0 <3.0,!=2.0 || 5.0", "2.5"));
        assert!(!matches(">=1.0 <3.0,!=2.0 || 5.0", "2.0"));
        assert!(matches(">=1.0 <3.0,!=2.0 || 5.0", "5"));
    }

    #[test]
    fn what_surprises_people() {
        for (constraint, version, verdict) in [
            ("<=2.0", "2.0.0-RC1", true),
            ("<2.0", "2.0.0-RC1", false),
            (">1.2", "1.2.0-p1", true),
            ("1.2", "1.2.1", false),
            ("1.0 - 2.0", "2.0.5", true),
            ("^1.2", "1.2.0-beta1", true),
            ("^1.2", "2.0.0-beta1", false),
            ("@stable", "1.0.0-beta1", true),
            ("!=1.2.3", "dev-main", true),
            ("dev-main", "dev-Main", false),
            ("*", "dev-main", true),
            ("*.*", "dev-main", false),
        ] {
            assert_eq!(matches(constraint, version), verdict, "{constraint} {version}");
        }
    }

    #[test]
    fn adjoining_ranges_become_one() {
        assert!(matches("^1 || ^2 || ^3", "2.5") && matches("^1 || ^2 || ^3", "3.5"));
        assert!(!matches("^1 || ^2 || ^3", "4.0"));
        assert!(!matches(">=3 <1 || >=1 <2", "1.5"));
        assert!(!matches("^9 || >=3 <1 || >=1 <=2", "1.5"));
        // Three terms are no range, whatever the last two are.
        assert!(matches("*,>=3 <1 || >=1 <2", "1.5"));
        assert!(matches(">=3 <1 || >=1 <2 !=5", "1.5"));
    }

    #[test]
    fn its_text_is_kept() {
        let constraint: Constraint = " ^1 ".parse().unwrap();
        assert_eq!((constraint.as_str(), constraint.to_string().as_str()), (" ^1 ", " ^1 "));
        assert_eq!(Constraint::parse(" ^1 "), Ok(constraint));
    }
}
