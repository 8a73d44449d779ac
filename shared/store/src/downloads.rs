//! How often customers downloaded and installed what they have.

use domain::{
    CompanyId, Failure,
    customer::CustomerId,
    package::{PackageId, PackageName},
};
use serde::Deserialize;

use crate::{
    Store, keys,
    table::{Partition, number, text},
};

/// How often a customer downloaded a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloads {
    /// Of which package. One that had the name before is another one.
    pub package_id: PackageId,
    /// What it is called.
    pub package: PackageName,
    /// Which version, normalised.
    pub version: String,
    /// How often its archive was fetched.
    pub downloads: u64,
    /// How often Composer told that it was installed.
    pub installs: u64,
}

/// What is counted about a version and a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Its archive was fetched.
    Download,
    /// Composer told that it was installed.
    Install,
}

impl Counted {
    /// The attribute that counts it, and the one that counts the other.
    fn attributes(self) -> (&'static str, &'static str) {
        match self {
            Self::Download => ("downloads", "installs"),
            Self::Install => ("installs", "downloads"),
        }
    }
}

impl Store {
    /// Adds to how often a customer downloaded or installed a version that it may have. What was counted about a package that
    /// had the name before is forgotten.
    pub async fn count_use(
        &self,
        company: CompanyId,
        customer: CustomerId,
        (id, package, normalized): (&PackageId, &PackageName, &str),
        (what, more): (Counted, i64),
    ) -> Result<(), Failure> {
        let key = keys::downloads(company, customer, package, normalized);
        let (this, other) = what.attributes();
        let values = || {
            let of_row = [(":type", text("downloads")), (":id", text(id.as_str())), (":more", number(more))];
            of_row.map(|(name, value)| (name.to_owned(), value)).to_vec()
        };
        let add = format!("SET #type = :type, package_id = :id ADD {this} :more");
        let its_own = "attribute_not_exists(package_id) OR package_id = :id";
        if self.table.change_if::<DownloadRow>(&key, (&add, its_own), values()).await?.is_some() {
            return Ok(());
        }
        let anew = format!("SET #type = :type, package_id = :id, {this} = :more REMOVE {other}");
        if self.table.change_if::<DownloadRow>(&key, (&anew, "package_id <> :id"), values()).await?.is_none() {
            // Somebody else was faster with that.
            self.table.change_if::<DownloadRow>(&key, (&add, its_own), values()).await?;
        }
        Ok(())
    }

    /// Counts a download of which it is not known yet whether it is allowed, if the customer ever downloaded a version so
    /// called, and answers with the package that it was counted for. Else nothing is written: names and versions come from
    /// whoever asks.
    pub async fn count_in_advance(
        &self,
        company: CompanyId,
        customer: CustomerId,
        (package, normalized): (&PackageName, &str),
    ) -> Result<Option<PackageId>, Failure> {
        let key = keys::downloads(company, customer, package, normalized);
        let add = ("ADD downloads :one", "attribute_exists(package_id)");
        let row: Option<DownloadRow> = self.table.change_if(&key, add, vec![(":one".to_owned(), number(1))]).await?;
        Ok(row.and_then(|row| row.package_id))
    }

    /// Takes back what was counted in advance for this package.
    pub async fn take_back_download(
        &self,
        company: CompanyId,
        customer: CustomerId,
        (id, package, normalized): (&PackageId, &PackageName, &str),
    ) -> Result<(), Failure> {
        let key = keys::downloads(company, customer, package, normalized);
        let values = vec![(":less".to_owned(), number(-1)), (":id".to_owned(), text(id.as_str()))];
        self.table.change_if::<DownloadRow>(&key, ("ADD downloads :less", "package_id = :id"), values).await.map(drop)
    }

    /// What a customer downloaded, by package and version.
    pub async fn downloads(&self, company: CompanyId, customer: CustomerId) -> Result<Vec<Downloads>, Failure> {
        let pk = keys::downloads_of(company, customer);
        let rows: Vec<DownloadRow> =
            self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await?;
        Ok(rows.into_iter().filter_map(DownloadRow::read).collect())
    }
}

#[derive(Deserialize)]
struct DownloadRow {
    sk: String,
    #[serde(default)]
    package_id: Option<PackageId>,
    #[serde(default)]
    downloads: i64,
    #[serde(default)]
    installs: i64,
}

impl DownloadRow {
    fn read(self) -> Option<Downloads> {
        let (package, version) = self.sk.split_once('#')?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Some(Downloads {
            package_id: self.package_id?,
            package: PackageName::parse(package).ok()?,
            version: version.to_owned(),
            downloads: count(self.downloads),
            installs: count(self.installs),
        })
    }
}
