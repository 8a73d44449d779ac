//! What can be wrong with a value that somebody sent.

/// Why a field's value is refused. Each family of endpoints words it for its clients; `Display` is the plain wording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is missing, null or empty.
    #[error("This field is required")]
    Required,
    /// It has another JSON type.
    #[error("Must be {expected}")]
    WrongType {
        /// What it should be, with its article.
        expected: &'static str,
    },
    /// It has too many characters or entries.
    #[error("Must not be longer than {max}")]
    TooLong {
        /// The most that is allowed.
        max: usize,
    },
    /// It is a number outside its range.
    #[error("Must be between {min} and {max}")]
    OutOfRange {
        /// The least that is allowed.
        min: i64,
        /// The most that is allowed.
        max: i64,
    },
    /// It does not look as such a value does.
    #[error("Invalid {what} format")]
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// It holds characters that no such text has, control characters for one.
    #[error("Must not contain control characters")]
    ControlCharacters,
    /// It is not one of the values there are.
    #[error("Must be one of: {allowed}")]
    NotOneOf {
        /// The values there are, separated by commas.
        allowed: &'static str,
    },
    /// It cannot go together with another field's value.
    #[error("{rule}")]
    Conflicting {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// It names something that does not exist, or that cannot be used here.
    #[error("{reason}")]
    Unusable {
        /// Why not.
        reason: &'static str,
    },
    /// It is wrong in a way that takes some words.
    #[error("{message}")]
    Explained {
        /// What is wrong, for whoever sent it.
        message: String,
    },
}
