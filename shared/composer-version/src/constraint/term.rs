//! One comparison with one version.

use crate::{branch, order, version::Version};

/// How a version is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// With nothing: every version holds.
    Any,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One comparison.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) operator: Operator,
    /// Normalised; also with a suffix that no version has, such as `1.0.0.0-RC1-dev`.
    pub(super) version: Box<str>,
    /// Whether it is the last of its alternative.
    pub(super) closes: bool,
}

impl Term {
    pub(super) fn new(operator: Operator, version: String) -> Self {
        Self { operator, version: version.into_boxed_str(), closes: false }
    }

    /// Branches are only equal or not; they are never above or below anything.
    pub(super) fn matches(&self, version: &Version) -> bool {
        let same = *self.version == *version.normalized();
        let branch = version.is_branch() || self.version.starts_with(branch::PREFIX);
        match self.operator {
            Operator::Any => true,
            Operator::Equal if branch => same,
            Operator::NotEqual if branch => !same,
            _ if branch => false,
            operator => operator.holds(version, &self.version),
        }
    }
}

impl Operator {
    fn holds(self, version: &Version, bound: &str) -> bool {
        let order = order::compare(version.normalized(), bound);
        match self {
            Self::Any => true,
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Operator; 7] = [
        Operator::Any,
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ];

    fn holding(version: &str, bound: &str) -> Vec<Operator> {
        let version = Version::parse(version).unwrap();
        ALL.into_iter().filter(|operator| Term::new(*operator, bound.to_owned()).matches(&version)).collect()
    }

    #[test]
    fn numbers_are_compared() {
        use Operator::{Any, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

        assert_eq!(holding("1.00", "1.0.0.0"), [Any, Equal, LessOrEqual, GreaterOrEqual]);
        assert_eq!(holding("1.0-b1", "1.0.0.0"), [Any, NotEqual, Less, LessOrEqual]);
        assert_eq!(holding("1.x-dev", "1.0.0.0"), [Any, NotEqual, Greater, GreaterOrEqual]);
    }

    #[test]
    fn branches_are_the_same_or_not() {
        assert_eq!(holding("dev-a", "dev-a"), [Operator::Any, Operator::Equal]);
        for (version, bound) in [("dev-a", "dev-A"), ("dev-a", "1.0.0.0"), ("1.0", "dev-a")] {
            assert_eq!(holding(version, bound), [Operator::Any, Operator::NotEqual], "{version} {bound}");
        }
    }
}
