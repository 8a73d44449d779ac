//! How many letters an address was sent today, and who is sending some. It may be lost: then a few more are sent than should
//! be.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CompanyId, Failure, Timestamp, purchase::Purchase, text::Email};

use crate::{
    Volatile,
    keys::{self, Key},
    sha256,
    table::{number, text},
};

/// The letters that one address is sent on one day (UTC) at most, so that nobody can be buried in them by checkouts that
/// somebody else begins in their name.
pub const LETTERS_A_DAY: u32 = 20;

/// How long one worker may send letters about one purchase, in seconds. Longer than a worker lives with one batch.
const SENDING_SECONDS: i64 = 60;

/// How long the count of a day is kept after its first letter, in seconds.
const KEPT_SECONDS: i64 = 2 * 24 * 60 * 60;

impl Volatile {
    /// Counts one letter more to an address today; `false` when it has had as many as it may.
    pub async fn claim_letter(&self, company: CompanyId, to: &Email, now: Timestamp) -> Result<bool, Failure> {
        let values = vec![
            (":type".to_owned(), text("letters of a day")),
            (":ttl".to_owned(), number(now.as_second() + KEPT_SECONDS)),
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(LETTERS_A_DAY)),
        ];
        let update = "SET #type = :type, #ttl = if_not_exists(#ttl, :ttl) ADD letters :one";
        let condition = "attribute_not_exists(letters) OR letters < :most";
        self.count(&key(company, to, now), update, values, condition).await
    }

    /// Takes back what [`Volatile::claim_letter`] counted on the same day, for a letter that was surely not sent.
    pub async fn return_letter(&self, company: CompanyId, to: &Email, now: Timestamp) -> Result<(), Failure> {
        let values = vec![(":one".to_owned(), number(-1)), (":none".to_owned(), number(0))];
        self.count(&key(company, to, now), "ADD letters :one", values, "letters > :none").await.map(drop)
    }

    /// Claims a confirmation of a checkout: one goes to an address a day (UTC) and repository, whoever asks. The purchase that
    /// has it may claim it again, as it is not known whether its letter was sent.
    pub async fn claim_confirmation(&self, purchase: &Purchase, now: Timestamp) -> Result<bool, Failure> {
        let address = sha256(&purchase.email.to_lowercase());
        let key = keys::confirmation_of_day(purchase.company, purchase.repository, &address, now);
        let values = vec![
            (":type".to_owned(), text("confirmation of a day")),
            (":ttl".to_owned(), number(now.as_second() + KEPT_SECONDS)),
            (":purchase".to_owned(), text(purchase.id.to_string())),
        ];
        let update = "SET #type = :type, #ttl = :ttl, purchase = :purchase";
        self.count(&key, update, values, "attribute_not_exists(purchase) OR purchase = :purchase").await
    }

    /// Makes `holder` the only one who sends letters about a purchase, until it says that it is done or a minute is over;
    /// `false` when another one does. Two who read at once which letters are due would both send them.
    pub async fn claim_sending(&self, purchase: &Purchase, holder: &str, now: Timestamp) -> Result<bool, Failure> {
        let values = vec![
            (":type".to_owned(), text("sending of letters")),
            (":ttl".to_owned(), number(now.as_second() + SENDING_SECONDS)),
            (":holder".to_owned(), text(holder)),
            (":now".to_owned(), number(now.as_second())),
        ];
        let update = "SET #type = :type, #ttl = :ttl, holder = :holder";
        let condition = "attribute_not_exists(holder) OR holder = :holder OR #ttl <= :now";
        self.count(&keys::sending(purchase.company, purchase.id), update, values, condition).await
    }

    /// Says that `holder` is done.
    pub async fn end_sending(&self, purchase: &Purchase, holder: &str, now: Timestamp) -> Result<(), Failure> {
        let values = vec![(":holder".to_owned(), text(holder)), (":now".to_owned(), number(now.as_second()))];
        let key = keys::sending(purchase.company, purchase.id);
        self.count(&key, "SET #ttl = :now", values, "holder = :holder").await.map(drop)
    }

    async fn count(
        &self,
        key: &Key,
        update: &str,
        values: Vec<(String, AttributeValue)>,
        condition: &str,
    ) -> Result<bool, Failure> {
        self.table.write_if(self.table.update(key, update, values, Some(condition))?).await
    }
}

fn key(company: CompanyId, to: &Email, now: Timestamp) -> Key {
    keys::letters_of_day(company, &sha256(&to.to_lowercase()), now)
}
