//! Purchases.

use domain::{
    CompanyId, Failure, PurchaseId, RepositoryId,
    log::LogEntry,
    purchase::{AccessStatus, Gate, Purchase},
    tally::Tally,
};

use crate::{
    Page, PageRequest, Store, keys,
    table::{Freshness, Item, Partition, Refusal, Write, index, item},
};

/// Which purchases a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurchaseFilter {
    /// Only those of this repository.
    pub repository: Option<RepositoryId>,
    /// Only those with this access status.
    pub status: Option<AccessStatus>,
}

/// What became of a new purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It was written.
    Yes,
    /// The account has access to the repository already.
    HasAccess,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was written.
    Made,
    /// Its cause was dealt with before.
    MadeBefore,
    /// Somebody else changed it meanwhile: read again, decide again.
    Stale,
}

impl Store {
    /// Writes a purchase at its beginning, unless its buyer has access to the repository already.
    pub async fn begin_purchase(&self, company: CompanyId, purchase: &Purchase) -> Result<Begun, Failure> {
        let mut writes = vec![
            self.table.check(&keys::entitlement(&purchase.entitlement()), "attribute_not_exists(justified_by)")?,
            self.table.put_if_absent(row(company, purchase)?)?,
        ];
        writes.extend(self.add_to_tally(company, purchase.repository, Tally::of(purchase))?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(Begun::Yes),
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => Ok(Begun::HasAccess),
            Err(Refusal::Conditions(_)) => Err(Failure::broken("writing a new purchase", "its id is taken")),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// The company's purchase, as it is now.
    pub async fn purchase(&self, company: CompanyId, id: PurchaseId) -> Result<Option<Purchase>, Failure> {
        self.table.get(&keys::purchase(company, id), Freshness::Strong).await
    }

    /// The company's purchase with its log, oldest line first; both are read at once.
    pub async fn purchase_with_log(
        &self,
        company: CompanyId,
        id: PurchaseId,
    ) -> Result<(Option<Purchase>, Vec<LogEntry>), Failure> {
        futures::try_join!(self.purchase(company, id), self.log(company, id))
    }

    /// The company's purchases with these ids, as they are now.
    pub async fn purchases_by_id(
        &self,
        company: CompanyId,
        ids: impl IntoIterator<Item = PurchaseId>,
    ) -> Result<Vec<Purchase>, Failure> {
        let keys: Vec<_> = ids.into_iter().map(|id| keys::purchase(company, id)).collect();
        self.table.get_many(&keys, Freshness::Strong).await
    }

    /// Changes a purchase from `before` to `after` because of what `entry` tells: the log's line, the purchase, the
    /// entitlement it justifies and its repository's sums change together or not at all.
    pub async fn change_purchase(
        &self,
        before: &Purchase,
        after: &Purchase,
        entry: &LogEntry,
    ) -> Result<Change, Failure> {
        let company = before.company;
        let mut writes = vec![self.log_once(company, before.id, entry)?];
        if before != after {
            writes.push(self.replace_purchase(before, after)?);
            match (before.gate(), after.gate()) {
                (Gate::Open, Gate::Open) => {}
                (_, Gate::Open) => writes.push(self.justify(after)?),
                (Gate::Open, _) => writes.push(self.no_longer_justify(after)?),
                _ => {}
            }
            writes.extend(self.add_to_tally(company, before.repository, Tally::of(after) - Tally::of(before))?);
        }
        match self.table.transact(writes).await {
            Ok(()) => Ok(Change::Made),
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => Ok(Change::MadeBefore),
            Err(Refusal::Conditions(_)) => Ok(Change::Stale),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// A page of the company's purchases, newest first.
    pub async fn purchases(
        &self,
        company: CompanyId,
        filter: PurchaseFilter,
        page: PageRequest,
    ) -> Result<Page<Purchase>, Failure> {
        let statuses: &[_] = filter.status.as_ref().map_or(&AccessStatus::ALL, std::slice::from_ref);
        let partitions: Vec<(Option<&'static str>, String)> = match (filter.repository, filter.status) {
            (None, None) => vec![(None, keys::purchases(company))],
            (None, Some(status)) => vec![(Some("gsi1"), keys::purchases_with_status(company, status))],
            (Some(repository), _) => statuses
                .iter()
                .map(|status| (Some("gsi2"), keys::purchases_of_repository(company, repository, *status)))
                .collect(),
        };
        let total = self.count_purchases(company, filter).await?;
        let window = page.window(total);
        if window.read == 0 {
            return Ok(Page { rows: Vec::new(), total });
        }
        let (newest_first, limit) = (window.newest_first, Some(window.read));
        let reads = partitions
            .iter()
            .map(|(index, pk)| self.table.query::<Purchase>(Partition { index: *index, pk, newest_first, limit }));
        let found = futures::future::try_join_all(reads).await?;
        let mut rows: Vec<_> = found.into_iter().flatten().collect();
        rows.sort_by_key(|purchase| purchase.id);
        if newest_first {
            rows.reverse();
        }
        Ok(Page { rows: window.page(rows), total })
    }

    async fn count_purchases(&self, company: CompanyId, filter: PurchaseFilter) -> Result<u64, Failure> {
        let count = match filter.repository {
            Some(repository) => self.tally(company, repository).await?.with(filter.status),
            None => self.tallies(company).await?.values().map(|tally| tally.with(filter.status)).sum(),
        };
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(crate) fn replace_purchase(&self, before: &Purchase, after: &Purchase) -> Result<Write, Failure> {
        self.table.put_over(row(before.company, &Purchase { rev: before.rev + 1, ..after.clone() })?, before.rev)
    }
}

fn row(company: CompanyId, purchase: &Purchase) -> Result<Item, Failure> {
    let mut row = item("purchase", &keys::purchase(company, purchase.id), purchase)?;
    let status = purchase.access_status();
    index(&mut row, "gsi1", keys::purchases_with_status(company, status), purchase.id.to_string());
    index(
        &mut row,
        "gsi2",
        keys::purchases_of_repository(company, purchase.repository, status),
        purchase.id.to_string(),
    );
    Ok(row)
}
