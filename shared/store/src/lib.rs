//! The table: keys, items, and one module per aggregate.
//!
//! Every call takes the company first; the two look-ups that a stranger starts (a product by slug or by id) are the
//! exceptions and say so. What is stored where is printed into `ACCESS_PATTERNS.md` by a test.
#![warn(missing_docs)]

mod companies;
mod entitlements;
pub mod keys;
mod logs;
pub mod meter;
mod pauses;
mod purchases;
mod repositories;
mod table;
mod tallies;

pub use companies::Operator;
pub use purchases::{Begun, Change, PurchaseFilter};
pub use repositories::{Listed, ListingRefused};

use table::Table;

/// The data.
#[derive(Clone, Debug)]
pub struct Store {
    table: Table,
}

impl Store {
    /// The data in this table.
    pub fn new(client: aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self { table: Table::new(client, table) }
    }
}

/// What may be lost, in a table of its own so that a flood there cannot throttle the data.
#[derive(Clone, Debug)]
pub struct Volatile {
    table: Table,
}

impl Volatile {
    /// What may be lost, in this table.
    pub fn new(client: aws_sdk_dynamodb::Client, table: &str) -> Self {
        Self { table: Table::new(client, table) }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many rows all pages have together.
    pub total: u64,
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows before it.
    pub skip: usize,
    /// Rows on it, at most.
    pub limit: usize,
}
