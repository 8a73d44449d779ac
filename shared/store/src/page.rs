//! Pages of lists. Page numbers are found by walking from the end that is nearer, positions are gone to at once.

use domain::paging::{Begin, PageRequest, Position, TooDeep};

/// The rows that are walked over to find a page by its number.
const MOST_SKIPPED: usize = 10_000;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, newest first.
    pub rows: Vec<T>,
    /// How many rows all pages have together.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
}

/// A page, unless it is too deep.
pub type Found<T> = Result<Page<T>, TooDeep>;

/// The rows that have to be read to find a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// From which end.
    pub(crate) newest_first: bool,
    /// Behind which row.
    pub(crate) after: Option<String>,
    /// How many, at most.
    pub(crate) read: usize,
    page: PageRequest,
}

impl Window {
    /// How to find a page in a list of about `total` rows: the counts may be a moment behind the rows. So the first page
    /// is read whatever they say. One row more than the page has tells whether another one follows.
    pub(crate) fn of(page: &PageRequest, total: u64) -> Result<Self, TooDeep> {
        let from_newest =
            |skip, after| Self { newest_first: true, after, read: skip + page.limit + 1, page: page.clone() };
        let skip = match &page.begin {
            Begin::After(position) => return Ok(from_newest(0, Some(position.id.clone()))),
            Begin::Skip(0) => return Ok(from_newest(0, None)),
            Begin::Skip(rows) => *rows,
        };
        let up_to_newest = usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(skip);
        if skip.min(up_to_newest.saturating_sub(page.limit)) > MOST_SKIPPED {
            return Err(TooDeep);
        }
        if skip + page.limit < up_to_newest {
            return Ok(from_newest(skip, None));
        }
        Ok(Self { newest_first: false, after: None, read: up_to_newest, page: page.clone() })
    }

    /// The page, out of the rows in the order in which they were read.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, total: u64, id: impl Fn(&T) -> String) -> Page<T> {
        rows.truncate(self.read);
        let skip = match &self.page.begin {
            Begin::Skip(rows) if self.newest_first => *rows,
            _ => 0,
        };
        if !self.newest_first {
            rows.reverse();
        }
        let mut rows = rows.into_iter().skip(skip);
        let page: Vec<T> = rows.by_ref().take(self.page.limit).collect();
        let more = rows.next().is_some();
        let skipped = self.page.skipped() + page.len();
        let next = page.last().filter(|_| more).map(|last| Position { id: id(last), skipped });
        Page { rows: page, total, next }
    }
}

/// A page of a list that was read whole, newest first.
pub(crate) fn page_of_all<T>(rows: Vec<T>, request: &PageRequest, id: impl Fn(&T) -> String) -> Page<T> {
    let total = rows.len();
    let skip = match &request.begin {
        Begin::Skip(skip) => *skip,
        Begin::After(position) => rows.iter().filter(|row| id(row) >= position.id).count(),
    };
    let page: Vec<T> = rows.into_iter().skip(skip).take(request.limit).collect();
    let more = skip + page.len() < total;
    let skipped = request.skipped() + page.len();
    let next = page.last().filter(|_| more).map(|last| Position { id: id(last), skipped });
    Page { rows: page, total: total as u64, next }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as the rows of a list are")]
    fn id(row: &usize) -> String {
        format!("{row:04}")
    }

    fn at(skip: usize, limit: usize) -> PageRequest {
        PageRequest { begin: Begin::Skip(skip), limit }
    }

    /// What the table answers.
    fn read(window: &Window, total: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..total).collect();
        if window.newest_first {
            rows.reverse();
        }
        rows.retain(|row| window.after.as_ref().is_none_or(|after| id(row) < *after));
        rows.truncate(window.read);
        rows
    }

    proptest! {
        #[test]
        fn a_page_is_the_same_from_either_end_and_never_read_past_the_middle(total in 0..200_usize, page in 0..12_usize, limit in 1..30_usize) {
            let newest_first: Vec<usize> = (0..total).rev().collect();
            let request = at(page * limit, limit);
            let window = Window::of(&request, total as u64).unwrap();
            let expected: Vec<usize> = newest_first.iter().copied().skip(page * limit).take(limit).collect();
            let found = window.page(read(&window, total), total as u64, id);
            prop_assert_eq!(&found.rows, &expected);
            prop_assert_eq!(found.next.is_some(), (page + 1) * limit < total);
            prop_assert!(window.read * 2 <= total + 3 * limit + 2);
            prop_assert_eq!(page_of_all(newest_first, &request, id), found);
        }

        #[test]
        fn positions_lead_through_the_whole_list(total in 0..200_usize, limit in 1..30_usize) {
            let (mut request, mut rows, mut pages) = (PageRequest::first(limit), Vec::new(), 0);
            loop {
                let window = Window::of(&request, total as u64).unwrap();
                prop_assert!(window.read <= limit + 1);
                let page = window.page(read(&window, total), total as u64, id);
                prop_assert_eq!(&page_of_all((0..total).rev().collect(), &request, id), &page);
                rows.extend(page.rows);
                pages += 1;
                let Some(next) = page.next else { break };
                prop_assert_eq!(next.skipped, rows.len());
                request.begin = Begin::After(next);
            }
            prop_assert_eq!(rows, (0..total).rev().collect::<Vec<_>>());
            prop_assert_eq!(pages, total.div_ceil(limit).max(1));
        }
    }

    #[test]
    fn the_last_page_is_as_near_as_the_first_and_the_middle_is_too_far() {
        assert_eq!(Window::of(&at(0, 20), 1_000_000).unwrap().read, 21);
        assert_eq!(Window::of(&at(999_980, 20), 1_000_000).unwrap().read, 20);
        assert_eq!(Window::of(&at(10_000, 20), 1_000_000).unwrap().read, 10_021);
        assert_eq!(Window::of(&at(10_020, 20), 1_000_000), Err(TooDeep));
        assert_eq!(Window::of(&at(989_960, 20), 1_000_000), Err(TooDeep));
        assert_eq!(Window::of(&at(989_980, 20), 1_000_000).unwrap().read, 10_020);
        assert_eq!(Window::of(&at(2_000_000, 20), 1_000_000).unwrap().read, 0, "past the end there is nothing");
    }
}
