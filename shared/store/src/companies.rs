//! Companies.

use domain::{CompanyId, Failure, Secret, company::Company};

use crate::{
    Operator, Store, keys,
    table::{Freshness, Refusal, item},
};

impl Store {
    /// The company.
    pub async fn company(&self, company: CompanyId) -> Result<Option<Company>, Failure> {
        self.table.get(&keys::company(company), Freshness::Eventual).await
    }

    /// Makes a company and its first operator's token at once; `false` when the company exists already.
    pub async fn found_company(&self, company: &Company, token: &Secret, operator: &Operator) -> Result<bool, Failure> {
        let writes = vec![
            self.table.put_if_absent(item("company", &keys::company(company.id), company)?)?,
            self.put_operator(company.id, token, operator)?,
            self.company_entry(company.id)?,
        ];
        match self.table.transact(writes).await {
            Ok(()) => Ok(true),
            Err(Refusal::Conditions(_)) => Ok(false),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }
}
