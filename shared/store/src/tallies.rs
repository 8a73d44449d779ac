//! Sums over purchases, changed in the same transaction as the purchase.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CompanyId, Failure, RepositoryId, tally::Tally};
use serde::Deserialize;

use crate::{
    Store, keys,
    table::{Freshness, Partition, Write, number, text},
};

#[derive(Deserialize)]
struct Row {
    sk: RepositoryId,
    #[serde(flatten)]
    tally: Tally,
}

impl Store {
    /// The sums over a repository's purchases.
    pub async fn tally(&self, company: CompanyId, repository: RepositoryId) -> Result<Tally, Failure> {
        let tally = self.table.get(&keys::tally(company, repository), Freshness::Eventual).await?;
        Ok(tally.unwrap_or_default())
    }

    /// The sums over each of a company's repositories.
    pub async fn tallies(&self, company: CompanyId) -> Result<HashMap<RepositoryId, Tally>, Failure> {
        let pk = keys::tallies(company);
        let rows: Vec<Row> =
            self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await?;
        Ok(rows.into_iter().map(|row| (row.sk, row.tally)).collect())
    }

    /// Adds `difference` to the sums; nothing when there is none.
    pub(crate) fn add_to_tally(
        &self,
        company: CompanyId,
        repository: RepositoryId,
        difference: Tally,
    ) -> Result<Option<Write>, Failure> {
        let changed: Vec<_> = difference.fields().into_iter().filter(|(_, change)| *change != 0).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let terms: Vec<_> = changed.iter().map(|(name, _)| format!("{name} :{name}")).collect();
        let mut values: Vec<(String, AttributeValue)> =
            changed.iter().map(|(name, change)| (format!(":{name}"), number(*change))).collect();
        values.push((":type".to_owned(), text("tally")));
        let expression = format!("SET #type = :type ADD {}", terms.join(", "));
        self.table.update(&keys::tally(company, repository), &expression, values, None).map(Some)
    }
}
