//! The invitations of a repository: how many were sent within a day, and who waits.

use domain::{
    CompanyId, Failure, GithubUserId, RepositoryId,
    access::Entitlement,
    invitations::{Budget, Place},
};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Store, keys,
    table::{Freshness, Partition, Refusal, Write, item},
};

/// So many of those who wait are looked at: twenty days' worth. Who is further behind is told the time of the last of them,
/// and another one when that has come.
const LONGEST_QUEUE: usize = 1000;

/// Somebody who waits for an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The place in the queue.
    #[serde(flatten)]
    pub place: Place,
    /// Who.
    pub account: GithubUserId,
}

/// What became of an invitation that was to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It was.
    Made,
    /// Others were counted meanwhile: look whose turn it is.
    BudgetStale,
    /// What is desired may have changed meanwhile: read again, decide again.
    EntitlementStale,
}

impl Store {
    /// The invitations of the last day, and those who wait, in the order of payment.
    pub async fn invitations(
        &self,
        company: CompanyId,
        repository: RepositoryId,
    ) -> Result<(Budget, Vec<Waiting>), Failure> {
        let pk = keys::waiting_list(company, repository);
        let partition = Partition { index: None, pk: &pk, newest_first: false, limit: Some(LONGEST_QUEUE) };
        futures::try_join!(self.budget(company, repository), self.table.query(partition))
    }

    /// The invitations of the last day.
    pub async fn budget(&self, company: CompanyId, repository: RepositoryId) -> Result<Budget, Failure> {
        let budget = self.table.get(&keys::invitations(company, repository), Freshness::Strong).await?;
        Ok(budget.unwrap_or_default())
    }

    /// Counts an invitation before it is sent, and writes down for whom.
    pub async fn count_invitation(
        &self,
        (before, after): (&Entitlement, &Entitlement),
        budget: (&Budget, &Budget),
    ) -> Result<Counted, Failure> {
        let key = before.key;
        let mut writes =
            vec![self.replace_budget(key.company, key.repository, budget)?, self.replace_entitlement(before, after)?];
        writes.extend(self.move_in_queue(before, after)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(Counted::Made),
            Err(Refusal::Conditions(failed)) if failed.contains(&1) => Ok(Counted::EntitlementStale),
            Err(Refusal::Conditions(_)) => Ok(Counted::BudgetStale),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// Changes a repository's budget alone.
    pub async fn change_budget(
        &self,
        company: CompanyId,
        repository: RepositoryId,
        before: &Budget,
        after: &Budget,
    ) -> Result<Change, Failure> {
        Ok(self.table.write_if(self.replace_budget(company, repository, (before, after))?).await?.into())
    }

    fn replace_budget(
        &self,
        company: CompanyId,
        repository: RepositoryId,
        (before, after): (&Budget, &Budget),
    ) -> Result<Write, Failure> {
        let mut after = after.clone();
        after.rev = before.rev + 1;
        let row = item("invitations", &keys::invitations(company, repository), &after)?;
        self.table.put_next(row, before.rev)
    }

    /// Brings the queue in line with an entitlement that is written in the same transaction.
    pub(crate) fn move_in_queue(&self, before: &Entitlement, after: &Entitlement) -> Result<Vec<Write>, Failure> {
        let mut writes = Vec::new();
        if before.waiting == after.waiting {
            return Ok(writes);
        }
        let key = before.key;
        if let Some(place) = &before.waiting {
            writes.push(self.table.delete(&keys::waiting(&key, place), None, Vec::new())?);
        }
        if let Some(place) = after.waiting {
            let row = Waiting { place, account: key.account };
            writes.push(self.table.put_if_absent(item("waiting", &keys::waiting(&key, &place), &row)?)?);
        }
        Ok(writes)
    }
}
