//! Entitlements: who should have access, and who has.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Failure, PurchaseId, Timestamp,
    access::{Entitlement, EntitlementKey, Observed},
    log::LogEntry,
    purchase::Purchase,
};

use crate::{
    Change, Store, keys,
    table::{Freshness, Partition, Write, index, item, number, text},
    tallies::Added,
};

/// What came of a look at GitHub.
#[derive(Debug)]
pub struct AccessRecord<'a> {
    /// The entitlement as it was read.
    pub before: &'a Entitlement,
    /// The entitlement as it is to be.
    pub after: &'a Entitlement,
    /// Its purchases: as they were read, and as they are to be.
    pub purchases: &'a [(Purchase, Purchase)],
    /// The lines that tell of it.
    pub entries: &'a [LogEntry],
}

impl Store {
    /// One account's right to one repository, as it is now.
    pub async fn entitlement(&self, key: &EntitlementKey) -> Result<Option<Entitlement>, Failure> {
        self.table.get(&keys::entitlement(key), Freshness::Strong).await
    }

    /// Writes what came of a look at GitHub onto the entitlement and the purchases behind it, with the lines that tell of
    /// it. A purchase that does not change must not have changed either: what was desired followed from it.
    pub async fn record_access(&self, record: &AccessRecord<'_>) -> Result<Change, Failure> {
        let key = record.before.key;
        let mut writes = vec![self.replace_entitlement(record.before, record.after)?];
        writes.extend(self.move_in_queue(record.before, record.after)?);
        let mut added = Added::default();
        for (before, after) in record.purchases {
            if before == after {
                writes.push(self.table.check_rev(&keys::purchase(key.company, before.id), before.rev)?);
            } else {
                writes.push(self.replace_purchase(before, after)?);
                added = added.change(Some(before), after);
            }
        }
        for entry in record.entries {
            writes.push(self.log_line(key.company, entry)?);
            added = added.line(entry);
        }
        if let Some(now) = record.entries.first().map(|entry| entry.created_at) {
            writes.extend(self.add_sums(key.company, Some(key.repository), now, &added)?);
        }
        Ok(self.table.write_all_if(writes).await?.into())
    }

    /// The entitlements that are due when it is `now`, of all companies, those that wait longest first.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Entitlement>, Failure> {
        let pk = keys::due_list();
        let rows: Vec<Entitlement> = self
            .table
            .query(Partition { index: Some("gsi1"), pk: &pk, newest_first: false, limit: Some(limit) })
            .await?;
        Ok(rows.into_iter().filter(|row| row.due_at.is_some_and(|at| at <= now)).collect())
    }

    /// A new purchase joins its entitlement. `latest` is the newest one that is known to be there.
    pub(crate) fn begin_entitlement(
        &self,
        purchase: &Purchase,
        latest: Option<PurchaseId>,
        github_id: Option<u64>,
    ) -> Result<Write, Failure> {
        let key = purchase.entitlement();
        let mut values = vec![
            (":type", text("entitlement")),
            (":company", number(key.company.0)),
            (":repository", text(key.repository.to_string())),
            (":account", number(key.account.0)),
            (":github", attribute(&purchase.github)?),
            (":purchase", text(purchase.id.to_string())),
            (":purchases", AttributeValue::Ss(vec![purchase.id.to_string()])),
            (":nothing", attribute(&Observed::Nothing)?),
            (":one", number(1)),
        ];
        let mut set = "SET #type = :type, company = :company, repository = :repository, account = :account, \
                       github = if_not_exists(github, :github), observed = if_not_exists(observed, :nothing), \
                       latest = :purchase"
            .to_owned();
        if let Some(id) = github_id {
            values.push((":id", number(id)));
            set.push_str(", github_id = if_not_exists(github_id, :id)");
        }
        let condition = match latest {
            None => "attribute_not_exists(latest)",
            Some(latest) => {
                values.push((":latest", text(latest.to_string())));
                "latest = :latest"
            }
        };
        let expression = format!("{set} ADD purchases :purchases, rev :one");
        self.table.update(&keys::entitlement(&key), &expression, owned(values), Some(condition))
    }

    pub(crate) fn replace_entitlement(&self, before: &Entitlement, after: &Entitlement) -> Result<Write, Failure> {
        let after = Entitlement { rev: before.rev + 1, ..after.clone() };
        let mut row = item("entitlement", &keys::entitlement(&after.key), &after)?;
        // A set of texts, to which a new purchase can be added without reading the item.
        row.insert(
            "purchases".to_owned(),
            AttributeValue::Ss(after.purchases.iter().map(ToString::to_string).collect()),
        );
        if let Some(at) = after.due_at {
            let due = keys::due(at, &after.key);
            index(&mut row, "gsi1", due.pk, due.sk);
        }
        self.table.put_over(row, before.rev)
    }
}

fn attribute(value: &impl serde::Serialize) -> Result<AttributeValue, Failure> {
    serde_dynamo::to_attribute_value(value).map_err(|error| Failure::broken("building an item", error))
}

fn owned(values: Vec<(&str, AttributeValue)>) -> Vec<(String, AttributeValue)> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
