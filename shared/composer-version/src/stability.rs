//! How finished a version says it is.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::branch;

/// How finished a version says it is, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stability {
    /// A branch, or a version that ends with `-dev`.
    Dev,
    /// An alpha version.
    Alpha,
    /// A beta version.
    Beta,
    /// A release candidate.
    Rc,
    /// A release, or a patch of one.
    Stable,
}

/// The text is no stability.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be one of dev, alpha, beta, RC, stable")]
pub struct StabilityError;

impl Stability {
    const ALL: [Self; 5] = [Self::Dev, Self::Alpha, Self::Beta, Self::Rc, Self::Stable];

    /// Reads what composer.json calls `minimum-stability`; in any case, as Composer does.
    pub fn parse(text: &str) -> Result<Self, StabilityError> {
        Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(text)).ok_or(StabilityError)
    }

    /// Its name in composer.json.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Rc => "RC",
            Self::Stable => "stable",
        }
    }

    /// That of a normalised version.
    pub(crate) fn of(normalized: &str) -> Self {
        if normalized.starts_with(branch::PREFIX) || normalized.ends_with("-dev") {
            return Self::Dev;
        }
        match normalized.split_once('-') {
            Some((_, word)) if word.starts_with("alpha") => Self::Alpha,
            Some((_, word)) if word.starts_with("beta") => Self::Beta,
            Some((_, word)) if word.starts_with("RC") => Self::Rc,
            _ => Self::Stable,
        }
    }
}

impl fmt::Display for Stability {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Stability {
    type Err = StabilityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stabilities_are_named_and_ordered() {
        for stability in Stability::ALL {
            assert_eq!(Stability::parse(&stability.to_string()), Ok(stability));
        }
        assert_eq!("rc".parse(), Ok(Stability::Rc));
        assert!("gamma".parse::<Stability>().is_err() && Stability::parse("").is_err());
        assert!(Stability::ALL.is_sorted());
    }

    #[test]
    fn a_normalised_version_tells_its_stability() {
        for (version, stability) in [
            ("1.0.0.0", Stability::Stable),
            ("1.0.0.0-patch1", Stability::Stable),
            ("1.0.0.0-stable", Stability::Stable),
            ("1.0.0.0-RC1", Stability::Rc),
            ("1.0.0.0-beta2-1", Stability::Beta),
            ("20240115-alpha", Stability::Alpha),
            ("1.0.0.0-RC1-dev", Stability::Dev),
            ("dev-main", Stability::Dev),
        ] {
            assert_eq!(Stability::of(version), stability, "{version}");
        }
    }
}
