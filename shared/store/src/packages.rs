//! Packages, the bundles they are in, and their versions.

use std::collections::HashMap;

use domain::{
    CompanyId, Failure,
    customer::CustomerId,
    log::LogEntry,
    package::{Bundle, Package, PackageName, VersionRecord},
    paging::PageRequest,
    tally::Roster,
    text::BundleName,
};
use serde::{Deserialize, Serialize};

use crate::{
    Found, Holder, Leftover, Store,
    customers::holder,
    keys::{self, Key},
    sha256,
    table::{Freshness, Item, Partition, Range, Start, Write, item, number, read, text},
};

/// The most packages whose bundle changes at once: more do not fit into one transaction.
pub const MOST_IN_BUNDLE: usize = 90;

/// Versions that are written at once.
const MOST_AT_ONCE: usize = 80;

/// A package of a company, for who knows only a repository of a forge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageAt {
    /// Whose.
    pub company: CompanyId,
    /// Which.
    pub package: PackageName,
}

/// All that it takes to decide about a package for a customer, read at once and strongly.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// The customer, if there is one.
    pub holder: Option<Holder>,
    /// The package, if there is one.
    pub package: Option<Package>,
}

impl Store {
    /// A package.
    pub async fn package(&self, company: CompanyId, name: &PackageName) -> Result<Option<Package>, Failure> {
        self.table.get(&keys::package(company, name), Freshness::Strong).await
    }

    /// Packages by name; those that do not exist are left out.
    pub async fn packages_named(
        &self,
        company: CompanyId,
        names: impl IntoIterator<Item = &PackageName>,
    ) -> Result<Vec<Package>, Failure> {
        self.packages_by_name(company, names, Freshness::Strong).await
    }

    /// The same, each a moment old perhaps: for lists of names, where a package by itself opens nothing. It costs half.
    pub async fn packages_listed(
        &self,
        company: CompanyId,
        names: impl IntoIterator<Item = &PackageName>,
    ) -> Result<Vec<Package>, Failure> {
        self.packages_by_name(company, names, Freshness::Eventual).await
    }

    async fn packages_by_name(
        &self,
        company: CompanyId,
        names: impl IntoIterator<Item = &PackageName>,
        freshness: Freshness,
    ) -> Result<Vec<Package>, Failure> {
        let keys: Vec<Key> = names.into_iter().map(|name| keys::package(company, name)).collect();
        let mut packages: Vec<Package> = self.table.get_many(&keys, freshness).await?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(packages)
    }

    /// All of the company's packages, by name.
    pub async fn packages(&self, company: CompanyId) -> Result<Vec<Package>, Failure> {
        self.all(&keys::packages(company)).await
    }

    /// A page of the company's packages, by name.
    pub async fn packages_page(&self, company: CompanyId, page: &PageRequest) -> Result<Found<Package>, Failure> {
        let rows = u64::try_from(self.roster(company).await?.packages).unwrap_or(0);
        self.page_in_order((&keys::packages(company), rows), page, |row: &Package| row.name.to_string()).await
    }

    /// Adds a package. `false`: there is one with its name, or what another one left behind is not cleared away yet.
    pub async fn insert_package(
        &self,
        company: CompanyId,
        package: &Package,
        places: &[String],
        entry: &LogEntry,
    ) -> Result<bool, Failure> {
        let mut writes = vec![self.table.put_if_absent(package_row(company, package)?)?];
        writes.push(self.table.check_absent(&keys::leftover_of_package(company, &package.name))?);
        writes.extend(self.place_writes(company, &package.name, places)?);
        let difference = Roster { packages: 1, ..Roster::default() };
        writes.extend(self.roster_writes(company, std::slice::from_ref(entry), difference)?);
        self.table.write_all_if(writes).await
    }

    /// Changes a package that nobody else changed since `before` was read; `after`'s number of the change is given here.
    /// `places` are those where it is to be found from now on, in addition.
    pub async fn change_package(
        &self,
        company: CompanyId,
        before: &Package,
        after: &Package,
        places: &[String],
        entries: &[LogEntry],
    ) -> Result<bool, Failure> {
        let after = Package { rev: before.rev + 1, ..after.clone() };
        let mut writes = vec![self.table.put_over(package_row(company, &after)?, before.rev)?];
        writes.extend(self.place_writes(company, &after.name, places)?);
        writes.extend(self.roster_writes(company, entries, Roster::default())?);
        self.table.write_all_if(writes).await
    }

    /// Deletes a package, and takes it out of its bundles. Its versions, and the grants that name it, are cleared away later
    /// ([`Store::forget_versions`]): from now on they lead nowhere. That they have to be is written down, until
    /// [`Store::cleared`] says that they are.
    pub async fn remove_package(
        &self,
        company: CompanyId,
        package: &Package,
        bundles: &[Bundle],
        entry: &LogEntry,
    ) -> Result<bool, Failure> {
        let rev = vec![(":rev".to_owned(), number(package.rev))];
        let mut writes = vec![self.table.delete(&keys::package(company, &package.name), Some("rev = :rev"), rev)?];
        for bundle in bundles {
            let mut after = Bundle { rev: bundle.rev + 1, updated_at: entry.created_at, ..bundle.clone() };
            after.packages.remove(&package.name);
            writes.push(self.table.put_over(bundle_row(company, &after)?, bundle.rev)?);
        }
        writes.push(self.leftover_write(company, &Leftover::of(package))?);
        let difference = Roster { packages: -1, ..Roster::default() };
        writes.extend(self.roster_writes(company, std::slice::from_ref(entry), difference)?);
        self.table.write_all_if(writes).await
    }

