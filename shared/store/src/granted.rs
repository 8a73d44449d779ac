//! Who has a package, and what is left behind when one is deleted.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CompanyId, Failure,
    customer::CustomerId,
    grant::Grants,
    package::{Package, PackageId, PackageName},
    text::BundleName,
};
use serde::{Deserialize, Serialize};

use crate::{
    CustomerChange, Holder, Store,
    customers::{Link, MOST_LINKS},
    keys::{self, Key},
    table::{Freshness, Partition, Write, item, text},
};

/// How a customer comes to a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Through {
    /// By a grant of the package itself, or frozen at a version of it.
    Direct,
    /// With a bundle.
    Bundle(BundleName),
    /// With one or more purchases.
    Purchase,
}

/// What has to be cleared away because a package or a bundle was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Leftover {
    /// The versions and archives of a package, and the grants that name it.
    Package {
        /// What it was called.
        package: PackageName,
        /// Which it was.
        package_id: PackageId,
    },
    /// The grants that name a bundle.
    Bundle {
        /// What it was called.
        bundle: BundleName,
    },
}

impl Leftover {
    /// That of a package.
    pub fn of(package: &Package) -> Self {
        Self::Package { package: package.name.clone(), package_id: package.package_id.clone() }
    }

    fn key(&self, company: CompanyId) -> Key {
        match self {
            Self::Package { package, .. } => keys::leftover_of_package(company, package),
            Self::Bundle { bundle } => keys::leftover_of_bundle(company, bundle),
        }
    }
}

impl Store {
    /// The customers that a package was granted to by itself, or that are frozen at a version of it, as it is at this moment.
    pub async fn package_customers_now(
        &self,
        company: CompanyId,
        package: &PackageName,
    ) -> Result<Vec<CustomerId>, Failure> {
        let links: Vec<Link> = self.all_now(&keys::package_customers(company, package)).await?;
        Ok(links.into_iter().map(|link| link.customer).collect())
    }

    /// The customers that a bundle was granted to, as it is at this moment.
    pub async fn bundle_customers_now(
        &self,
        company: CompanyId,
        bundle: &BundleName,
    ) -> Result<Vec<CustomerId>, Failure> {
        let links: Vec<Link> = self.all_now(&keys::bundle_customers(company, bundle)).await?;
        Ok(links.into_iter().map(|link| link.customer).collect())
    }

    /// Who was given a package that is in these bundles, and how: once for each way, the oldest customers first. It may be a
    /// moment old.
    pub async fn granted(
        &self,
        company: CompanyId,
        package: &PackageName,
        bundles: &BTreeSet<BundleName>,
    ) -> Result<Vec<(CustomerId, Through)>, Failure> {
        let direct = self.package_customers(company, package);
        let buyers = keys::package_buyers(company, package);
        let with_bundles =
            futures::future::try_join_all(bundles.iter().map(|bundle| async move {
                Ok::<_, Failure>((bundle, self.bundle_customers(company, bundle).await?))
            }));
        let (direct, bought, in_bundles) = futures::try_join!(direct, self.linked(&buyers), with_bundles)?;
        let in_bundles = in_bundles.into_iter().flat_map(|(bundle, customers)| {
            customers.into_iter().map(|customer| (customer, Through::Bundle(bundle.clone())))
        });
        let mut all: Vec<_> = direct.into_iter().map(|customer| (customer, Through::Direct)).collect();
        all.extend(in_bundles);
        all.extend(bought.into_iter().map(|customer| (customer, Through::Purchase)));
        all.sort();
        Ok(all)
    }

    /// Whether anybody was given a package by itself or with a purchase. Bundles are written on the package.
    pub async fn is_granted(&self, company: CompanyId, package: &PackageName) -> Result<bool, Failure> {
        let (direct, bought) = (keys::package_customers(company, package), keys::package_buyers(company, package));
        let (direct, bought) = futures::try_join!(self.has_rows(&direct), self.has_rows(&bought))?;
        Ok(direct || bought)
    }

    /// Whether anybody was given a bundle.
    pub async fn is_bundle_granted(&self, company: CompanyId, bundle: &BundleName) -> Result<bool, Failure> {
        self.has_rows(&keys::bundle_customers(company, bundle)).await
    }

    /// What a deleted package of this name left behind.
    pub async fn leftover_of_package(
        &self,
        company: CompanyId,
        name: &PackageName,
    ) -> Result<Option<Leftover>, Failure> {
        self.table.get(&keys::leftover_of_package(company, name), Freshness::Strong).await
    }

    /// What a deleted bundle of this name left behind.
    pub async fn leftover_of_bundle(&self, company: CompanyId, name: &BundleName) -> Result<Option<Leftover>, Failure> {
        self.table.get(&keys::leftover_of_bundle(company, name), Freshness::Strong).await
    }

