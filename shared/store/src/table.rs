//! The verbs of the table: the only module that speaks to DynamoDB.

mod range;
mod writes;

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, update_item::UpdateItemError},
    types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use domain::Failure;
use serde::{Serialize, de::DeserializeOwned};

use crate::keys::Key;

pub(crate) use range::{Range, Start};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// How fresh a read must be. Strong reads cost twice as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Eventual,
    Strong,
}

/// One table. Clones share one client.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    client: aws_sdk_dynamodb::Client,
    name: Arc<str>,
}

/// One read of a sorted partition.
pub(crate) struct Partition<'a> {
    pub(crate) index: Option<&'static str>,
    pub(crate) pk: &'a str,
    pub(crate) newest_first: bool,
    /// Rows to read at most; all of them without.
    pub(crate) limit: Option<usize>,
}

/// One write of a transaction.
pub(crate) struct Write(TransactWriteItem);

/// A transaction's condition did not hold.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The conditions of the writes with these places in the list.
    Conditions(Vec<usize>),
    Failure(Failure),
}

/// A count, after an attempt to add to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It was added to, and is this now.
    Now(u32),
    /// It would have exceeded its ceiling, and is this still.
    Still(u32),
}

/// How often a transaction is tried that meets another one on the same item.
const CONFLICT_TRIES: u32 = 6;

impl Table {
    pub(crate) fn new(client: aws_sdk_dynamodb::Client, name: &str) -> Self {
        Self { client, name: name.into() }
    }

    // The SDK's futures are many kilobytes; boxed here, the callers' stay small.

    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key, freshness: Freshness) -> Result<Option<T>, Failure> {
        let request = self.client.get_item().table_name(&*self.name).set_key(Some(key_item(key)));
        let request = request.consistent_read(freshness == Freshness::Strong);
        let answer = Box::pin(request.send()).await.map_err(|error| Failure::unavailable("reading an item", error))?;
        answer.item.map(read).transpose()
    }

    /// Items by key, in no particular order; those that do not exist are left out.
    pub(crate) async fn get_many<T: DeserializeOwned>(
        &self,
        keys: &[Key],
        freshness: Freshness,
    ) -> Result<Vec<T>, Failure> {
        self.get_raw(keys, freshness).await?.into_iter().map(read).collect()
    }

    async fn get_raw(&self, keys: &[Key], freshness: Freshness) -> Result<Vec<Item>, Failure> {
        // As many as DynamoDB takes in one request.
        let batches = keys.chunks(100).map(|keys| self.get_batch(keys, freshness));
        Ok(futures::future::try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn get_batch(&self, keys: &[Key], freshness: Freshness) -> Result<Vec<Item>, Failure> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted: Vec<Item> = keys.iter().map(key_item).collect();
        while !wanted.is_empty() {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(freshness == Freshness::Strong)
                .build()
                .map_err(|error| Failure::broken("asking for items", error))?;
            let request = self.client.batch_get_item().request_items(&*self.name, request);
            let answer =
                Box::pin(request.send()).await.map_err(|error| Failure::unavailable("reading items", error))?;
            found.extend(answer.responses.into_iter().flat_map(HashMap::into_values).flatten());
            wanted
                .extend(answer.unprocessed_keys.into_iter().flat_map(HashMap::into_values).flat_map(|rest| rest.keys));
        }
        Ok(found)
    }

    /// Items of several kinds by key, in the order of the keys, all read at once.
    pub(crate) async fn get_together<const N: usize>(
        &self,
        keys: &[Key; N],
        freshness: Freshness,
    ) -> Result<[Option<Item>; N], Failure> {
        let mut found: Vec<Item> = self.get_raw(keys, freshness).await?;
        Ok(keys.each_ref().map(|key| {
            let wanted = key_item(key);
            let is_it = |item: &Item| item.get("pk") == wanted.get("pk") && item.get("sk") == wanted.get("sk");
            found.iter().position(is_it).map(|place| found.swap_remove(place))
        }))
    }

    pub(crate) async fn query<T: DeserializeOwned>(&self, partition: Partition<'_>) -> Result<Vec<T>, Failure> {
        self.query_after(partition, None).await
    }

    /// The rows behind the one with the sort key `after`.
    pub(crate) async fn query_after<T: DeserializeOwned>(
        &self,
        partition: Partition<'_>,
        after: Option<&str>,
    ) -> Result<Vec<T>, Failure> {
        let index = partition.index.unwrap_or_default();
        let wanted = partition.limit.unwrap_or(usize::MAX);
        let condition = match (after, partition.newest_first) {
            (None, _) => "#pk = :pk",
            (Some(_), true) => "#pk = :pk AND #sk < :after",
            (Some(_), false) => "#pk = :pk AND #sk > :after",
        };
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let left = wanted - rows.len();
            let request = self
                .client
                .query()
                .table_name(&*self.name)
                .set_index_name(partition.index.map(str::to_owned))
                .key_condition_expression(condition)
                .expression_attribute_names("#pk", format!("{index}pk"))
                .expression_attribute_values(":pk", text(partition.pk))
                .scan_index_forward(!partition.newest_first)
                .set_limit(i32::try_from(left).ok())
                .set_exclusive_start_key(start);
            let request = match after {
                Some(after) => request
                    .expression_attribute_names("#sk", format!("{index}sk"))
                    .expression_attribute_values(":after", text(after)),
                None => request,
            };
            let answer =
                Box::pin(request.send()).await.map_err(|error| Failure::unavailable("reading a list", error))?;
            for item in answer.items.unwrap_or_default() {
                rows.push(read(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() || rows.len() >= wanted {
                return Ok(rows);
            }
        }
    }

    /// Overwrites an item, whatever was there.
    pub(crate) async fn put(&self, item: Item) -> Result<(), Failure> {
        let request = self.client.put_item().table_name(&*self.name).set_item(Some(item));
        Box::pin(request.send()).await.map(drop).map_err(|error| Failure::unavailable("writing an item", error))
    }

    /// Adds to an item's `count` unless that would exceed `ceiling`, in one write. The item is made if there is none; the table
    /// deletes it some time after `ttl`. A retry of the SDK may add twice, never less.
    pub(crate) async fn count(
        &self,
        (kind, key): (&str, &Key),
        more: u32,
        ceiling: u32,
        ttl: i64,
    ) -> Result<Counted, Failure> {
        let request = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression("SET #type = :type, #ttl = :ttl ADD #count :more")
            .condition_expression("attribute_not_exists(#count) OR #count <= :room")
            .expression_attribute_names("#type", "type")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_values(":type", text(kind))
            .expression_attribute_values(":ttl", number(ttl))
            .expression_attribute_values(":more", number(more))
            .expression_attribute_values(":room", number(i64::from(ceiling) - i64::from(more)))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(request.send()).await {
            Ok(answer) => counted(answer.attributes.as_ref()).map(Counted::Now),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    counted(failed.item.as_ref()).map(Counted::Still)
                }
                _ => Err(Failure::unavailable("counting", error)),
            },
        }
    }

    /// Changes an item in place if a condition holds, and answers with what it is then; in the expression `#type` stands for
    /// the reserved word. A retry of the SDK may add twice.
    pub(crate) async fn change_if<T: DeserializeOwned>(
        &self,
        key: &Key,
        (expression, condition): (&str, &str),
        values: Vec<(String, AttributeValue)>,
    ) -> Result<Option<T>, Failure> {
        let names = expression.contains("#type").then(|| HashMap::from([("#type".to_owned(), "type".to_owned())]));
        let request = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(Some(values.into_iter().collect()))
            .return_values(ReturnValue::AllNew);
        match Box::pin(request.send()).await {
            Ok(answer) => answer.attributes.map(read).transpose(),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(Failure::unavailable("changing an item", error)),
        }
    }

    /// Removes an item if a condition holds, and answers with what it was: of several callers at most one gets it.
    pub(crate) async fn take<T: DeserializeOwned>(
        &self,
        key: &Key,
        condition: &str,
        values: Vec<(String, AttributeValue)>,
    ) -> Result<Option<T>, Failure> {
        let request = self
            .client
            .delete_item()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .condition_expression(condition)
            .set_expression_attribute_values((!values.is_empty()).then(|| values.into_iter().collect()))
            .return_values(ReturnValue::AllOld);
        match Box::pin(request.send()).await {
            Ok(answer) => answer.attributes.map(read).transpose(),
            Err(error)
                if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(Failure::unavailable("taking an item", error)),
        }
    }
}

