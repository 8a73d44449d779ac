//! Lists that are spread over several sorted partitions, read as one.

use domain::{Failure, paging::PageRequest};
use serde::de::DeserializeOwned;

use crate::{
    Store,
    page::{Found, Window},
    table::Partition,
};

/// Rows that are read of each partition beyond its share of the page: a second round of reading costs more.
const SPARE: usize = 6;

/// A partition that holds some of a list's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) index: Option<&'static str>,
    pub(crate) pk: String,
    /// About how many.
    pub(crate) rows: u64,
}

/// What was read of a source so far.
struct Run<'a, T> {
    source: &'a Source,
    rows: Vec<(String, T)>,
    ended: bool,
}

impl Store {
    /// A page of the rows of all `sources` together. `id` is what they are sorted by.
    pub(crate) async fn page_of<T: DeserializeOwned>(
        &self,
        sources: &[Source],
        request: &PageRequest,
        id: impl Fn(&T) -> String,
    ) -> Result<Found<T>, Failure> {
        let total = sources.iter().map(|source| source.rows).sum();
        let window = match Window::of(request, total) {
            Ok(window) => window,
            Err(too_deep) => return Ok(Err(too_deep)),
        };
        let rows = self.merged(sources, &window, &id).await?;
        Ok(Ok(window.page(rows, total, id)))
    }

    /// A page of the rows of a partition of about so many rows, the first ones first. A page by its number is walked to from
    /// the nearer end, as in the lists whose newest rows are first.
    pub(crate) async fn page_in_order<T: DeserializeOwned>(
        &self,
        (pk, rows): (&str, u64),
        request: &PageRequest,
        id: impl Fn(&T) -> String,
    ) -> Result<Found<T>, Failure> {
        let window = match Window::of(request, rows) {
            Ok(window) => window,
            Err(too_deep) => return Ok(Err(too_deep)),
        };
        if window.read == 0 {
            return Ok(Ok(window.page(Vec::new(), rows, id)));
        }
        let partition = Partition { index: None, pk, newest_first: !window.newest_first, limit: Some(window.read) };
        let found = self.table.query_after(partition, window.after.as_deref()).await?;
        Ok(Ok(window.page(found, rows, id)))
    }

    /// The first rows of all sources together. Each is read for its share first; those whose share was too small are read
    /// again, for as many rows as there can be.
    async fn merged<T: DeserializeOwned>(
        &self,
        sources: &[Source],
        window: &Window,
        id: impl Fn(&T) -> String,
    ) -> Result<Vec<T>, Failure> {
        let mut runs: Vec<_> = sources.iter().map(|source| Run { source, rows: Vec::new(), ended: false }).collect();
        loop {
            let wanting = wanting(&runs, window);
            if wanting.is_empty() {
                break;
            }
            let reads = wanting.iter().map(|(place, limit)| self.more(&runs[*place], *limit, window));
            for ((place, limit), rows) in wanting.iter().zip(futures::future::try_join_all(reads).await?) {
                let run = &mut runs[*place];
                run.ended = rows.len() < *limit;
                run.rows.extend(rows.into_iter().map(|row| (id(&row), row)));
            }
        }
        let mut rows: Vec<_> = runs.into_iter().flat_map(|run| run.rows).collect();
        rows.sort_by(|(a, _), (b, _)| if window.newest_first { b.cmp(a) } else { a.cmp(b) });
        rows.truncate(window.read);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    async fn more<T: DeserializeOwned>(
        &self,
        run: &Run<'_, T>,
        limit: usize,
        window: &Window,
    ) -> Result<Vec<T>, Failure> {
        let Source { index, pk, .. } = run.source;
        let after = run.rows.last().map(|(id, _)| id).or(window.after.as_ref());
        let partition = Partition { index: *index, pk, newest_first: window.newest_first, limit: Some(limit) };
        self.table.query_after(partition, after.map(String::as_str)).await
    }
}

/// The runs that may still hold rows of the window, and how many to read of each.
fn wanting<T>(runs: &[Run<'_, T>], window: &Window) -> Vec<(usize, usize)> {
    if window.read == 0 {
        return Vec::new();
    }
    let all: u64 = runs.iter().map(|run| run.source.rows).sum();
    let share = |run: &Run<'_, T>| {
        if runs.len() == 1 {
            return window.read;
        }
        let rows = window.read as u64 * run.source.rows / all.max(1);
        window.read.min(usize::try_from(rows).unwrap_or(usize::MAX).saturating_add(SPARE))
    };
    let mut ids: Vec<&String> = runs.iter().flat_map(|run| run.rows.iter().map(|(id, _)| id)).collect();
    ids.sort();
    if window.newest_first {
        ids.reverse();
    }
    let last = ids.get(window.read - 1);
    let nearer = |id: &String, last: &String| if window.newest_first { id > last } else { id < last };
    let places = runs.iter().enumerate().filter(|(_, run)| !run.ended);
    places
        .filter_map(|(place, run)| match run.rows.last() {
            None => Some((place, share(run))),
            Some((id, _)) => last.is_none_or(|last| nearer(id, last)).then_some((place, window.read)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::paging::Begin;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The table is played by slices: what is read in rounds is what sorting everything would give, in two rounds.
        #[test]
        fn rounds_of_reading_find_what_sorting_everything_would(
            owners in proptest::collection::vec(0..5_usize, 0..120), skip in 0..60_usize, limit in 1..25_usize,
        ) {
            let of = |owner: usize| owners.iter().enumerate().filter(move |(_, it)| **it == owner).map(|(row, _)| format!("{row:04}"));
            let sources: Vec<_> = (0..5).map(|owner| Source { index: None, pk: owner.to_string(), rows: of(owner).count() as u64 }).collect();
            let request = PageRequest { begin: Begin::Skip(skip), limit };
            let window = Window::of(&request, owners.len() as u64).unwrap();
            let mut runs: Vec<Run<'_, ()>> = sources.iter().map(|source| Run { source, rows: Vec::new(), ended: false }).collect();
            let mut rounds = 0;
            loop {
                let wanting = wanting(&runs, &window);
                if wanting.is_empty() { break }
                rounds += 1;
                for (owner, limit) in wanting {
                    let mut rows: Vec<String> = of(owner).collect();
                    if window.newest_first { rows.reverse(); }
                    let read: Vec<_> = rows.into_iter().skip(runs[owner].rows.len()).take(limit).collect();
                    runs[owner].ended = read.len() < limit;
                    runs[owner].rows.extend(read.into_iter().map(|id| (id, ())));
                }
            }
            prop_assert!(rounds <= 2);
            let mut found: Vec<_> = runs.into_iter().flat_map(|run| run.rows).map(|(id, ())| id).collect();
            found.sort();
            let mut all: Vec<_> = (0..owners.len()).map(|row| format!("{row:04}")).collect();
            if window.newest_first { found.reverse(); all.reverse(); }
            found.truncate(window.read);
            all.truncate(window.read);
            prop_assert_eq!(found, all);
        }
    }
}
