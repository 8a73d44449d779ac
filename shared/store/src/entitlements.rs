//! Entitlements: who should have access, and who has.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Failure,
    access::{AccessProblem, Entitlement, EntitlementKey, Observed},
    log::LogEntry,
    purchase::Purchase,
    tally::Tally,
};

use crate::{
    Change, Store, keys,
    table::{Freshness, Refusal, Write, number, text},
};

impl Store {
    /// One account's right to one repository, as it is now.
    pub async fn entitlement(&self, key: &EntitlementKey) -> Result<Option<Entitlement>, Failure> {
        self.table.get(&keys::entitlement(key), Freshness::Strong).await
    }

    /// Writes what GitHub was seen to grant, or why it does not, onto the entitlement and the purchases behind it,
    /// with a line in the log of each purchase that changed by it.
    pub async fn record_access(
        &self,
        entitlement: &Entitlement,
        (observed, problem): (Observed, Option<&AccessProblem>),
        purchases: &[(Purchase, Purchase)],
        entry: &LogEntry,
    ) -> Result<Change, Failure> {
        let company = entitlement.key.company;
        let mut writes = vec![self.observe(entitlement, observed, problem)?];
        let mut difference = Tally::default();
        for (before, after) in purchases.iter().filter(|(before, after)| before != after) {
            writes.push(self.replace_purchase(before, after)?);
            if entitlement.concerns(before.id) {
                writes.push(self.log_once(company, before.id, entry)?);
            }
            difference = difference + (Tally::of(after) - Tally::of(before));
        }
        writes.extend(self.add_to_tally(company, entitlement.key.repository, difference)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(Change::Made),
            Err(Refusal::Conditions(_)) => Ok(Change::Stale),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// The purchase justifies its entitlement from now on. Nothing has to be read for it.
    pub(crate) fn justify(&self, purchase: &Purchase) -> Result<Write, Failure> {
        let key = purchase.entitlement();
        let values = vec![
            (":type", text("entitlement")),
            (":company", number(key.company.0)),
            (":repository", text(key.repository.to_string())),
            (":account", number(key.account.0)),
            (":github", attribute(&purchase.github)?),
            (":purchase", AttributeValue::Ss(vec![purchase.id.to_string()])),
            (":one", number(1)),
        ];
        let expression = "SET #type = :type, company = :company, repository = :repository, account = :account, \
                          github = if_not_exists(github, :github) ADD purchases :purchase, justified_by :purchase, rev :one";
        self.table.update(&keys::entitlement(&key), expression, owned(values), None)
    }

    /// The purchase no longer justifies its entitlement.
    pub(crate) fn no_longer_justify(&self, purchase: &Purchase) -> Result<Write, Failure> {
        let values = vec![(":purchase", AttributeValue::Ss(vec![purchase.id.to_string()])), (":one", number(1))];
        self.table.update(
            &keys::entitlement(&purchase.entitlement()),
            "DELETE justified_by :purchase ADD rev :one",
            owned(values),
            None,
        )
    }

    fn observe(
        &self,
        entitlement: &Entitlement,
        observed: Observed,
        problem: Option<&AccessProblem>,
    ) -> Result<Write, Failure> {
        let mut values =
            vec![(":observed", attribute(&observed)?), (":rev", number(entitlement.rev)), (":one", number(1))];
        let expression = match problem {
            Some(problem) => {
                values.push((":problem", attribute(problem)?));
                "SET observed = :observed, problem = :problem ADD rev :one"
            }
            None => "SET observed = :observed REMOVE problem ADD rev :one",
        };
        self.table.update(&keys::entitlement(&entitlement.key), expression, owned(values), Some("rev = :rev"))
    }
}

fn attribute(value: &impl serde::Serialize) -> Result<AttributeValue, Failure> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Failure::broken("building an item", error))
}

fn owned(values: Vec<(&str, AttributeValue)>) -> Vec<(String, AttributeValue)> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
