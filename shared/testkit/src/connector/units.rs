//! The units of a `DynamoDB` request: which items it touches, looked up in the embedded database, and
//! [`store::meter`]'s rules.

use std::{collections::HashSet, fmt};

use serde_json::{Map, Value, json};
use store::meter::{self, Atomicity, Consistency, Index, Item, Projection};

use crate::embedded::{Database, describe, request};

/// Works out units with the help of the database that serves the requests.
#[derive(Clone)]
pub(super) struct Units {
    database: Database,
}

impl fmt::Debug for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Units")
    }
}

/// A request under way: what it may write, as it was before.
#[derive(Debug)]
pub(super) struct Pending {
    operation: String,
    body: Value,
    before: Vec<Write>,
}

/// An item a request may write.
#[derive(Debug)]
struct Write {
    table: String,
    key: Value,
    before: Option<Item>,
    /// What a put would store, which is charged even if its condition fails.
    put: Option<Item>,
}

/// How a request ended, as far as it matters for its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// A condition was not met, alone or in a transaction: the table's units are spent all the same.
    ConditionFailed,
    /// Refused; nothing is charged.
    Refused,
}

impl Units {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Looks at what a request is about to write. To be called before it is sent.
    pub(super) fn prepare(&self, operation: &str, body: Value) -> Pending {
        let before = self.writes(operation, &body);
        Pending { operation: operation.to_owned(), body, before }
    }

    /// Read and write units of a request that has ended.
    pub(super) fn of(&self, pending: &Pending, outcome: Outcome) -> (f64, f64) {
        if outcome == Outcome::Refused {
            return (0.0, 0.0);
        }
        let body = &pending.body;
        let consistency = if body["ConsistentRead"] == true { Consistency::Strong } else { Consistency::Eventual };
        match pending.operation.as_str() {
            "GetItem" => {
                let item = self.item(text(&body["TableName"]), &body["Key"]);
                (meter::batch_read_units([item.as_ref()], consistency), 0.0)
            }
            "BatchGetItem" => (self.batch_get(body), 0.0),
            "TransactGetItems" => (self.transact_get(body), 0.0),
            "Query" => (self.query(body, consistency), 0.0),
            "TransactWriteItems" => (0.0, self.written(&pending.before, Atomicity::Transaction, outcome)),
            _ => (0.0, self.written(&pending.before, Atomicity::Single, outcome)),
        }
    }

    fn written(&self, writes: &[Write], atomicity: Atomicity, outcome: Outcome) -> f64 {
        let units = |write: &Write| {
            if outcome == Outcome::ConditionFailed {
                return meter::base_write_units(write.before.as_ref(), write.put.as_ref(), atomicity);
            }
            let after = self.item(&write.table, &write.key);
            self.table(&write.table).write_units(write.before.as_ref(), after.as_ref(), atomicity)
        };
        writes.iter().map(units).sum()
    }

