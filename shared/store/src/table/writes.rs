//! Writes that belong together: all of them, or none.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem, Update},
};
use domain::Failure;

use super::{CONFLICT_TRIES, Item, Refusal, Table, Write, key_item, number};
use crate::keys::Key;

impl Table {
    /// All of the writes, or none. A retry of the SDK carries the same token, so it takes effect once.
    pub(crate) async fn transact(&self, writes: Vec<Write>) -> Result<(), Refusal> {
        let items: Vec<_> = writes.into_iter().map(|write| write.0).collect();
        let mut tries = 1;
        loop {
            let request = self.client.transact_write_items().set_transact_items(Some(items.clone()));
            let Err(error) = Box::pin(request.send()).await else { return Ok(()) };
            match verdict(&error) {
                Some(failed) if !failed.is_empty() => return Err(Refusal::Conditions(failed)),
                Some(_) if tries < CONFLICT_TRIES => {
                    tokio::time::sleep(Duration::from_millis(10 << tries)).await;
                    tries += 1;
                }
                _ => return Err(Refusal::Failure(Failure::unavailable("writing a transaction", error))),
            }
        }
    }

    /// All of the writes if all of their conditions hold; answers with whether they did.
    pub(crate) async fn write_all_if(&self, writes: Vec<Write>) -> Result<bool, Failure> {
        match self.transact(writes).await {
            Ok(()) => Ok(true),
            Err(Refusal::Conditions(_)) => Ok(false),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// The same of one write.
    pub(crate) async fn write_if(&self, write: Write) -> Result<bool, Failure> {
        self.write_all_if(vec![write]).await
    }

    pub(crate) fn put_if_absent(&self, item: Item) -> Result<Write, Failure> {
        self.put_if(item, Some("attribute_not_exists(pk)"), None)
    }

    /// Writes an item, whatever was there.
    pub(crate) fn put_in(&self, item: Item) -> Result<Write, Failure> {
        self.put_if(item, None, None)
    }

    /// Writes an item over the state that has `rev`, which the item's own must exceed.
    pub(crate) fn put_over(&self, item: Item, rev: u64) -> Result<Write, Failure> {
        self.put_if(item, Some("rev = :rev"), Some((":rev", number(rev))))
    }

    /// Writes an item for the first time when `rev` is 0, else over the state that has it.
    pub(crate) fn put_next(&self, item: Item, rev: u64) -> Result<Write, Failure> {
        if rev == 0 { self.put_if_absent(item) } else { self.put_over(item, rev) }
    }

    /// Writes an item if a condition holds on what it finds there, in which `#number` stands for the reserved word.
    pub(crate) fn put_if(
        &self,
        item: Item,
        condition: Option<&str>,
        value: Option<(&str, AttributeValue)>,
    ) -> Result<Write, Failure> {
        let mut put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned));
        if condition.is_some_and(|condition| condition.contains("#number")) {
            put = put.expression_attribute_names("#number", "number");
        }
        if let Some((name, value)) = value {
            put = put.expression_attribute_values(name, value);
        }
        let put = put.build().map_err(|error| Failure::broken("building a write", error))?;
        Ok(Write(TransactWriteItem::builder().put(put).build()))
    }

    /// Changes an item in place with an update expression, in which `#type`, `#ttl` and `#session` stand for the reserved words.
    pub(crate) fn update(
        &self,
        key: &Key,
        expression: &str,
        values: Vec<(String, AttributeValue)>,
        condition: Option<&str>,
    ) -> Result<Write, Failure> {
        let reserved = ["#type", "#ttl", "#session"].into_iter().filter(|name| expression.contains(name));
        let names: HashMap<_, _> = reserved.map(|name| (name.to_owned(), name[1..].to_owned())).collect();
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .update_expression(expression)
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values((!values.is_empty()).then(|| values.into_iter().collect()))
            .build()
            .map_err(|error| Failure::broken("building a write", error))?;
        Ok(Write(TransactWriteItem::builder().update(update).build()))
    }

    /// Removes an item if a condition holds.
    pub(crate) fn delete(
        &self,
        key: &Key,
        condition: Option<&str>,
        values: Vec<(String, AttributeValue)>,
    ) -> Result<Write, Failure> {
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_values((!values.is_empty()).then(|| values.into_iter().collect()))
            .build()
            .map_err(|error| Failure::broken("building a write", error))?;
        Ok(Write(TransactWriteItem::builder().delete(delete).build()))
    }

    /// Lets a transaction succeed only if there is no such item.
    pub(crate) fn check_absent(&self, key: &Key) -> Result<Write, Failure> {
        self.check(key, "attribute_not_exists(pk)", HashMap::new(), Vec::new())
    }

    /// Lets a transaction succeed only if there is such an item.
    pub(crate) fn check_present(&self, key: &Key) -> Result<Write, Failure> {
        self.check(key, "attribute_exists(pk)", HashMap::new(), Vec::new())
    }

    /// Lets a transaction succeed only if an item that it does not write still has `rev`.
    pub(crate) fn check_rev(&self, key: &Key, rev: u64) -> Result<Write, Failure> {
        self.check(key, "rev = :rev", HashMap::new(), vec![(":rev".to_owned(), number(rev))])
    }

    /// Lets a transaction succeed only if a condition holds for an item that it does not write.
    pub(crate) fn check(
        &self,
        key: &Key,
        condition: &str,
        names: HashMap<String, String>,
        values: Vec<(String, AttributeValue)>,
    ) -> Result<Write, Failure> {
        let check = ConditionCheck::builder()
            .table_name(&*self.name)
            .set_key(Some(key_item(key)))
            .condition_expression(condition)
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values((!values.is_empty()).then(|| values.into_iter().collect()))
            .build()
            .map_err(|error| Failure::broken("building a write", error))?;
        Ok(Write(TransactWriteItem::builder().condition_check(check).build()))
    }
}

/// The places of the conditions that failed; empty when it only met another transaction; `None` when it is another error.
fn verdict(error: &SdkError<TransactWriteItemsError>) -> Option<Vec<usize>> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            let code = |reason: &CancellationReason| reason.code().unwrap_or_default().to_owned();
            let codes: Vec<_> = canceled.cancellation_reasons().iter().map(code).collect();
            let failed = codes
                .iter()
                .enumerate()
                .filter(|(_, code)| *code == "ConditionalCheckFailed")
                .map(|(place, _)| place)
                .collect();
            let passing =
                |code: &String| matches!(code.as_str(), "None" | "" | "ConditionalCheckFailed" | "TransactionConflict");
            codes.iter().all(passing).then_some(failed)
        }
        TransactWriteItemsError::TransactionInProgressException(_) => Some(Vec::new()),
        _ => None,
    }
}
