//! Lists as the repairs walk along them: a part at a time, from where the last run ended.

use domain::{
    CompanyId, Failure, PurchaseId, RepositoryId,
    access::Entitlement,
    purchase::{AccessStatus, Purchase},
    repository::Repository,
};

use crate::{
    Store, keys,
    table::{Freshness, Partition, Range, Start},
};

impl Store {
    /// A company's purchases with an access status, oldest first: at most `limit` of those after `after` and up to `upto`.
    pub async fn purchases_between(
        &self,
        company: CompanyId,
        status: AccessStatus,
        (after, upto): (Option<PurchaseId>, Option<PurchaseId>),
        limit: usize,
    ) -> Result<Vec<Purchase>, Failure> {
        let pk = keys::purchases_with_status(company, status);
        let (after, upto) = (after.map(|id| id.to_string()), upto.map(|id| id.to_string()));
        let range = Range {
            index: Some("gsi1"),
            pk: &pk,
            from: Start::after(after.as_deref()),
            upto: upto.as_deref(),
            limit,
            freshness: Freshness::Eventual,
        };
        self.table.range(range).await
    }

    /// A repository's purchases with an access status, oldest first, at most `limit`.
    pub async fn purchases_of_repository(
        &self,
        company: CompanyId,
        repository: RepositoryId,
        status: AccessStatus,
        limit: usize,
    ) -> Result<Vec<Purchase>, Failure> {
        let pk = keys::purchases_of_repository(company, repository, status);
        self.table.query(Partition { index: Some("gsi2"), pk: &pk, newest_first: false, limit: Some(limit) }).await
    }

    /// All of a company's repositories, oldest first.
    pub async fn all_repositories(&self, company: CompanyId) -> Result<Vec<Repository>, Failure> {
        let pk = keys::repositories(company);
        self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await
    }

    /// All entitlements of a repository, by account.
    pub async fn entitlements(
        &self,
        company: CompanyId,
        repository: RepositoryId,
    ) -> Result<Vec<Entitlement>, Failure> {
        let pk = keys::entitlements(company, repository);
        self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await
    }
}
