//! How often customers downloaded and installed what they have.

use domain::{CompanyId, Failure, customer::CustomerId, package::PackageName};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    Store, keys,
    table::{Partition, number},
};

/// How often a customer downloaded a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloads {
    /// Of which package.
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

impl Store {
    /// Adds to how often a customer downloaded a version.
    pub async fn count_download(
        &self,
        company: CompanyId,
        customer: CustomerId,
        (package, normalized): (&PackageName, &str),
        (what, more): (Counted, i64),
    ) -> Result<(), Failure> {
        let key = keys::downloads(company, customer, package, normalized);
        let name = match what {
            Counted::Download => "downloads",
            Counted::Install => "installs",
        };
        self.table.add(("downloads", &key), name, more).await
    }

    /// Takes back a download that was counted in advance. Of what was never downloaded nothing stays: names and versions come
    /// from whoever asks.
    pub async fn take_back_download(
        &self,
        company: CompanyId,
        customer: CustomerId,
        (package, normalized): (&PackageName, &str),
    ) -> Result<(), Failure> {
        let key = keys::downloads(company, customer, package, normalized);
        let one = vec![(":one".to_owned(), number(1))];
        let only = "downloads = :one AND attribute_not_exists(installs)";
        match self.table.take::<IgnoredAny>(&key, only, one).await? {
            Some(_) => Ok(()),
            None => self.table.add(("downloads", &key), "downloads", -1).await,
        }
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
    downloads: i64,
    #[serde(default)]
    installs: i64,
}

impl DownloadRow {
    fn read(self) -> Option<Downloads> {
        let (package, version) = self.sk.split_once('#')?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Some(Downloads {
            package: PackageName::parse(package).ok()?,
            version: version.to_owned(),
            downloads: count(self.downloads),
            installs: count(self.installs),
        })
    }
}
