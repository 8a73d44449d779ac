//! The letters: what buyers and vendors are told by mail, and how it looks. No IO, no clock, nothing from the table.
//!
//! Every text that comes from outside passes through [`layout`], which escapes it in HTML and keeps it on one line.

mod buyer;
mod layout;
#[cfg(test)]
mod tests;
mod vendor;

use domain::{Timestamp, repository::Withdrawal};

pub use domain::Money;

pub use self::{
    buyer::{BuyerLetter, Entry, Term},
    vendor::VendorLetter,
};

/// A letter, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line without control characters.
    pub subject: String,
    /// The letter in plain text.
    pub text: String,
    /// The same as a whole HTML document.
    pub html: String,
}

/// A letter before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// To somebody who bought, or may be about to.
    Buyer(About, BuyerLetter),
    /// To the one who sells.
    Vendor(Sale, VendorLetter),
    /// To the one who sells, of a listing.
    Withdrawn(Withdrawn),
    /// To somebody who asked to sign in.
    SignIn {
        /// Where to sign in with. Whoever has it is signed in, so it stands in no log.
        link: String,
        /// Until when the link works.
        until: Timestamp,
    },
}

/// The purchase, as its buyer knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What the product is called in the shop.
    pub product: String,
    /// The one who sells it.
    pub vendor: String,
    /// The product's page.
    pub product_url: String,
    /// The page where the buyer sees the purchase.
    pub purchase_url: String,
}

/// The purchase, as its vendor knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// What the product is called in the shop.
    pub product: String,
    /// The buyer's account on GitHub.
    pub account: String,
    /// The buyer's address.
    pub email: String,
    /// The page where the vendor sees the purchase.
    pub purchase_url: String,
}

/// A listing that was taken off the market because of what became of it on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// What the product is called in the shop.
    pub product: String,
    /// `owner/name`.
    pub repository: String,
    /// Why.
    pub because: Withdrawal,
    /// Since when.
    pub at: Timestamp,
    /// The page where the vendor sees the listing.
    pub listing_url: String,
}

/// Who has, had, or is to have access to what on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `owner/name`.
    pub repository: String,
    /// The account.
    pub account: String,
}

/// Writes a letter.
pub fn letter(letter: &Letter) -> Message {
    match letter {
        Letter::Buyer(about, letter) => buyer::write(about, letter),
        Letter::Vendor(sale, letter) => vendor::write(sale, letter),
        Letter::Withdrawn(withdrawn) => vendor::withdrawn(withdrawn),
        Letter::SignIn { link, until } => layout::Draft::new("Sign in to Tollgate")
            .paragraph("Follow the link to sign in. It works once.")
            .link("Sign in", link)
            .fact("Works until", &layout::moment(*until))
            .end("If you did not ask to sign in, do nothing: nobody can without this letter. Do not pass it on."),
    }
}
