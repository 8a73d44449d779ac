//! Which part of a list is asked for. Lists begin with their newest row.

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Where it begins.
    pub begin: Begin,
    /// Rows on it, at most.
    pub limit: usize,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// After so many rows.
    Skip(usize),
    /// After this place, which an earlier page told.
    After(Position),
}

/// A place in a list: behind one of its rows. It stays where it is when rows are added to the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The row's id. Ids that were made later sort later.
    pub id: String,
    /// How many rows were before the place when it was told, that row included.
    pub skipped: usize,
}

/// The page is too far from both ends of the list to be looked for by its number. A position is never too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page is too far from both ends of the list")]
pub struct TooDeep;

impl PageRequest {
    /// The first rows.
    pub fn first(limit: usize) -> Self {
        Self { begin: Begin::Skip(0), limit }
    }

    /// Rows before the page.
    pub fn skipped(&self) -> usize {
        match &self.begin {
            Begin::Skip(rows) => *rows,
            Begin::After(position) => position.skipped,
        }
    }
}
