//! Purchases.

use domain::{
    CompanyId, Failure, PurchaseId, RepositoryId,
    access::Entitlement,
    log::LogEntry,
    paging::PageRequest,
    purchase::{AccessStatus, Purchase},
    tally::Tally,
};

use crate::{
    Found, Store,
    keys::{self, List},
    lists::Source,
    table::{Freshness, Item, Partition, Refusal, Write, index, item, number, text},
    tallies::Added,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It was written.
    Yes,
    /// The account has other purchases of the repository: look at them first, then say which was the latest.
    HasOthers(Box<Entitlement>),
}

/// What became of a purchase that was to be another account's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It is.
    Made,
    /// Somebody else changed it meanwhile: read again, decide again.
    Stale,
    /// The account has other purchases of the repository: look at them first, then say which was the latest.
    HasOthers(Box<Entitlement>),
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was written.
    Made,
    /// Somebody else changed it meanwhile: read again, decide again.
    Stale,
}

impl From<bool> for Change {
    /// Whether the write's conditions held.
    fn from(held: bool) -> Self {
        if held { Self::Made } else { Self::Stale }
    }
}

impl Store {
    /// Writes a purchase at its beginning, and its account's entitlement, which opens nothing yet. `latest` is the newest
    /// purchase of the same account and repository that the caller has looked at: another one in between is not overlooked.
    pub async fn begin_purchase(
        &self,
        purchase: &Purchase,
        latest: Option<PurchaseId>,
        github_id: Option<u64>,
        entry: &LogEntry,
    ) -> Result<Begun, Failure> {
        let company = purchase.company;
        let mut writes = vec![
            self.begin_entitlement(purchase, latest, github_id)?,
            self.table.put_if_absent(row(company, purchase)?)?,
            self.log_line(company, entry)?,
        ];
        let added = Added::default().line(entry).change(None, purchase);
        writes.extend(self.add_sums(company, Some(purchase.repository), entry.created_at, &added)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(Begun::Yes),
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => {
                let others = self.entitlement(&purchase.entitlement()).await?;
                let missing = || Failure::broken("writing a new purchase", "its entitlement is there and is not");
                others.map(|others| Begun::HasOthers(Box::new(others))).ok_or_else(missing)
            }
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

    /// Changes a purchase from `before` to `after`, with the lines that tell of it: the purchase, the log and the
    /// repository's sums change together or not at all.
    pub async fn change_purchase(
        &self,
        before: &Purchase,
        after: &Purchase,
        entries: &[LogEntry],
    ) -> Result<Change, Failure> {
        let (company, repository) = (before.company, before.repository);
        let mut writes = vec![self.replace_purchase(before, after)?];
        let mut added = Added::default().change(Some(before), after);
        for entry in entries {
            writes.push(self.log_line(company, entry)?);
            added = added.line(entry);
        }
        writes.extend(self.replace_failed_payment(before, after)?);
        let Some(now) = entries.first().map(|entry| entry.created_at) else {
            return Err(Failure::broken("changing a purchase", "no line of the log tells of it"));
        };
        writes.extend(self.add_sums(company, Some(repository), now, &added)?);
        Ok(self.table.write_all_if(writes).await?.into())
    }

    /// Notes Stripe's id of the session of a purchase's attempt; nothing when that was settled, followed by another or heard
    /// to have expired meanwhile. No line tells of it: it changes nothing that anybody decided or sees.
    pub async fn note_session(&self, purchase: &Purchase, id: &str) -> Result<(), Failure> {
        let attempt = purchase.session.as_ref().map_or(0, |session| session.attempt);
        let values = vec![
            (":id".to_owned(), text(id)),
            (":attempt".to_owned(), number(attempt)),
            (":one".to_owned(), number(1)),
        ];
        let (key, update) = (keys::purchase(purchase.company, purchase.id), "SET #session.id = :id ADD rev :one");
        let condition = "#session.attempt = :attempt \
                         AND (attribute_not_exists(facts.expired_session) OR facts.expired_session <> :id)";
        let write = self.table.update(&key, update, values, Some(condition))?;
        self.table.write_if(write).await.map(drop)
    }

    /// Makes a purchase another account's, as [`Store::begin_purchase`] makes a new one an account's. The entitlement of the
    /// account before keeps it in its list.
    pub async fn move_purchase(
        &self,
        before: &Purchase,
        after: &Purchase,
        latest: Option<PurchaseId>,
        entry: &LogEntry,
    ) -> Result<Moved, Failure> {
        let company = before.company;
        let mut writes = vec![
            self.begin_entitlement(after, latest, None)?,
            self.replace_purchase(before, after)?,
            self.log_line(company, entry)?,
        ];
        let added = Added::default().line(entry).change(Some(before), after);
        writes.extend(self.add_sums(company, Some(before.repository), entry.created_at, &added)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(Moved::Made),
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => {
                let others = self.entitlement(&after.entitlement()).await?;
                Ok(others.map_or(Moved::Stale, |others| Moved::HasOthers(Box::new(others))))
            }
            Err(Refusal::Conditions(_)) => Ok(Moved::Stale),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// A page of the company's purchases, newest first.
    pub async fn purchases(
        &self,
        company: CompanyId,
        filter: PurchaseFilter,
        page: &PageRequest,
    ) -> Result<Found<Purchase>, Failure> {
        let tally = match filter.repository {
            Some(repository) => self.sums(company, repository).await?.tally,
            None => self.all_sums(company).await?.values().fold(Tally::default(), |all, sums| all + sums.tally),
        };
        let source = |index, pk, status| {
            let rows = u64::try_from(tally.with(status)).unwrap_or(0);
            Source { index, pk, rows }
        };
        let statuses: &[_] = filter.status.as_ref().map_or(&AccessStatus::ALL, std::slice::from_ref);
        let of_repository = |repository| {
            let pk = |status| keys::purchases_of_repository(company, repository, status);
            statuses.iter().map(move |status| source(Some("gsi2"), pk(*status), Some(*status))).collect()
        };
        let sources: Vec<Source> = match (filter.repository, filter.status) {
            (None, None) => vec![source(None, keys::purchases(company), None)],
            (None, Some(status)) => {
                vec![source(Some("gsi1"), keys::purchases_with_status(company, status), Some(status))]
            }
            (Some(repository), _) => of_repository(repository),
        };
        let id = |purchase: &Purchase| purchase.id.to_string();
        if let ([all], true) = (&sources[..], filter == PurchaseFilter::default())
            && let Some(found) = self.page_by_directory(company, List::Purchases, all.rows, page, id).await?
        {
            return Ok(Ok(found));
        }
        self.page_of(&sources, page, id).await
    }

    /// The newest purchases that were paid or cost nothing. Those without access as yet are looked for among the newest
    /// checkouts only: a purchase is without access for a moment, a checkout that is never paid for ever.
    pub async fn recent_sales(&self, company: CompanyId, limit: usize) -> Result<Vec<Purchase>, Failure> {
        let reads = AccessStatus::ALL.map(|status| async move {
            let pk = keys::purchases_with_status(company, status);
            let partition = Partition { index: Some("gsi1"), pk: &pk, newest_first: true, limit: Some(limit) };
            self.table.query::<Purchase>(partition).await
        });
        let found = futures::future::try_join_all(reads).await?;
        let mut sales: Vec<_> = found.into_iter().flatten().filter(|purchase| purchase.facts.is_settled()).collect();
        sales.sort_by_key(|purchase| std::cmp::Reverse(purchase.id));
        sales.truncate(limit);
        Ok(sales)
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
