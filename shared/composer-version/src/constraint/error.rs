//! What is wrong with a constraint, for those who wrote it.

use thiserror::Error;

use super::part::operator;
use crate::version::excerpt;

/// The text is no constraint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConstraintError {
    /// Nothing, or only blanks. Everything is `*`.
    #[error("the constraint is empty; `*` is every version")]
    Empty,
    /// `^1.0 ||`.
    #[error("one side of `||` is empty")]
    EmptyAlternative,
    /// Something is wrong with one part.
    #[error("`{part}`: {problem}")]
    Part {
        /// The part, shortened if it is long.
        part: String,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a part of a constraint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// `~>`, `=>`, `=<`, `&&`.
    #[error("there is no `{found}`; {instead}")]
    UnknownOperator {
        /// What was written.
        found: &'static str,
        /// What may have been meant.
        instead: &'static str,
    },
    /// `>=`, or `^ 1.2`.
    #[error("a version has to follow `{0}`{hint}", hint = if is_range(.0) { " without a blank" } else { "" })]
    NoVersion(String),
    /// `^1.2.*`.
    #[error("a wildcard has no operator")]
    Wildcard,
    /// `1.0  - 2.0`, `1.0 -2.0`.
    #[error("a range is written with one blank before its dash and one after: `1.0 - 2.0`")]
    Dash,
    /// Anything else.
    #[error("`{0}` is not a version")]
    NotAVersion(String),
}

fn is_range(operator: &str) -> bool {
    matches!(operator, "^" | "~")
}

impl ConstraintError {
    /// Says what is wrong with a part that could not be read.
    pub(super) fn of_part(part: &str) -> Self {
        let part = part.trim();
        Self::Part { part: excerpt(part), problem: problem(part) }
    }
}

fn problem(part: &str) -> Problem {
    const UNKNOWN: [(&str, &str); 4] = [
        ("~>", "`~` may be meant"),
        ("=>", "`>=` may be meant"),
        ("=<", "`<=` may be meant"),
        ("&&", "parts that must all hold are separated by a blank or a comma"),
    ];

    if let Some((found, instead)) = UNKNOWN.into_iter().find(|(sign, _)| part.starts_with(sign)) {
        return Problem::UnknownOperator { found, instead };
    }
    let version = part.strip_prefix(['^', '~']).unwrap_or_else(|| operator(part).1);
    let sign = &part[..part.len() - version.len()];
    let version = version.trim();
    if version.is_empty() {
        return Problem::NoVersion(sign.to_owned());
    }
    if part.starts_with("- ") || part.contains(" -") || part.contains("- ") {
        return Problem::Dash;
    }
    if !sign.is_empty() && version.split('.').any(|number| matches!(number, "x" | "X" | "*")) {
        return Problem::Wildcard;
    }
    Problem::NotAVersion(excerpt(version))
}

#[cfg(test)]
mod tests {
    use crate::Constraint;

    fn message(constraint: &str) -> String {
        Constraint::parse(constraint).unwrap_err().to_string()
    }

    #[test]
    fn a_message_says_what_is_wrong_with_which_part() {
        for (constraint, expected) in [
            (" ", "the constraint is empty; `*` is every version"),
            ("^1.0 ||", "one side of `||` is empty"),
            ("|| ^1.0", "one side of `||` is empty"),
            ("^1 || ~>1.2", "`~>1.2`: there is no `~>`; `~` may be meant"),
            ("=>1", "`=>1`: there is no `=>`; `>=` may be meant"),
            ("^1.0 && <1.5", "`&&`: there is no `&&`; parts that must all hold are separated by a blank or a comma"),
            ("^ 1.2", "`^`: a version has to follow `^` without a blank"),
            (">=3.0 <", "`<`: a version has to follow `<`"),
            ("^1.2.*", "`^1.2.*`: a wildcard has no operator"),
            ("1.2 -2.0", "`1.2 -2.0`: a range is written with one blank before its dash and one after: `1.0 - 2.0`"),
            ("^1 latest", "`latest`: `latest` is not a version"),
            (">=1.2.3.4.5", "`>=1.2.3.4.5`: `1.2.3.4.5` is not a version"),
        ] {
            assert_eq!(message(constraint), expected, "{constraint}");
        }
    }

    #[test]
    fn a_message_is_short_however_long_the_constraint_is() {
        assert!(message(&"é".repeat(1_000_000)).len() < 500);
    }
}
