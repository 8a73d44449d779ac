//! What can be installed with Composer by a purchase.

use std::collections::BTreeMap;

use super::{Gate, Purchase};
use crate::{Timestamp, grant::Grant, package::PackageName, repository::packages_in_words};

impl Purchase {
    /// Whether there are packages that can be installed by it at present.
    pub fn opens_packages(&self) -> bool {
        !self.packages.is_empty() && self.gate() == Gate::Open
    }

    /// What its customer is to be granted by it when it is `now`. Since it was paid, so that access which was suspended is as
    /// old as it was before.
    pub fn package_grants(&self, now: Timestamp) -> BTreeMap<PackageName, Grant> {
        let current = self.at(now);
        if !current.opens_packages() {
            return BTreeMap::new();
        }
        let since = current.facts.settled_at().unwrap_or(now);
        let grant = |(name, constraint): (PackageName, _)| (name, Grant::new(constraint, since));
        current.packages.into_iter().map(grant).collect()
    }

    /// The packages that come with it, for a person to read.
    pub fn packages_in_words(&self) -> String {
        packages_in_words(&self.packages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::Facts,
        letters::{Letter, due},
        purchase::tests::{at, paid, purchase},
        repository::Packages,
        text::ConstraintText,
    };

    fn with_packages(facts: Facts) -> Purchase {
        let name = PackageName::parse("acme/widget").unwrap();
        let packages = Packages::from([(name, ConstraintText::parse("^2.0").unwrap())]);
        Purchase { packages, ..purchase(facts) }
    }

    #[test]
    fn packages_are_granted_while_the_gate_is_open() {
        let paid = with_packages(paid());
        let grants = paid.package_grants(at(500));
        assert_eq!(grants.len(), 1);
        assert_eq!(grants, paid.package_grants(at(900)), "since it was paid, whenever that is asked");
        assert!(with_packages(Facts::default()).package_grants(at(500)).is_empty());
    }

    #[test]
    fn a_checkout_is_taken_up_again_with_what_is_sold_now() {
        let begun = with_packages(Facts::default());
        let offer = purchase(Facts::default());
        assert!(begun.resumed(&offer, at(60)).packages.is_empty());
    }

    #[test]
    fn links_and_tokens_are_made_three_times_a_day_at_most() {
        let mut purchase = with_packages(paid());
        for hour in 1..=3 {
            let now = at(hour * 3600);
            assert!(purchase.can_be_sent_composer_link(now) && purchase.can_be_given_token(now));
            purchase = purchase.asking_for_composer_link(now).given_token(now);
            assert!(due(&purchase, now).contains(&Letter::ComposerLink));
            purchase = purchase.having_told(&Letter::ComposerLink, now);
            assert!(!due(&purchase, now).contains(&Letter::ComposerLink));
        }
        let later = at(4 * 3600);
        assert!(!purchase.can_be_sent_composer_link(later) && !purchase.can_be_given_token(later));
        let next_day = at(26 * 3600);
        assert!(purchase.can_be_sent_composer_link(next_day) && purchase.can_be_given_token(next_day));
    }
}
