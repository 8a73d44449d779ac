//! Repositories as GitHub knows them: by a number that stays when they are renamed or transferred.

use domain::{CompanyId, Failure, RepositoryId, access::Entitlement, log::LogEntry, repository::Repository};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Store, keys,
    repositories::{Guard, row},
    table::{Freshness, Partition, Refusal, Write, item, number},
};

/// A listing of a repository of GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Who sells it.
    pub company: CompanyId,
    /// As what.
    pub repository: RepositoryId,
}

/// What became of a change of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relisted {
    /// It was written.
    Yes,
    /// Somebody else changed it meanwhile: read again, decide again.
    Stale,
    /// The company lists another repository at the new place.
    PlaceTaken,
}

impl Store {
    /// The listings of a repository of GitHub, of whatever companies: GitHub knows nothing of them.
    pub async fn listings_of_github(&self, github_id: u64) -> Result<Vec<Listing>, Failure> {
        let pk = keys::listings_of_github(github_id);
        self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await
    }

    /// The repository of a listing, as it is now.
    pub async fn listed(&self, listing: Listing) -> Result<Option<Repository>, Failure> {
        self.table.get(&keys::repository(listing.company, listing.repository), Freshness::Strong).await
    }

    /// Changes a repository because GitHub told of it, with the line that tells of it. The guard of its place on GitHub moves
    /// along, and so do the counts of what is for sale.
    pub async fn relist(&self, before: &Repository, after: &Repository, entry: &LogEntry) -> Result<Relisted, Failure> {
        let company = before.company;
        let row = row(&Repository { rev: before.rev + 1, ..after.clone() })?;
        let mut writes = vec![self.table.put_over(row, before.rev)?];
        let (old, new) = (keys::github_guard(company, &before.github), keys::github_guard(company, &after.github));
        if old != new {
            writes.push(self.table.put_if_absent(item("guard", &new, &Guard {})?)?);
            writes.push(self.table.delete(&old, None, Vec::new())?);
        }
        writes.extend(self.count_active(before, after)?);
        writes.extend(self.log_writes(company, entry)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(Relisted::Yes),
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => Ok(Relisted::Stale),
            Err(Refusal::Conditions(_)) => Ok(Relisted::PlaceTaken),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    pub(crate) fn count_active(&self, before: &Repository, after: &Repository) -> Result<Option<Write>, Failure> {
        if before.active == after.active {
            return Ok(None);
        }
        let (more, less) = if after.active { (1, -1) } else { (-1, 1) };
        let values = vec![(":active".to_owned(), number(more)), (":inactive".to_owned(), number(less))];
        let expression = "ADD repositories_active :active, repositories_inactive :inactive";
        self.table.update(&keys::company(before.company), expression, values, None).map(Some)
    }

    /// Changes an entitlement, but nothing of what it grants.
    pub async fn change_entitlement(&self, before: &Entitlement, after: &Entitlement) -> Result<Change, Failure> {
        Ok(self.table.write_if(self.replace_entitlement(before, after)?).await?.into())
    }
}