    fn writes(&self, operation: &str, body: &Value) -> Vec<Write> {
        match operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => vec![self.write(body)],
            "TransactWriteItems" => {
                let actions = body["TransactItems"].as_array().into_iter().flatten();
                // Each action is `{"Put": {…}}`, `{"Update": {…}}`, `{"Delete": {…}}` or `{"ConditionCheck": {…}}`.
                actions.filter_map(Value::as_object).flat_map(Map::values).map(|action| self.write(action)).collect()
            }
            "BatchWriteItem" => {
                let tables = body["RequestItems"].as_object().into_iter().flatten();
                let entries = tables.flat_map(|(table, entries)| {
                    entries.as_array().into_iter().flatten().map(move |entry| (table, entry))
                });
                let actions = entries.flat_map(|(table, entry)| {
                    entry.as_object().into_iter().flat_map(Map::values).map(move |action| (table, action))
                });
                actions
                    .map(|(table, action)| {
                        let mut action = action.clone();
                        action["TableName"] = json!(table);
                        self.write(&action)
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn write(&self, action: &Value) -> Write {
        let table = text(&action["TableName"]).to_owned();
        let put = action["Item"].as_object().cloned();
        let key = match &put {
            Some(item) => {
                let keys = self.table(&table).keys;
                keys.into_iter().filter_map(|key| Some((key.clone(), item.get(&key)?.clone()))).collect::<Item>().into()
            }
            None => action["Key"].clone(),
        };
        let before = self.item(&table, &key);
        Write { table, key, before, put }
    }

    fn batch_get(&self, body: &Value) -> f64 {
        let tables = body["RequestItems"].as_object().into_iter().flatten();
        tables
            .map(|(table, wanted)| {
                let strong = wanted["ConsistentRead"] == true;
                let consistency = if strong { Consistency::Strong } else { Consistency::Eventual };
                let keys = wanted["Keys"].as_array().into_iter().flatten();
                let items: Vec<Option<Item>> = keys.map(|key| self.item(table, key)).collect();
                meter::batch_read_units(items.iter().map(Option::as_ref), consistency)
            })
            .sum()
    }

    fn transact_get(&self, body: &Value) -> f64 {
        let gets = body["TransactItems"].as_array().into_iter().flatten().map(|entry| &entry["Get"]);
        let items: Vec<Option<Item>> = gets.map(|get| self.item(text(&get["TableName"]), &get["Key"])).collect();
        meter::batch_read_units(items.iter().map(Option::as_ref), Consistency::Transactional)
    }

    /// Asks the same again without what only hides items: the filter and the projection.
    fn query(&self, body: &Value, consistency: Consistency) -> f64 {
        let mut bare = body.clone();
        if let Some(bare) = bare.as_object_mut() {
            for hiding in ["FilterExpression", "ProjectionExpression", "Select", "ReturnConsumedCapacity"] {
                bare.remove(hiding);
            }
            let condition = text(&body["KeyConditionExpression"]);
            for (names, prefix) in [("ExpressionAttributeNames", '#'), ("ExpressionAttributeValues", ':')] {
                keep_used(bare, names, prefix, condition);
            }
        }
        let found = request(bare).ok().and_then(|bare| self.database.query(bare).ok());
        let answer = found.and_then(|found| serde_json::to_value(found).ok()).unwrap_or_default();
        let items = answer["Items"].as_array().into_iter().flatten().filter_map(Value::as_object);
        meter::query_read_units(items, consistency)
    }

    fn item(&self, table: &str, key: &Value) -> Option<Item> {
        let get = request(json!({"TableName": table, "Key": key, "ConsistentRead": true})).ok()?;
        let found = self.database.get_item(get).ok()?.item?;
        serde_json::to_value(found).ok()?.as_object().cloned()
    }

    fn table(&self, name: &str) -> meter::Table {
        let description = describe(&self.database, name).unwrap_or_default();
        let indexes = description["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        meter::Table { keys: key_names(&description["KeySchema"]), indexes: indexes.map(index).collect() }
    }
}

fn index(description: &Value) -> Index {
    let projection = &description["Projection"];
    Index {
        name: text(&description["IndexName"]).to_owned(),
        keys: key_names(&description["KeySchema"]),
        projection: match text(&projection["ProjectionType"]) {
            "KEYS_ONLY" => Projection::KeysOnly,
            "INCLUDE" => {
                let names = projection["NonKeyAttributes"].as_array().into_iter().flatten();
                Projection::Include(names.map(|name| text(name).to_owned()).collect())
            }
            _ => Projection::All,
        },
    }
}

fn key_names(schema: &Value) -> Vec<String> {
    schema.as_array().into_iter().flatten().map(|key| text(&key["AttributeName"]).to_owned()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Drops the names or values an expression does not use: `DynamoDB` refuses unused ones.
fn keep_used(request: &mut Map<String, Value>, names: &str, prefix: char, expression: &str) {
    let used: HashSet<&str> = expression
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '#' || c == ':'))
        .filter(|token| token.starts_with(prefix))
        .collect();
    if let Some(map) = request.get_mut(names).and_then(Value::as_object_mut) {
        map.retain(|name, _| used.contains(name.as_str()));
        if map.is_empty() {
            request.remove(names);
        }
    }
}