/// The attribute that counts.
const COUNT: &str = "count";

fn counted(item: Option<&Item>) -> Result<u32, Failure> {
    let number = item.and_then(|item| item.get(COUNT)?.as_n().ok()).ok_or("the answer has no count");
    let number = number.map_err(|error| Failure::broken("counting", error))?;
    number.parse().map_err(|error| Failure::broken("counting", error))
}

/// An item of `kind` under `key`. An id that is also the sort key is stored once: it would be copied into each index,
/// and a list pays for every byte of its rows.
pub(crate) fn item(kind: &str, key: &Key, body: &impl Serialize) -> Result<Item, Failure> {
    let mut item: Item = serde_dynamo::to_item(body).map_err(|error| Failure::broken("building an item", error))?;
    item.extend(key_item(key));
    item.insert("type".to_owned(), text(kind));
    if item.get("id") == item.get("sk") {
        item.remove("id");
    }
    Ok(item)
}

/// Puts an item into an index.
pub(crate) fn index(item: &mut Item, index: &str, pk: String, sk: String) {
    item.insert(format!("{index}pk"), AttributeValue::S(pk));
    item.insert(format!("{index}sk"), AttributeValue::S(sk));
}

/// What an item holds.
pub(crate) fn read<T: DeserializeOwned>(mut item: Item) -> Result<T, Failure> {
    if let (false, Some(sk)) = (item.contains_key("id"), item.get("sk")) {
        item.insert("id".to_owned(), sk.clone());
    }
    serde_dynamo::from_item(item).map_err(|error| Failure::broken("reading an item", error))
}

fn key_item(key: &Key) -> Item {
    [("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))].into()
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
