//! The table: keys, items, and one module per aggregate. What is too big for it is in [`Blobs`].
//!
//! Every call takes the company first; the look-ups that a stranger starts (a product by slug or by id, the companies that
//! somebody who signs in belongs to) are the exceptions and say so. What is stored where is printed into `ACCESS_PATTERNS.md` by a test.
#![warn(missing_docs)]

mod blobs;
mod buyers;
mod companies;
mod customers;
mod days;
mod directory;
mod downloads;
mod entitlements;
mod failed_payments;
mod gaps;
mod granted;
mod indexes;
mod invitations;
mod kept;
pub mod keys;
mod listings;
mod lists;
mod logs;
mod mail_caps;
mod members;
pub mod meter;
mod operators;
mod packages;
mod page;
mod pauses;
mod purchases;
mod rates;
mod registry;
mod repositories;
mod rereads;
mod seals;
mod sign_ins;
mod strangers;
mod table;
mod tallies;
mod watermarks;

pub use blobs::{BlobHead, Blobs, Put};
pub use buyers::BuyerLinks;
pub use customers::{CustomerChange, Expiry, Holder};
pub use days::{Figures, RolledUp};
pub use directory::Place;
pub use downloads::{Counted as CountedUse, Downloads};
pub use entitlements::AccessRecord;
pub use granted::{Leftover, Through};
pub use indexes::Indexes;
pub use invitations::{Counted, Waiting};
pub use kept::Kept;
pub use listings::{Listing, Relisted};
pub use logs::LogFilter;
pub use mail_caps::LETTERS_A_DAY;
pub use members::MemberChange;
pub use operators::Operator;
pub use packages::{Admission, MOST_IN_BUNDLE, PackageAt};
pub use page::{Found, Page};
pub use purchases::{Begun, Change, Moved, PurchaseFilter};
pub use rates::Lease;
pub use repositories::{Listed, ListingRefused};
pub use sign_ins::{LINK_SECONDS, LinkUse, SignInAttempt, is_link_token};
pub use tallies::{DayNumber, Sums, day_number};
pub use watermarks::Watermark;

use domain::text;
use sha2::{Digest, Sha256};
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

/// Lower-case hex of the SHA-256. What is hashed is random enough (142 bits and more) for a fast hash to keep it safe, or
/// is no secret.
fn sha256(text: &str) -> String {
    text::hex(&Sha256::digest(text.as_bytes()))
}
