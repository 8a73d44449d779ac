//! Being frozen: a picture of what a customer was granted. What is sold, bundled or granted later does not show on it; what is
//! taken away from the customer itself goes from it, too.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Grant, Grants, Origin};
use crate::{
    PurchaseId, Timestamp,
    package::{Bundle, Package, PackageName},
    text::BundleName,
};

/// What a frozen customer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Since when.
    #[serde(with = "crate::stored::seconds")]
    pub at: Timestamp,
    /// Exactly these versions. Without: what the customer could install when it was frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<BTreeSet<Pinned>>,
    /// What was granted then.
    #[serde(default)]
    pub granted: Picture,
}

/// One version of one package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pinned {
    /// Which package.
    pub package: PackageName,
    /// Which version, normalised.
    pub version: String,
}

/// What was granted at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picture {
    direct: BTreeMap<PackageName, Grant>,
    bundles: BTreeMap<BundleName, PicturedBundle>,
    purchases: BTreeMap<PurchaseId, BTreeMap<PackageName, Grant>>,
}

/// A bundle with what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PicturedBundle {
    grant: Grant,
    packages: BTreeSet<PackageName>,
}

impl Freeze {
    /// A picture of `grants`, of which `bundles` are those that are named, with what is in them.
    pub fn new(at: Timestamp, versions: Option<BTreeSet<Pinned>>, grants: &Grants, bundles: &[Bundle]) -> Self {
        let bundle = |bundle: &Bundle| {
            let grant = grants.bundles.get(&bundle.name)?.clone();
            Some((bundle.name.clone(), PicturedBundle { grant, packages: bundle.packages.clone() }))
        };
        let granted = Picture {
            direct: grants.direct.clone(),
            bundles: bundles.iter().filter_map(bundle).collect(),
            purchases: grants.purchases.clone(),
        };
        Self { at, versions, granted }
    }

    /// The grants of a package that are on the picture, and whose origin grants something still. A package that was added
    /// later is another one with the same name.
    pub(super) fn of_package<'a>(&'a self, package: &'a Package, today: &'a Grants) -> Vec<&'a Grant> {
        if package.created_at > self.at {
            return Vec::new();
        }
        self.origins(&package.name, today)
            .filter(|(origin, grant)| package.is_meant(*origin, grant))
            .map(|it| it.1)
            .collect()
    }

    /// The versions that are named of a package.
    pub(super) fn versions_of(&self, package: &PackageName) -> Option<BTreeSet<&str>> {
        let versions = self.versions.as_ref()?.iter().filter(|it| it.package == *package);
        Some(versions.map(|it| it.version.as_str()).collect())
    }

    /// The packages that are on the picture.
    pub(super) fn packages(&self) -> BTreeSet<&PackageName> {
        let Picture { direct, bundles, purchases } = &self.granted;
        let bundled = bundles.values().flat_map(|bundle| &bundle.packages);
        direct.keys().chain(bundled).chain(purchases.values().flat_map(BTreeMap::keys)).collect()
    }

    /// Without a package that was granted by itself, and without its versions.
    pub(super) fn forget_direct(&mut self, package: &PackageName) {
        self.granted.direct.remove(package);
        if let Some(versions) = &mut self.versions {
            versions.retain(|it| it.package != *package);
        }
    }

    /// Without a bundle, and without the versions of packages that nothing else was granted for.
    pub(super) fn forget_bundle(&mut self, bundle: &BundleName, today: &Grants) {
        self.granted.bundles.remove(bundle);
        if let Some(mut versions) = self.versions.take() {
            versions.retain(|it| self.origins(&it.package, today).next().is_some());
            self.versions = Some(versions);
        }
    }

    fn origins<'a>(
        &'a self,
        package: &'a PackageName,
        today: &'a Grants,
    ) -> impl Iterator<Item = (Origin<'a>, &'a Grant)> {
        let Picture { direct, bundles, purchases } = &self.granted;
        let direct = direct.get(package).filter(|_| today.direct.contains_key(package));
        let bundles =
            bundles.iter().filter(|(name, it)| it.packages.contains(package) && today.bundles.contains_key(*name));
        let still = |id: &PurchaseId| today.purchases.get(id).is_some_and(|packages| packages.contains_key(package));
        let purchases = purchases.iter().filter(move |(id, _)| still(id));
        let purchases = purchases.filter_map(|(id, packages)| Some((Origin::Purchase(*id), packages.get(package)?)));
        let bundles = bundles.map(|(name, it)| (Origin::Bundle(name), &it.grant));
        direct.map(|grant| (Origin::Direct, grant)).into_iter().chain(bundles).chain(purchases)
    }
}
