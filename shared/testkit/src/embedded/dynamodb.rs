//! `DynamoDB`: dynoxide on `SQLite`, in memory or in a file.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use domain::Clock;
use dynoxide::DynoxideError;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::serving::{Serving, listen};
use crate::sam::TableDefinition;

/// The database itself, for whoever has to look into it past the API.
pub type Database = dynoxide::Database;

/// How often expired items are deleted. On AWS it takes up to days, so nothing may rely on it.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// The embedded `DynamoDB`.
pub(super) struct DynamoDb {
    database: Database,
    serving: Serving,
    sweep: Option<Sweep>,
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDb").field("serving", &self.serving).finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Starts it with the data in `file`, or with none, in memory.
    pub(super) async fn start(file: Option<&Path>, clock: &Clock) -> Result<Self> {
        let database = match file {
            None => Database::memory_with_clock(Arc::new(Seconds(clock.clone())))?,
            Some(path) => Database::new(path.to_str().context("the data folder's name is not UTF-8")?)
                .with_context(|| format!("cannot open {}", path.display()))?,
        };
        let (listener, port) = listen().await?;
        let served = database.clone();
        let serving = Serving::run(port, move |stopped| async move {
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, served, stopped.wait()).await {
                tracing::error!(error, "the embedded DynamoDB ended");
            }
        });
        let sweep = file.map(|_| Sweep::start(database.clone()));
        Ok(Self { database, serving, sweep })
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn endpoint(&self) -> &str {
        self.serving.endpoint()
    }

    pub(super) async fn stop(self) {
        drop(self.sweep);
        self.serving.stop().await;
    }

    /// Makes sure that the table is there.
    ///
    /// # Errors
    /// When it is there with other keys or indexes.
    pub(super) fn create_table(&self, table: &TableDefinition) -> Result<()> {
        let mut definition = json!({
            "TableName": table.name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": table.attribute_definitions,
            "KeySchema": table.key_schema,
        });
        if !table.indexes.is_empty() {
            definition["GlobalSecondaryIndexes"] = json!(table.indexes);
        }
        match self.database.create_table(request(definition)?) {
            Ok(_) => {}
            Err(DynoxideError::ResourceInUseException(_)) => self.check_table(table)?,
            Err(error) => return Err(error).with_context(|| format!("cannot create the table {}", table.name)),
        }
        self.expire_by(table)
    }

    /// The table that is there has the keys and indexes it should have.
    fn check_table(&self, table: &TableDefinition) -> Result<()> {
        let found = describe(&self.database, &table.name)?;
        let same = found["KeySchema"] == json!(table.key_schema)
            && sorted_indexes(&found["GlobalSecondaryIndexes"]) == sorted_indexes(&json!(table.indexes));
        ensure!(
            same,
            "the table {} was made with other keys or indexes; move the data folder away and start again",
            table.name
        );
        Ok(())
    }

    fn expire_by(&self, table: &TableDefinition) -> Result<()> {
        let Some(attribute) = &table.ttl_attribute else { return Ok(()) };
        let name = json!({"TableName": table.name});
        let status = self.database.describe_time_to_live(request(name)?)?.time_to_live_description;
        if status.attribute_name.as_deref() != Some(attribute) {
            let specification = json!({"AttributeName": attribute, "Enabled": true});
            let update = json!({"TableName": table.name, "TimeToLiveSpecification": specification});
            self.database.update_time_to_live(request(update)?)?;
        }
        Ok(())
    }
}

/// `DescribeTable`'s answer about one table.
pub(crate) fn describe(database: &Database, table: &str) -> Result<Value> {
    let answer = database.describe_table(request(json!({"TableName": table}))?)?;
    Ok(serde_json::to_value(answer)?["Table"].take())
}

/// A request in the database's own type, from the JSON of the API.
pub(crate) fn request<T: DeserializeOwned>(json: Value) -> Result<T> {
    serde_json::from_value(json).map_err(|error| anyhow!("not a request: {error}"))
}

/// What makes indexes the same: names, keys and projections, in any order.
fn sorted_indexes(indexes: &Value) -> Vec<String> {
    let list = indexes.as_array().into_iter().flatten();
    let mut texts: Vec<String> = list
        .map(|index| json!([index["IndexName"], index["KeySchema"], index["Projection"]["ProjectionType"]]).to_string())
        .collect();
    texts.sort();
    texts
}

/// Deletes what has expired, every minute, until it is dropped.
struct Sweep(JoinHandle<()>);

impl Sweep {
    fn start(database: Database) -> Self {
        Self(tokio::spawn(async move {
            let mut minutes = tokio::time::interval(SWEEP_EVERY);
            loop {
                minutes.tick().await;
                if let Err(error) = database.sweep_ttl() {
                    tracing::warn!(%error, "expired items could not be deleted");
                }
            }
        }))
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Our clock in the database's terms.
struct Seconds(Clock);

impl dynoxide::storage_backend::Clock for Seconds {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}
