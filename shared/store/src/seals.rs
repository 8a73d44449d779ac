//! Seals over the log, and the lines as they are stored.

use domain::{
    CompanyId, Failure, LogId,
    seal::{Line, Seal},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Store, keys,
    table::{Freshness, Partition, Range, Start, item},
};

/// The whole item, keys of indexes included: a line that was hidden from a list was altered, too.
#[derive(Deserialize)]
struct Row {
    id: LogId,
    #[serde(flatten)]
    body: serde_json::Map<String, Value>,
}

impl Store {
    /// A part of the log: at most `limit` lines after one and up to another, oldest first, as they are stored.
    pub async fn lines(
        &self,
        company: CompanyId,
        after: Option<LogId>,
        upto: LogId,
        limit: usize,
    ) -> Result<Vec<Line>, Failure> {
        let (pk, after, upto) = (keys::log(company), after.map(|id| id.to_string()), upto.to_string());
        let range = Range {
            index: None,
            pk: &pk,
            from: Start::after(after.as_deref()),
            upto: Some(&upto),
            limit,
            freshness: Freshness::Strong,
        };
        let rows: Vec<Row> = self.table.range(range).await?;
        Ok(rows.into_iter().map(|row| Line { id: row.id, body: Value::Object(row.body) }).collect())
    }

    /// All seals of a company, the first one first.
    pub async fn seals(&self, company: CompanyId) -> Result<Vec<Seal>, Failure> {
        let pk = keys::seals(company);
        self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await
    }

    /// The last seals of a company, the last one first.
    pub async fn last_seals(&self, company: CompanyId, limit: usize) -> Result<Vec<Seal>, Failure> {
        let pk = keys::seals(company);
        self.table.query(Partition { index: None, pk: &pk, newest_first: true, limit: Some(limit) }).await
    }

    /// Writes the next seal; `false` when another run has written one of that number meanwhile.
    pub async fn insert_seal(&self, company: CompanyId, seal: &Seal) -> Result<bool, Failure> {
        let row = item("seal", &keys::seal(company, seal.n), seal)?;
        self.table.write_if(self.table.put_if_absent(row)?).await
    }
}
