//! What customers may install. Contract `cargoman.md`, "Package Access" and "Freeze Customer".
//!
//! A customer has grants of single packages, grants of bundles, and those that its purchases brought. What they allow is a
//! union; within one grant all limits hold. Being frozen takes a picture of it.

mod change;
mod freeze;

use std::collections::{BTreeMap, BTreeSet};

use composer_version::{Constraint, Stability, Version};
use serde::{Deserialize, Serialize};

use crate::{
    Problem, PurchaseId, Timestamp,
    customer::{Customer, CustomerStatus},
    package::{Archive, Package, PackageName, VersionRecord, manifest::LONGEST_VERSION},
    text::{BundleName, ConstraintText, MinimumStability},
};

pub use freeze::{Freeze, Picture, Pinned};

/// The most grants of one kind that a customer has. What a request of the customer's reads grows with them.
pub const MOST_GRANTS: usize = 500;
/// The most versions that a customer is frozen at by name.
pub const MOST_PINNED: usize = 1000;
/// How many seconds the clocks of two functions may differ, when it is asked which of two things was first.
const CLOCKS_DIFFER: i64 = 60;

/// The right to versions of a package, or of each package of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which versions.
    pub constraint: ConstraintText,
    /// Since when.
    #[serde(with = "crate::stored::seconds")]
    pub granted_at: Timestamp,
    /// From when on it is worth nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub expires_at: Option<Timestamp>,
    /// Only versions up to then; they stay for ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub updates_until: Option<Timestamp>,
    /// Only versions that are at least so finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_stability: Option<MinimumStability>,
}

/// All that a customer was granted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grants {
    /// Packages, each by itself.
    pub direct: BTreeMap<PackageName, Grant>,
    /// Bundles.
    pub bundles: BTreeMap<BundleName, Grant>,
    /// What came with purchases that are in force.
    pub purchases: BTreeMap<PurchaseId, BTreeMap<PackageName, Grant>>,
    /// What a frozen customer has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Freeze>,
    /// Counts the changes; 0 when nothing was ever written.
    pub rev: u64,
}

/// Where a right comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A grant of the package.
    Direct,
    /// A grant of a bundle that the package is in.
    Bundle(&'a BundleName),
    /// A purchase.
    Purchase(PurchaseId),
}

/// What a customer may do with one package.
#[derive(Debug)]
pub struct Access<'a> {
    limits: Vec<Limits<'a>>,
    pinned: Option<BTreeSet<&'a str>>,
    /// Only what was there then.
    frozen_at: Option<Timestamp>,
    /// There are grants, but their time is over.
    ended: bool,
}

/// A grant, ready to be held against versions.
#[derive(Debug)]
struct Limits<'a> {
    /// `None` lets nothing through: a text that was stored and is no constraint any more.
    constraint: Option<Constraint>,
    grant: &'a Grant,
}

/// A version, as far as it matters whether a customer may have it.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// Normalised.
    pub normalized: &'a str,
    /// When it was released.
    pub time: Timestamp,
    /// When it was first found.
    pub listed_at: Timestamp,
}

/// Why a customer may not install anything at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The vendor suspended it.
    #[error("Your access is suspended{}", .reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Suspended {
        /// Why, in the vendor's words.
        reason: Option<String>,
    },
    /// Its time is over.
    #[error("Your access has expired")]
    Expired,
}

/// Whether a customer may install anything at all.
///
/// # Errors
/// When it is suspended or its time is over.
pub fn open(customer: &Customer, now: Timestamp) -> Result<(), Closed> {
    match customer.status(now) {
        CustomerStatus::Active | CustomerStatus::Frozen => Ok(()),
        CustomerStatus::Suspended => {
            Err(Closed::Suspended { reason: customer.reason.as_ref().map(ToString::to_string) })
        }
        CustomerStatus::Expired => Err(Closed::Expired),
    }
}

