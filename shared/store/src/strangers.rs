//! Who has access to a repository without having bought it, as far as it was written down. It is told once, and left alone:
//! a vendor has friends.

use domain::{CompanyId, Failure, GithubUserId, RepositoryId, log::LogEntry};
use serde::{Deserialize, Serialize};

use crate::{
    Store, keys,
    table::{Partition, item},
};

#[derive(Serialize, Deserialize)]
struct Stranger {
    account: GithubUserId,
}

impl Store {
    /// The strangers of a repository that were written down.
    pub async fn strangers(&self, company: CompanyId, repository: RepositoryId) -> Result<Vec<GithubUserId>, Failure> {
        let pk = keys::strangers(company, repository);
        let rows: Vec<Stranger> =
            self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await?;
        Ok(rows.into_iter().map(|row| row.account).collect())
    }

    /// Writes down that an account has access without having bought it, with the line that tells of it; `false` when that
    /// was done before.
    pub async fn note_stranger(
        &self,
        company: CompanyId,
        repository: RepositoryId,
        account: GithubUserId,
        entry: &LogEntry,
    ) -> Result<bool, Failure> {
        let row = item("stranger", &keys::stranger(company, repository, account), &Stranger { account })?;
        let mut writes = vec![self.table.put_if_absent(row)?];
        writes.extend(self.log_writes(company, entry)?);
        self.table.write_all_if(writes).await
    }

    /// Forgets a stranger who is gone: coming back is news.
    pub async fn forget_stranger(
        &self,
        company: CompanyId,
        repository: RepositoryId,
        account: GithubUserId,
    ) -> Result<(), Failure> {
        let key = keys::stranger(company, repository, account);
        self.table.write_if(self.table.delete(&key, None, Vec::new())?).await.map(drop)
    }
}
