//! The log. Each line is written in the transaction of the change it tells of, together with the counts that lists show.

use domain::{CompanyId, Failure, PurchaseId, RepositoryId, log::LogEntry};

use crate::{
    Store, keys,
    table::{Partition, Write, index, item},
    tallies::Added,
};

impl Store {
    /// A purchase's log, oldest line first.
    pub async fn log(&self, company: CompanyId, purchase: PurchaseId) -> Result<Vec<LogEntry>, Failure> {
        let pk = keys::log_of_purchase(company, purchase);
        self.table.query(Partition { index: Some("gsi1"), pk: &pk, newest_first: false, limit: None }).await
    }

    /// Adds a line.
    pub(crate) fn log_line(&self, company: CompanyId, entry: &LogEntry) -> Result<Write, Failure> {
        let mut row = item("log", &keys::log_entry(company, entry.id), entry)?;
        let place = entry.id.to_string();
        if let Some(purchase) = entry.purchase {
            index(&mut row, "gsi1", keys::log_of_purchase(company, purchase), place.clone());
        }
        let kind = (entry.action, entry.status);
        index(&mut row, "gsi2", keys::log_of_kind(company, entry.repository, kind), place);
        self.table.put_if_absent(row)
    }

    /// A line by itself, for a change that is no purchase's: with its count, to be written with the change.
    pub(crate) fn log_writes(&self, company: CompanyId, entry: &LogEntry) -> Result<Vec<Write>, Failure> {
        self.log_writes_about(company, entry.repository, std::slice::from_ref(entry))
    }

    /// The same for several lines about one repository, or about none.
    pub(crate) fn log_writes_about(
        &self,
        company: CompanyId,
        repository: Option<RepositoryId>,
        entries: &[LogEntry],
    ) -> Result<Vec<Write>, Failure> {
        let Some(last) = entries.last() else { return Ok(Vec::new()) };
        let added = entries.iter().fold(Added::default(), Added::line);
        let mut writes: Vec<Write> =
            entries.iter().map(|entry| self.log_line(company, entry)).collect::<Result<_, _>>()?;
        writes.extend(self.add_sums(company, repository, last.created_at, &added)?);
        Ok(writes)
    }
}
