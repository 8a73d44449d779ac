//! Which companies there are. Whoever works for all of them finds them here, one after another.

use domain::{CompanyId, Failure};
use serde::{Deserialize, Serialize};

use crate::{
    Store, keys,
    table::{Partition, Write, item},
};

#[derive(Serialize, Deserialize)]
struct Entry {
    company: CompanyId,
}

impl Store {
    /// All companies, by number.
    pub async fn companies(&self) -> Result<Vec<CompanyId>, Failure> {
        let pk = keys::companies();
        let entries: Vec<Entry> =
            self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await?;
        Ok(entries.into_iter().map(|entry| entry.company).collect())
    }

    /// Makes sure that a company is among them; one that was founded by older code may not be.
    pub async fn register_company(&self, company: CompanyId) -> Result<(), Failure> {
        self.table.put(item("company-entry", &keys::company_entry(company), &Entry { company })?).await
    }

    pub(crate) fn company_entry(&self, company: CompanyId) -> Result<Write, Failure> {
        self.table.put_if_absent(item("company-entry", &keys::company_entry(company), &Entry { company })?)
    }
}
