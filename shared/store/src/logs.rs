//! The log. Each line is written in the transaction of the change it tells of, together with the counts that lists show.

use domain::{
    CompanyId, Failure, PurchaseId, RepositoryId,
    log::{Action, LogEntry, LogStatus},
    paging::PageRequest,
};

use crate::{
    Found, Page, Store,
    keys::{self, List},
    lists::Source,
    page::{Window, page_of_all},
    table::{Partition, Refusal, Write, index, item},
    tallies::Added,
};

/// As many kinds of lines are read each by itself without a thought.
const FEW_KINDS: usize = 6;
/// Lines up to which it is tried to pick them out of the whole log.
const MOST_PICKED: usize = 200;

/// Which lines of the log a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only those about this purchase.
    pub purchase: Option<PurchaseId>,
    /// Only those about this repository.
    pub repository: Option<RepositoryId>,
    /// Only those that tell of this.
    pub action: Option<Action>,
    /// Only those of what went so.
    pub status: Option<LogStatus>,
}

impl LogFilter {
    fn takes(&self, line: &LogEntry) -> bool {
        self.repository.is_none_or(|it| line.repository == Some(it))
            && self.action.is_none_or(|it| line.action == it)
            && self.status.is_none_or(|it| line.status == it)
    }
}

impl Store {
    /// A page of the company's log, newest line first.
    ///
    /// A purchase's lines are few and filtered in memory. Else the counts say which kinds of lines there are, and each of
    /// those that are wanted has a partition of its own.
    pub async fn logs(
        &self,
        company: CompanyId,
        filter: LogFilter,
        page: &PageRequest,
    ) -> Result<Found<LogEntry>, Failure> {
        let id = |line: &LogEntry| line.id.to_string();
        if let Some(purchase) = filter.purchase {
            let mut lines = self.log(company, purchase).await?;
            lines.retain(|line| filter.takes(line));
            lines.reverse();
            return Ok(Ok(page_of_all(lines, page, id)));
        }
        // Without an action there are many kinds, and it matters what part of all lines they are.
        let sums = match (filter.repository, filter.action) {
            (Some(repository), Some(_)) => [(Some(repository), self.sums(company, repository).await?)].into(),
            _ => self.all_sums(company).await?,
        };
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        let all: u64 = sums.values().flat_map(|sums| sums.lines.values()).map(|lines| count(*lines)).sum();
        let wanted = sums.iter().filter(|(repository, _)| filter.repository.is_none_or(|it| **repository == Some(it)));
        let kinds = wanted.flat_map(|(repository, sums)| {
            sums.kinds(filter.action, filter.status).map(move |(kind, count)| (*repository, kind, count))
        });
        let source = |(repository, kind, lines): (Option<RepositoryId>, (Action, LogStatus), i64)| Source {
            index: Some("gsi2"),
            pk: keys::log_of_kind(company, repository, kind),
            rows: count(lines),
        };
        let mut sources: Vec<Source> = kinds.map(source).collect();
        if filter == LogFilter::default() {
            if let Some(found) = self.page_by_directory(company, List::Log, all, page, id).await? {
                return Ok(Ok(found));
            }
            sources = vec![Source { index: None, pk: keys::log(company), rows: all }];
        } else if sources.len() > FEW_KINDS {
            let rows = sources.iter().map(|source| source.rows).sum();
            if let Some(found) = self.picked(company, &filter, page, (rows, all)).await? {
                return Ok(Ok(found));
            }
        }
        self.page_of(&sources, page, id).await
    }

    /// A page of lines that are a good part of `all`, picked out of the whole log: that costs less than to read of each kind.
    /// `None` when they are a small part, or turn out to be far apart.
    async fn picked(
        &self,
        company: CompanyId,
        filter: &LogFilter,
        page: &PageRequest,
        (rows, all): (u64, u64),
    ) -> Result<Option<Page<LogEntry>>, Failure> {
        let Ok(window) = Window::of(page, rows) else { return Ok(None) };
        if window.read > MOST_PICKED || rows * 3 < all {
            return Ok(None);
        }
        let apart = usize::try_from(window.read as u64 * all / rows.max(1)).unwrap_or(usize::MAX);
        let limit = apart + apart / 4 + 4;
        let pk = keys::log(company);
        let partition = Partition { index: None, pk: &pk, newest_first: window.newest_first, limit: Some(limit) };
        let mut lines: Vec<LogEntry> = self.table.query_after(partition, window.after.as_deref()).await?;
        let ended = lines.len() < limit;
        lines.retain(|line| filter.takes(line));
        let found = lines.len() >= window.read || ended;
        Ok(found.then(|| window.page(lines, rows, |line| line.id.to_string())))
    }

    /// A purchase's log, oldest line first.
    pub async fn log(&self, company: CompanyId, purchase: PurchaseId) -> Result<Vec<LogEntry>, Failure> {
        let pk = keys::log_of_purchase(company, purchase);
        self.table.query(Partition { index: Some("gsi1"), pk: &pk, newest_first: false, limit: None }).await
    }

    /// Writes a line by itself, of something that changed nothing.
    pub async fn append_log(&self, company: CompanyId, entry: &LogEntry) -> Result<(), Failure> {
        match self.table.transact(self.log_writes(company, entry)?).await {
            Ok(()) => Ok(()),
            Err(Refusal::Conditions(_)) => Err(Failure::broken("writing a line of the log", "its id is taken")),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// Adds a line.
    pub(crate) fn log_line(&self, company: CompanyId, entry: &LogEntry) -> Result<Write, Failure> {
        let mut row = item("log", &keys::log_entry(company, entry.id), entry)?;
        let place = entry.id.to_string();
        if let Some(purchase) = entry.purchase {
            index(&mut row, "gsi1", keys::log_of_purchase(company, purchase), place.clone());
        }
        let kind = (entry.action, entry.status);
        index(&mut row, "gsi2", keys::log_of_kind(company, entry.repository, kind), place);
        self.table.put_if_absent(row)
    }

    /// A line by itself, for a change that is no purchase's: with its count, to be written with the change.
    pub(crate) fn log_writes(&self, company: CompanyId, entry: &LogEntry) -> Result<Vec<Write>, Failure> {
        let added = Added::default().line(entry);
        let mut writes = vec![self.log_line(company, entry)?];
        writes.extend(self.add_sums(company, entry.repository, entry.created_at, &added)?);
        Ok(writes)
    }
}
