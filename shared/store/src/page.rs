//! Pages of lists, found by walking from the end that is nearer.

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many rows all pages have together.
    pub total: u64,
}

/// Which page of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows before it.
    pub skip: usize,
    /// Rows on it, at most.
    pub limit: usize,
}

/// The rows that have to be read to find a page, and which of them are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// From which end.
    pub(crate) newest_first: bool,
    /// How many, at most.
    pub(crate) read: usize,
    page: PageRequest,
}

impl PageRequest {
    /// How to find the page in a list of about `total` rows: the counts may be a moment behind the rows. So the first page
    /// is read whatever they say.
    pub(crate) fn window(self, total: u64) -> Window {
        let up_to_newest = usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(self.skip);
        let from_newest = self.skip + self.limit;
        let newest_first = self.skip == 0 || from_newest <= up_to_newest;
        Window { newest_first, read: if newest_first { from_newest } else { up_to_newest }, page: self }
    }
}

impl Window {
    /// The page, out of the rows in the order in which they were read.
    pub(crate) fn page<T>(self, mut rows: Vec<T>) -> Vec<T> {
        let PageRequest { skip, limit } = self.page;
        rows.truncate(self.read);
        if self.newest_first {
            return rows.into_iter().skip(skip).take(limit).collect();
        }
        rows.into_iter().rev().take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_is_the_same_from_either_end_and_never_read_past_the_middle(total in 0..200_usize, page in 0..12_usize, limit in 1..30_usize) {
            let newest_first: Vec<usize> = (0..total).rev().collect();
            let request = PageRequest { skip: page * limit, limit };
            let window = request.window(total as u64);
            let mut read = newest_first.clone();
            if !window.newest_first {
                read.reverse();
            }
            read.truncate(window.read);
            let expected: Vec<usize> = newest_first.into_iter().skip(request.skip).take(limit).collect();
            prop_assert_eq!(window.page(read), expected);
            prop_assert!(window.read * 2 <= total + 3 * limit);
        }
    }

    #[test]
    fn the_last_page_is_as_near_as_the_first() {
        assert_eq!(PageRequest { skip: 0, limit: 20 }.window(1_000_000).read, 20);
        assert_eq!(PageRequest { skip: 999_980, limit: 20 }.window(1_000_000).read, 20);
    }
}