    /// All that has to be cleared away.
    pub async fn leftovers(&self, company: CompanyId) -> Result<Vec<Leftover>, Failure> {
        self.all(&keys::leftovers(company)).await
    }

    /// It is cleared away: the name can be used again. What another package of the same name left behind since stays.
    pub async fn cleared(&self, company: CompanyId, leftover: &Leftover) -> Result<(), Failure> {
        let (condition, values) = match leftover {
            Leftover::Package { package_id, .. } => {
                (Some("package_id = :id"), vec![(":id".to_owned(), text(package_id.as_str()))])
            }
            Leftover::Bundle { .. } => (None, Vec::new()),
        };
        let delete = self.table.delete(&leftover.key(company), condition, values)?;
        self.table.write_if(delete).await.map(drop)
    }

    pub(crate) fn leftover_write(&self, company: CompanyId, leftover: &Leftover) -> Result<Write, Failure> {
        self.table.put_in(item("leftover", &leftover.key(company), leftover)?)
    }

    async fn has_rows(&self, pk: &str) -> Result<bool, Failure> {
        let first: Vec<Link> =
            self.table.query(Partition { index: None, pk, newest_first: false, limit: Some(1) }).await?;
        Ok(!first.is_empty())
    }

    /// Deletes what leads to a customer from packages and bundles that its grants, when they had this number, did not name any
    /// more. What leads there again, as somebody granted it meanwhile, stays.
    pub(crate) async fn unlink(
        &self,
        (company, id): (CompanyId, CustomerId),
        mut rev: u64,
        mut old: Vec<Key>,
    ) -> Result<(), Failure> {
        while !old.is_empty() {
            let portion = old.iter().take(MOST_LINKS).map(|key| self.table.delete(key, None, Vec::new()));
            let portion: Vec<Write> = portion.collect::<Result<_, _>>()?;
            let (taken, mut writes) = (portion.len(), portion);
            writes.push(self.table.check_rev(&keys::grants(company, id), rev)?);
            if self.table.write_all_if(writes).await? {
                old.drain(..taken);
                continue;
            }
            // Whoever deletes the customer deletes what leads there.
            let Some(holder) = self.holder(company, id).await? else { return Ok(()) };
            let there = links(company, id, &holder.grants);
            old.retain(|key| !there.contains(key));
            rev = holder.grants.rev;
        }
        Ok(())
    }

    /// Too many were granted for one transaction to see that they are all there. Those that are gone are taken back, which
    /// who deletes them does only for grants that were there before.
    pub(crate) async fn take_back(
        &self,
        company: CompanyId,
        holder: Holder,
        come: Named,
    ) -> Result<CustomerChange, Failure> {
        let there = self.packages_named(company, &come.packages).await?;
        let there: BTreeSet<&PackageName> = there.iter().map(|package| &package.name).collect();
        let gone = come.packages.iter().filter(|name| !there.contains(name));
        let kept = gone.fold(holder.grants.clone(), |grants, name| grants.without(name).unwrap_or(grants));
        if kept == holder.grants {
            return Ok(CustomerChange::Made);
        }
        let after = Holder { grants: kept, customer: holder.customer.clone() };
        // Whatever comes of it, what was to be written is not what is there.
        let _ = Box::pin(self.change_grants(company, &holder, &after, &[])).await?;
        Ok(CustomerChange::Stale)
    }
}

/// The packages and bundles that grants name.
pub(crate) struct Named {
    packages: BTreeSet<PackageName>,
    bundles: BTreeSet<BundleName>,
}

impl Named {
    pub(crate) fn of(grants: &Grants) -> Self {
        let packages = grants.linked_packages().into_iter().cloned().collect();
        Self { packages, bundles: grants.bundles.keys().cloned().collect() }
    }

    pub(crate) fn without(self, other: &Self) -> Self {
        Self { packages: &self.packages - &other.packages, bundles: &self.bundles - &other.bundles }
    }

    pub(crate) fn len(&self) -> usize {
        self.packages.len() + self.bundles.len()
    }

    pub(crate) fn keys(&self, company: CompanyId) -> impl Iterator<Item = Key> {
        let packages = self.packages.iter().map(move |name| keys::package(company, name));
        packages.chain(self.bundles.iter().map(move |name| keys::bundle(company, name)))
    }
}

/// What leads to a customer from the packages and bundles that its grants name.
pub(crate) fn links(company: CompanyId, id: CustomerId, grants: &Grants) -> Vec<Key> {
    let direct = grants.linked_packages().into_iter().map(|name| keys::package_customer(company, name, id));
    let bundles = grants.bundles.keys().map(|name| keys::bundle_customer(company, name, id));
    let bought: BTreeSet<_> = grants.purchases.values().flat_map(BTreeMap::keys).collect();
    let bought = bought.into_iter().map(|name| keys::package_buyer(company, name, id));
    direct.chain(bundles).chain(bought).collect()
}
