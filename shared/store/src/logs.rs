//! Purchases' logs.

use domain::{CompanyId, Failure, PurchaseId, log::LogEntry};

use crate::{
    Store, keys,
    table::{Partition, Write, item},
};

impl Store {
    /// A purchase's log, oldest first.
    pub async fn log(&self, company: CompanyId, purchase: PurchaseId) -> Result<Vec<LogEntry>, Failure> {
        let pk = keys::log(company, purchase);
        self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await
    }

    /// Adds a line, if it is not there yet: that it is there proves that its cause was dealt with.
    pub(crate) fn log_once(
        &self,
        company: CompanyId,
        purchase: PurchaseId,
        entry: &LogEntry,
    ) -> Result<Write, Failure> {
        self.table.put_if_absent(item("log", &keys::log_entry(company, purchase, entry.created_at, &entry.id), entry)?)
    }
}
