//! Repositories.

use domain::{
    CompanyId, Failure, RepositoryId,
    log::LogEntry,
    paging::PageRequest,
    repository::{GithubPath, PriceEntry, Repository, Slug},
    tally::Tally,
};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Found, Listing, Page, Store, keys,
    lists::Source,
    page::page_of_all,
    table::{Freshness, Item, Partition, Refusal, Write, index, item, number},
};

/// A repository with its sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The repository.
    pub repository: Repository,
    /// The sums.
    pub tally: Tally,
}

/// Why a repository was not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListingRefused {
    /// The company lists this repository of GitHub already.
    #[error("the company lists this repository already")]
    GithubPathTaken,
    /// Another repository has the slug.
    #[error("the slug is taken")]
    SlugTaken,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// An item whose key says everything: that it is there means that something is taken.
#[derive(Serialize, Deserialize)]
pub(crate) struct Guard {}

/// How many repositories a company has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    repositories_active: u64,
    repositories_inactive: u64,
}

impl Store {
    /// Lists a new repository, at its first price.
    ///
    /// # Errors
    /// When its place on GitHub or its slug is taken, or the table fails.
    pub async fn insert_repository(
        &self,
        company: CompanyId,
        repository: &Repository,
        price: &PriceEntry,
        entry: &LogEntry,
    ) -> Result<(), ListingRefused> {
        let mut writes = vec![
            self.table.put_if_absent(item("guard", &keys::github_guard(company, &repository.github), &Guard {})?)?,
            self.table.put_if_absent(item("guard", &keys::slug_guard(&repository.slug), &Guard {})?)?,
            self.table.put_if_absent(row(repository)?)?,
            self.table.update(
                &keys::company(company),
                "ADD repositories_active :one",
                vec![(":one".to_owned(), number(1))],
                None,
            )?,
        ];
        writes.push(self.price_write(repository, price)?);
        writes.extend(self.listing_write(repository)?);
        writes.extend(self.log_writes(company, entry)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => Err(ListingRefused::GithubPathTaken),
            Err(Refusal::Conditions(_)) => Err(ListingRefused::SlugTaken),
            Err(Refusal::Failure(failure)) => Err(failure.into()),
        }
    }

    /// Changes a repository that nobody else changed since `before` was read, with the lines that tell of it and, when its
    /// price changed, that price. Its place on GitHub and its slug stay.
    pub async fn change_repository(
        &self,
        before: &Repository,
        after: &Repository,
        entries: &[LogEntry],
        price: Option<&PriceEntry>,
    ) -> Result<Change, Failure> {
        let after = Repository { rev: before.rev + 1, ..after.clone() };
        let mut writes = vec![self.table.put_over(row(&after)?, before.rev)?];
        if let Some(price) = price {
            writes.push(self.price_write(&after, price)?);
        }
        if before.on_github.map(|it| it.id) != after.on_github.map(|it| it.id) {
            writes.extend(self.listing_write(&after)?);
        }
        writes.extend(self.count_active(before, &after)?);
        writes.extend(self.log_writes_about(before.company, Some(before.id), entries)?);
        Ok(self.table.write_all_if(writes).await?.into())
    }

    /// Which of GitHub's repositories it is, once that is known.
    fn listing_write(&self, repository: &Repository) -> Result<Option<Write>, Failure> {
        let Some(on_github) = repository.on_github else { return Ok(None) };
        let listing = Listing { company: repository.company, repository: repository.id };
        let key = keys::listing_of_github(on_github.id, listing.company, listing.repository);
        self.table.put_in(item("listing", &key, &listing)?).map(Some)
    }

    fn price_write(&self, repository: &Repository, price: &PriceEntry) -> Result<Write, Failure> {
        let key = keys::price(repository.company, repository.id, repository.rev);
        self.table.put_if_absent(item("price", &key, price)?)
    }

