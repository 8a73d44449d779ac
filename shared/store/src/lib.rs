//! The table: keys, items, and one module per aggregate.
//!
//! Every call takes the company first; the two look-ups that a stranger starts (a product by slug or by id) are the
//! exceptions and say so. What is stored where is printed into `ACCESS_PATTERNS.md` by a test.
#![warn(missing_docs)]

mod companies;
mod entitlements;
pub mod keys;
mod logs;
mod mail_caps;
pub mod meter;
mod page;
mod pauses;
mod purchases;
mod rates;
mod repositories;
mod table;
mod tallies;

pub use companies::Operator;
pub use entitlements::AccessRecord;
pub use mail_caps::LETTERS_A_DAY;
pub use page::{Page, PageRequest};
pub use purchases::{Begun, Change, PurchaseFilter};
pub use rates::Lease;
pub use repositories::{Listed, ListingRefused};
pub use tallies::{DayNumber, Sums, day_number};

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