impl Grants {
    /// The grants that concern a package which is in these bundles.
    pub fn of_package<'a>(
        &'a self,
        package: &'a PackageName,
        bundles: &'a BTreeSet<BundleName>,
    ) -> impl Iterator<Item = (Origin<'a>, &'a Grant)> {
        let direct = self.direct.get(package).map(|grant| (Origin::Direct, grant));
        let bundles = bundles.iter().filter_map(|name| Some((Origin::Bundle(name), self.bundles.get(name)?)));
        let purchases = self.purchases.iter();
        let purchases = purchases.filter_map(|(id, packages)| Some((Origin::Purchase(*id), packages.get(package)?)));
        direct.into_iter().chain(bundles).chain(purchases)
    }

    /// What a customer with these grants may do with a package. `None`: to the customer there is no such package.
    pub fn access<'a>(&'a self, package: &'a Package, now: Timestamp) -> Option<Access<'a>> {
        let frozen = self.frozen.as_ref();
        let granted: Vec<&Grant> = if let Some(frozen) = frozen {
            frozen.of_package(package, self)
        } else {
            let grants = self.of_package(&package.name, &package.bundles);
            grants.filter(|(origin, grant)| package.is_meant(*origin, grant)).map(|(_, grant)| grant).collect()
        };
        let pinned = frozen.and_then(|frozen| frozen.versions_of(&package.name));
        if granted.is_empty() || pinned.as_ref().is_some_and(BTreeSet::is_empty) {
            return None;
        }
        let frozen_at = frozen.map(|frozen| frozen.at);
        let in_force = granted.into_iter().filter(|grant| grant.is_in_force(frozen_at.unwrap_or(now)));
        let limits: Vec<_> = in_force.map(|grant| Limits { constraint: grant.constraint.parsed(), grant }).collect();
        let ended = limits.is_empty() && pinned.is_none();
        Some(Access { limits, pinned, frozen_at, ended })
    }

    /// The packages that are named here: granted by themselves, with a purchase, or frozen. Those of the bundles are
    /// written down with the bundles.
    pub fn named(&self) -> BTreeSet<&PackageName> {
        match &self.frozen {
            Some(Freeze { versions: Some(versions), .. }) => versions.iter().map(|it| &it.package).collect(),
            Some(frozen) => frozen.packages(),
            None => self.direct.keys().chain(self.purchases.values().flat_map(BTreeMap::keys)).collect(),
        }
    }

    /// The packages that a customer is found by: granted by themselves, or frozen.
    pub fn linked_packages(&self) -> BTreeSet<&PackageName> {
        let pinned = self.frozen.iter().flat_map(|frozen| frozen.versions.iter().flatten());
        self.direct.keys().chain(pinned.map(|it| &it.package)).collect()
    }

    /// The bundles whose packages the customer has, whatever is in them: none when it is frozen.
    pub fn named_bundles(&self) -> impl Iterator<Item = &BundleName> {
        self.bundles.keys().filter(|_| self.frozen.is_none())
    }
}

impl Package {
    /// Whether a grant of a package of this name means this one. A grant that is older than the package was one of another,
    /// which had the name before; a bundle is granted with what comes into it later.
    fn is_meant(&self, origin: Origin<'_>, grant: &Grant) -> bool {
        matches!(origin, Origin::Bundle(_))
            || grant.granted_at.as_second() + CLOCKS_DIFFER >= self.created_at.as_second()
    }
}

impl Grant {
    /// A right to the versions of a constraint, without further limits.
    pub fn new(constraint: ConstraintText, granted_at: Timestamp) -> Self {
        Self { constraint, granted_at, expires_at: None, updates_until: None, minimum_stability: None }
    }

    /// Whether its time is not over.
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }
}

impl Access<'_> {
    /// Whether the customer may have a version.
    pub fn allows(&self, release: Release<'_>) -> bool {
        if self.frozen_at.is_some_and(|frozen_at| release.listed_at > frozen_at) {
            return false;
        }
        if let Some(pinned) = &self.pinned {
            return pinned.contains(release.normalized);
        }
        let version = Version::of_normalized(release.normalized);
        self.limits.iter().any(|limits| limits.allow(&version, release.time))
    }

    /// The archives of a version that the customer may have, the newest first.
    pub fn archives<'a>(&self, record: &'a VersionRecord) -> impl Iterator<Item = &'a Archive> {
        record.archives.iter().rev().filter(|archive| self.allows(record.release(archive)))
    }

    /// What a customer is told who asks for a version that is not allowed.
    pub fn explanation(&self) -> String {
        if self.ended {
            return "Your access to this package has ended".to_owned();
        }
        if self.pinned.is_some() || self.frozen_at.is_some() {
            return "Your access is frozen: it covers only the versions that you had".to_owned();
        }
        let grants = self.limits.iter().map(|limits| limits.grant.in_words());
        format!("Your access covers {} only", grants.collect::<Vec<_>>().join(" or "))
    }

    /// Whether there were rights, and the time of all of them is over.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

impl Limits<'_> {
    fn allow(&self, version: &Version, time: Timestamp) -> bool {
        let finished = self.grant.minimum_stability.as_ref().and_then(MinimumStability::parsed);
        self.constraint.as_ref().is_some_and(|constraint| constraint.matches(version))
            && self.grant.updates_until.is_none_or(|until| time <= until)
            && finished.is_none_or(|least| version.stability() >= least)
    }
}

impl Grant {
    fn in_words(&self) -> String {
        let until = self.updates_until.map(|until| format!(" released until {}", until.strftime("%Y-%m-%d")));
        let least = self.minimum_stability.as_ref().map(|least| format!(" with stability {least}"));
        format!("{}{}{}", self.constraint, until.unwrap_or_default(), least.unwrap_or_default())
    }
}

impl ConstraintText {
    /// The constraint.
    pub fn parsed(&self) -> Option<Constraint> {
        Constraint::parse(self.as_str()).ok()
    }
}

impl MinimumStability {
    /// The stability.
    pub fn parsed(&self) -> Option<Stability> {
        Stability::parse(self.as_str()).ok()
    }
}

/// A version in the one form in which versions are compared.
///
/// # Errors
/// When it is none, or longer than any that is kept ([`LONGEST_VERSION`]).
pub fn normalized(version: &str) -> Result<String, Problem> {
    let version = Version::parse(version).map_err(|error| Problem::Explained { message: error.to_string() })?;
    let normalized = version.normalized();
    if normalized.len() > LONGEST_VERSION {
        return Err(Problem::TooLong { max: LONGEST_VERSION });
    }
    Ok(normalized.to_owned())
}

/// Whether a normalised version is a stable one.
pub fn is_stable(normalized: &str) -> bool {
    Version::of_normalized(normalized).stability() == Stability::Stable
}

#[cfg(test)]
mod tests;