    /// What a repository cost and costs, newest first.
    pub async fn prices(&self, company: CompanyId, repository: RepositoryId) -> Result<Vec<PriceEntry>, Failure> {
        let pk = keys::prices(company, repository);
        self.table.query(Partition { index: None, pk: &pk, newest_first: true, limit: None }).await
    }

    /// Whether the company lists this repository of GitHub. Only a hint: what counts is the guard when it is written.
    pub async fn is_listed(&self, company: CompanyId, path: &GithubPath) -> Result<bool, Failure> {
        let guard = self.table.get::<Guard>(&keys::github_guard(company, path), Freshness::Eventual).await?;
        Ok(guard.is_some())
    }

    /// The company's repository, with its sums.
    pub async fn repository(&self, company: CompanyId, id: RepositoryId) -> Result<Option<Listed>, Failure> {
        let key = keys::repository(company, id);
        let (repository, sums) =
            futures::try_join!(self.table.get::<Repository>(&key, Freshness::Strong), self.sums(company, id))?;
        Ok(repository.map(|repository| Listed { repository, tally: sums.tally }))
    }

    /// A page of the company's repositories, newest first; only the active or only the inactive ones if asked.
    pub async fn repositories(
        &self,
        company: CompanyId,
        active: Option<bool>,
        page: &PageRequest,
    ) -> Result<Found<Listed>, Failure> {
        let pk = keys::repositories(company);
        let (sums, found) = match active {
            None => {
                let key = keys::company(company);
                let (sums, counts) =
                    futures::try_join!(self.all_sums(company), self.table.get::<Counts>(&key, Freshness::Eventual))?;
                let rows = counts.map_or(0, |counts| counts.repositories_active + counts.repositories_inactive);
                let source = Source { index: None, pk, rows };
                (sums, self.page_of(&[source], page, |row: &Repository| row.id.to_string()).await?)
            }
            // Filtered in memory: a company sells dozens of repositories, and few of them are inactive.
            Some(active) => {
                let partition = Partition { index: None, pk: &pk, newest_first: true, limit: None };
                let (sums, mut rows) =
                    futures::try_join!(self.all_sums(company), self.table.query::<Repository>(partition))?;
                rows.retain(|repository| repository.active == active);
                (sums, Ok(page_of_all(rows, page, |row| row.id.to_string())))
            }
        };
        let tally = |id: RepositoryId| sums.get(&Some(id)).map(|sums| sums.tally).unwrap_or_default();
        let listed = |repository: Repository| Listed { tally: tally(repository.id), repository };
        Ok(found.map(|page| Page {
            rows: page.rows.into_iter().map(listed).collect(),
            total: page.total,
            next: page.next,
        }))
    }

    /// The repository with this slug, of whatever company: for strangers who look at a product.
    pub async fn product_by_slug(&self, slug: &Slug) -> Result<Option<Repository>, Failure> {
        self.product_at("gsi1", &keys::repository_by_slug(slug.as_str()).pk).await
    }

    /// The repository with this id, of whatever company: for strangers who buy.
    pub async fn product(&self, id: RepositoryId) -> Result<Option<Repository>, Failure> {
        self.product_at("gsi2", &keys::repository_by_id(id).pk).await
    }

    async fn product_at(&self, index: &'static str, pk: &str) -> Result<Option<Repository>, Failure> {
        let found = self.table.query(Partition { index: Some(index), pk, newest_first: false, limit: Some(1) }).await?;
        Ok(found.into_iter().next())
    }
}

pub(crate) fn row(repository: &Repository) -> Result<Item, Failure> {
    let mut row = item("repository", &keys::repository(repository.company, repository.id), repository)?;
    let (by_slug, by_id) = (keys::repository_by_slug(&repository.slug), keys::repository_by_id(repository.id));
    index(&mut row, "gsi1", by_slug.pk, by_slug.sk);
    index(&mut row, "gsi2", by_id.pk, by_id.sk);
    Ok(row)
}
