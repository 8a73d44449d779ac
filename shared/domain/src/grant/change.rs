//! How grants change: what is given and taken away again, and the end of being frozen.

use std::collections::BTreeMap;

use super::{Grant, Grants, Origin};
use crate::{
    PurchaseId,
    package::{Package, PackageName},
    text::BundleName,
};

impl Grants {
    /// Without the grants of packages that had the name of one of these before.
    #[must_use]
    pub fn of_these(&self, packages: &[Package]) -> Self {
        let mut after = self.clone();
        after.direct.retain(|name, grant| {
            packages.iter().all(|package| package.name != *name || package.is_meant(Origin::Direct, grant))
        });
        after
    }

    /// Without being frozen.
    #[must_use]
    pub fn thawed(&self) -> Self {
        Self { frozen: None, ..self.clone() }
    }

    /// With exactly these packages for a purchase; with none, the purchase gives nothing any more. What the customer is frozen
    /// at stays written down: it counts again when the purchase gives the package again. `None` when it is so already.
    pub fn with_purchase(&self, purchase: PurchaseId, packages: BTreeMap<PackageName, Grant>) -> Option<Self> {
        let given = |packages: &BTreeMap<PackageName, Grant>| -> Vec<_> {
            packages.iter().map(|(name, grant)| (name.clone(), grant.constraint.clone())).collect()
        };
        let before = self.purchases.get(&purchase).cloned().unwrap_or_default();
        if given(&before) == given(&packages) {
            return None;
        }
        let mut after = self.clone();
        if packages.is_empty() {
            after.purchases.remove(&purchase);
        } else {
            after.purchases.insert(purchase, packages);
        }
        Some(after)
    }

    /// Without a bundle, and without what is frozen of it. `None` when it was not granted.
    pub fn without_bundle(&self, bundle: &BundleName) -> Option<Self> {
        let mut after = self.clone();
        after.bundles.remove(bundle)?;
        if let Some(mut frozen) = after.frozen.take() {
            frozen.forget_bundle(bundle, &after);
            after.frozen = Some(frozen);
        }
        Some(after)
    }

    /// With exactly these packages granted by themselves. Those that were granted before have been since then; those that
    /// are not any more lose their place among frozen versions, too.
    #[must_use]
    pub fn with_direct(&self, direct: BTreeMap<PackageName, Grant>) -> Self {
        let gone = self.direct.keys().filter(|name| !direct.contains_key(name));
        let mut after = gone.fold(self.clone(), |grants, name| grants.without(name).unwrap_or(grants));
        after.direct = direct;
        for (name, grant) in &mut after.direct {
            if let Some(before) = self.direct.get(name) {
                grant.granted_at = before.granted_at;
            }
        }
        after
    }

    /// Without any right to a package by itself, and without its place among frozen versions. What came with bundles and
    /// purchases stays. `None` when there was nothing to take away.
    pub fn without(&self, package: &PackageName) -> Option<Self> {
        let mut after = self.clone();
        after.direct.remove(package);
        if let Some(frozen) = &mut after.frozen {
            frozen.forget_direct(package);
        }
        (after != *self).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        Timestamp,
        grant::{Freeze, Pinned, tests::package},
        text::ConstraintText,
    };

    fn name(text: &str) -> PackageName {
        PackageName::parse(text).unwrap()
    }

    fn grants(names: &[&str]) -> BTreeMap<PackageName, Grant> {
        names.iter().map(|text| (name(text), Grant::new(ConstraintText::any(), Timestamp::UNIX_EPOCH))).collect()
    }

    fn purchase(last: u8) -> PurchaseId {
        format!("0190b5a0-0000-7000-8000-0000000000{last:02}").parse().unwrap()
    }

    #[test]
    fn a_purchase_gives_and_takes_what_is_its_own() {
        let one = Grants::default().with_purchase(purchase(1), grants(&["acme/a", "acme/b"])).unwrap();
        assert_eq!(one.with_purchase(purchase(1), grants(&["acme/a", "acme/b"])), None, "once more changes nothing");
        let both = one.with_purchase(purchase(2), grants(&["acme/b"])).unwrap();
        let rest = both.with_purchase(purchase(1), BTreeMap::new()).unwrap();
        assert_eq!(rest.purchases, BTreeMap::from([(purchase(2), grants(&["acme/b"]))]));
        assert_eq!(rest.with_purchase(purchase(1), BTreeMap::new()), None);
    }

    #[test]
    fn frozen_versions_rest_while_the_purchase_that_brought_them_gives_nothing() {
        let (paid, widget) = (grants(&["acme/widget"]), package(&[]));
        let mut before = Grants::default().with_purchase(purchase(1), paid.clone()).unwrap();
        let versions = BTreeSet::from([Pinned { package: widget.name.clone(), version: "1.0.0.0".to_owned() }]);
        before.frozen = Some(Freeze::new(Timestamp::UNIX_EPOCH, Some(versions), &before, &[]));
        let disputed = before.with_purchase(purchase(1), BTreeMap::new()).unwrap();
        assert!(disputed.access(&widget, Timestamp::UNIX_EPOCH).is_none());
        let won = disputed.with_purchase(purchase(1), paid).unwrap();
        assert_eq!(won, before);
        assert!(won.access(&widget, Timestamp::UNIX_EPOCH).is_some());
    }
}