    /// One more sync of a package is wanted; the number of the request. `None`: there is no such package.
    pub async fn want_sync(&self, company: CompanyId, name: &PackageName) -> Result<Option<u64>, Failure> {
        loop {
            let Some(before) = self.package(company, name).await? else { return Ok(None) };
            let mut after = before.clone();
            after.sync.wanted += 1;
            if self.change_package(company, &before, &after, &[], &[]).await? {
                return Ok(Some(after.sync.wanted));
            }
        }
    }

    /// The packages that come from a repository of a forge, of whatever company. `place` is what the forge calls it, or its
    /// address.
    pub async fn packages_of_forge(&self, place: &str) -> Result<Vec<PackageAt>, Failure> {
        self.all(&keys::packages_of_forge(&sha256(place))).await
    }

    /// A package is not to be found at a place any more.
    pub async fn leave_place(&self, company: CompanyId, name: &PackageName, place: &str) -> Result<(), Failure> {
        let key = keys::package_of_forge(&sha256(place), company, name);
        self.in_portions(vec![self.table.delete(&key, None, Vec::new())?]).await
    }

    /// All versions of a package, those whose tags are gone included.
    pub async fn versions(&self, company: CompanyId, name: &PackageName) -> Result<Vec<VersionRecord>, Failure> {
        self.all(&keys::versions(company, name)).await
    }

    /// Versions of packages by name and normalised version, none of them twice, those whose tags are gone included; what
    /// never was a version is left out.
    pub async fn versions_named(
        &self,
        company: CompanyId,
        versions: impl IntoIterator<Item = (&PackageName, &str)>,
    ) -> Result<Vec<VersionRecord>, Failure> {
        let key = |(package, normalized): (&PackageName, &str)| keys::version(company, package, normalized);
        let keys: Vec<Key> = versions.into_iter().map(key).collect();
        self.table.get_many(&keys, Freshness::Strong).await
    }

    /// All versions of a package, as they are at this moment.
    pub async fn versions_now(&self, company: CompanyId, name: &PackageName) -> Result<Vec<VersionRecord>, Failure> {
        self.all_now(&keys::versions(company, name)).await
    }

