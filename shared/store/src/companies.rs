//! Companies.

use domain::{CompanyId, Failure, Secret, company::Company, log::LogEntry};

use crate::{
    Operator, Store, keys,
    table::{Freshness, item},
};

impl Store {
    /// The company.
    pub async fn company(&self, company: CompanyId) -> Result<Option<Company>, Failure> {
        self.table.get(&keys::company(company), Freshness::Eventual).await
    }

    /// Makes a company and its first operator's token at once, with the first line of its log; `false` when the company
    /// exists already.
    pub async fn found_company(
        &self,
        company: &Company,
        token: &Secret,
        operator: &Operator,
        entry: &LogEntry,
    ) -> Result<bool, Failure> {
        let mut writes = vec![
            self.table.put_if_absent(item("company", &keys::company(company.id), company)?)?,
            self.put_operator(company.id, token, operator)?,
            self.company_entry(company.id)?,
        ];
        writes.extend(self.log_writes(company.id, entry)?);
        self.table.write_all_if(writes).await
    }
}