    /// Writes down versions of a package, over what was known of them. `false`: the package is another one or gone by now, or
    /// the lease that it was read with is somebody else's; then not all of them were written.
    pub async fn put_versions(
        &self,
        company: CompanyId,
        package: &Package,
        versions: &[VersionRecord],
    ) -> Result<bool, Failure> {
        for portion in versions.chunks(MOST_AT_ONCE) {
            let mut writes = vec![self.still_leased(company, package)?];
            for version in portion {
                let key = keys::version(company, &package.name, &version.normalized);
                writes.push(self.table.put_in(item("version", &key, version)?)?);
            }
            if !self.table.write_all_if(writes).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lets a transaction succeed only while a package is the one that it was, under the same lease.
    fn still_leased(&self, company: CompanyId, package: &Package) -> Result<Write, Failure> {
        let key = keys::package(company, &package.name);
        let mut values = vec![(":id".to_owned(), text(package.package_id.as_str()))];
        let Some(lease) = &package.sync.lease else {
            return self.table.check(&key, "package_id = :id", HashMap::new(), values);
        };
        values.push((":holder".to_owned(), text(lease.holder.as_str())));
        let names = ["sync", "lease", "holder"].map(|name| (format!("#{name}"), name.to_owned()));
        self.table.check(&key, "package_id = :id AND #sync.#lease.#holder = :holder", names.into(), values)
    }

    /// Clears away the versions of a package that was deleted.
    pub async fn forget_versions(
        &self,
        company: CompanyId,
        name: &PackageName,
        versions: &[VersionRecord],
    ) -> Result<(), Failure> {
        let delete = |version: &VersionRecord| {
            self.table.delete(&keys::version(company, name, &version.normalized), None, Vec::new())
        };
        self.in_portions(versions.iter().map(delete).collect::<Result<_, _>>()?).await
    }

    /// A customer and a package.
    pub async fn admission(
        &self,
        company: CompanyId,
        customer: CustomerId,
        package: &PackageName,
    ) -> Result<Admission, Failure> {
        let keys =
            [keys::customer(company, customer), keys::grants(company, customer), keys::package(company, package)];
        let [customer, grants, package] = self.table.get_together(&keys, Freshness::Strong).await?;
        Ok(Admission { holder: holder([customer, grants])?, package: package.map(read).transpose()? })
    }

    /// A customer, a package, and what is known of one of its versions.
    pub async fn admission_to_version(
        &self,
        company: CompanyId,
        customer: CustomerId,
        package: &PackageName,
        normalized: &str,
    ) -> Result<(Admission, Option<VersionRecord>), Failure> {
        let keys = [
            keys::customer(company, customer),
            keys::grants(company, customer),
            keys::package(company, package),
            keys::version(company, package, normalized),
        ];
        let [customer, grants, package, version] = self.table.get_together(&keys, Freshness::Strong).await?;
        let admission = Admission { holder: holder([customer, grants])?, package: package.map(read).transpose()? };
        Ok((admission, version.map(read).transpose()?))
    }

    /// A bundle.
    pub async fn bundle(&self, company: CompanyId, name: &BundleName) -> Result<Option<Bundle>, Failure> {
        self.table.get(&keys::bundle(company, name), Freshness::Strong).await
    }

    /// Bundles by name; those that do not exist are left out.
    pub async fn bundles_named(
        &self,
        company: CompanyId,
        names: impl IntoIterator<Item = &BundleName>,
    ) -> Result<Vec<Bundle>, Failure> {
        let keys: Vec<Key> = names.into_iter().map(|name| keys::bundle(company, name)).collect();
        self.table.get_many(&keys, Freshness::Strong).await
    }

    /// All of the company's bundles, by name.
    pub async fn bundles(&self, company: CompanyId) -> Result<Vec<Bundle>, Failure> {
        self.all(&keys::bundles(company)).await
    }

    /// A page of the company's bundles, by name.
    pub async fn bundles_page(&self, company: CompanyId, page: &PageRequest) -> Result<Found<Bundle>, Failure> {
        let rows = u64::try_from(self.roster(company).await?.bundles).unwrap_or(0);
        self.page_in_order((&keys::bundles(company), rows), page, |row: &Bundle| row.name.to_string()).await
    }

    /// Makes a bundle, changes it or, without `after`, deletes it, together with what its packages say of it. `packages` are
    /// those that come or go, as they were read. `false`: somebody else was faster, read again; or, of a new one, what another
    /// one of its name left behind is not cleared away yet.
    pub async fn change_bundle(
        &self,
        company: CompanyId,
        (before, after): (Option<&Bundle>, Option<&Bundle>),
        packages: &[Package],
        entry: &LogEntry,
    ) -> Result<bool, Failure> {
        let Some(name) = after.or(before).map(|bundle| &bundle.name) else { return Ok(true) };
        let rev = before.map_or(0, |bundle| bundle.rev);
        let mut writes = vec![if let Some(after) = after {
            let after = Bundle { rev: rev + 1, ..after.clone() };
            self.table.put_next(bundle_row(company, &after)?, rev)?
        } else {
            let rev = vec![(":rev".to_owned(), number(rev))];
            self.table.delete(&keys::bundle(company, name), Some("rev = :rev"), rev)?
        }];
        match (before, after) {
            (None, _) => writes.push(self.table.check_absent(&keys::leftover_of_bundle(company, name))?),
            (Some(_), None) => {
                let leftover = Leftover::Bundle { bundle: name.clone() };
                writes.push(self.leftover_write(company, &leftover)?);
            }
            (Some(_), Some(_)) => {}
        }
        for package in packages {
            let mut changed = Package { rev: package.rev + 1, ..package.clone() };
            if after.is_some_and(|after| after.packages.contains(&package.name)) {
                changed.bundles.insert(name.clone());
            } else {
                changed.bundles.remove(name);
            }
            writes.push(self.table.put_over(package_row(company, &changed)?, package.rev)?);
        }
        let bundles = i64::from(after.is_some()) - i64::from(before.is_some());
        let difference = Roster { bundles, ..Roster::default() };
        writes.extend(self.roster_writes(company, std::slice::from_ref(entry), difference)?);
        self.table.write_all_if(writes).await
    }

    pub(crate) async fn all<T: serde::de::DeserializeOwned>(&self, pk: &str) -> Result<Vec<T>, Failure> {
        self.table.query(Partition { index: None, pk, newest_first: false, limit: None }).await
    }

    /// All rows of a partition as they are at this moment.
    pub(crate) async fn all_now<T: serde::de::DeserializeOwned>(&self, pk: &str) -> Result<Vec<T>, Failure> {
        let (from, freshness) = (Start::First, Freshness::Strong);
        self.table.range(Range { index: None, pk, from, upto: None, limit: usize::MAX, freshness }).await
    }

    fn place_writes(&self, company: CompanyId, name: &PackageName, places: &[String]) -> Result<Vec<Write>, Failure> {
        let at = PackageAt { company, package: name.clone() };
        let write = |place: &String| {
            let key = keys::package_of_forge(&sha256(place), company, name);
            self.table.put_in(item("package-place", &key, &at)?)
        };
        places.iter().map(write).collect()
    }
}

fn package_row(company: CompanyId, package: &Package) -> Result<Item, Failure> {
    item("package", &keys::package(company, &package.name), package)
}

fn bundle_row(company: CompanyId, bundle: &Bundle) -> Result<Item, Failure> {
    item("bundle", &keys::bundle(company, &bundle.name), bundle)
}
