//! Sends the letters about a purchase that are due.
//!
//! Level-triggered: a message says only that letters may be due, so it may be doubled, late or out of order. A letter is
//! written down once it was sent, with a line of the log; one whose sending was not written down is sent again. One worker
//! at a time sends letters about a purchase.

mod shop;
#[cfg(test)]
mod tests;
pub(crate) mod withdrawn;
mod writing;

use std::time::Duration;

use clients::mail::{MailError, Outgoing};
use domain::{
    CompanyId, LogId, PurchaseId,
    letters::{self, Letter},
    log::{Actor, LogEntry, LogStatus},
    purchase::Purchase,
    text::{Email, hex},
};
use jobs::Job;
use store::Change;

use self::shop::Shop;
use crate::{App, Error, TRIES, letters::Message};

/// Whom a letter is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addressee {
    /// On whose behalf it is sent.
    pub(crate) company: CompanyId,
    /// The one recipient.
    pub(crate) to: Email,
    /// Where an answer goes, if not to the sender.
    pub(crate) reply_to: Option<Email>,
}

/// What came of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is on its way.
    Accepted {
        /// SES's id of it.
        message_id: String,
    },
    /// It will never be sent: SES does not want the address.
    Refused {
        /// SES's words.
        reason: String,
    },
    /// The address has had as many letters today as it may.
    TooMany,
    /// SES asks to wait. Nothing was sent.
    Later {
        /// How long.
        wait: Duration,
    },
}

/// How long to wait for another worker that sends letters about the same purchase.
const BUSY: Duration = Duration::from_secs(2);

impl Sent {
    fn nobody() -> Self {
        Self::Refused { reason: "Nobody is named to be told".to_owned() }
    }
}

/// Sends what is due about a purchase.
pub(crate) async fn deliver(app: &App, company: CompanyId, id: PurchaseId) -> Result<(), Error> {
    let Some(purchase) = app.store.purchase(company, id).await? else { return Ok(()) };
    if letters::due(&purchase, app.clock.now()).is_empty() {
        return Ok(());
    }
    let holder = hex(&app.random.bytes::<16>());
    if !app.volatile.claim_sending(&purchase, &holder, app.clock.now()).await? {
        return again(app, &purchase, BUSY).await;
    }
    // Read again: another one may have sent something up to now.
    let sent = match app.store.purchase(company, id).await {
        Ok(Some(newest)) => send_due(app, newest).await,
        Ok(None) => Ok(()),
        Err(failure) => Err(failure.into()),
    };
    let ended = app.volatile.end_sending(&purchase, &holder, app.clock.now()).await;
    sent?;
    Ok(ended?)
}

async fn send_due(app: &App, mut purchase: Purchase) -> Result<(), Error> {
    let due = letters::due(&purchase, app.clock.now());
    if due.is_empty() {
        return Ok(());
    }
    let shop = Shop::of(app, &purchase, &due).await?;
    for letter in due {
        // A letter before it may have shown that the purchase has changed meanwhile.
        if !letters::due(&purchase, app.clock.now()).contains(&letter) || !may_be_sent(app, &purchase, &letter).await? {
            continue;
        }
        let sent = match shop.addressee(&purchase, &letter) {
            Some(addressee) => send(app, &addressee, &writing::write(&shop, &purchase, &letter)).await?,
            None => Sent::nobody(),
        };
        match sent {
            Sent::Later { wait } => return again(app, &purchase, wait).await,
            sent => purchase = record(app, purchase, &letter, &sent).await?,
        }
    }
    Ok(())
}

/// A checkout is confirmed to an address that nobody has proved to read: once a day and repository, whoever begins how many
/// (ruling 20).
async fn may_be_sent(app: &App, purchase: &Purchase, letter: &Letter) -> Result<bool, Error> {
    match letter {
        Letter::Confirmation => Ok(app.volatile.claim_confirmation(purchase, app.clock.now()).await?),
        _ => Ok(true),
    }
}

/// Writes down that a letter was sent, or never will be, and answers with the purchase as it is then.
async fn record(app: &App, purchase: Purchase, letter: &Letter, sent: &Sent) -> Result<Purchase, Error> {
    tell(sent);
    let mut before = purchase;
    for _ in 0..TRIES {
        let now = app.clock.now();
        let entry = line(
            LogEntry::new(LogId::generate(now, &app.random), now, Actor::Tollgate, letter.action(), LogStatus::Success),
            sent,
        );
        let after = before.having_told(letter, now);
        match app.store.change_purchase(&before, &after, &[entry.about(&before)]).await? {
            Change::Made => return Ok(Purchase { rev: before.rev + 1, ..after }),
            Change::Stale => {
                let newest = app.store.purchase(before.company, before.id).await?;
                before = newest.ok_or(Error::Contended)?;
            }
        }
    }
    Err(Error::Contended)
}

fn tell(sent: &Sent) {
    match sent {
        Sent::Accepted { message_id } => tracing::info!(metric = "mail.sent", message_id, "a letter was sent"),
        Sent::Refused { reason } => tracing::warn!(metric = "mail.refused", reason, "a letter was refused"),
        Sent::TooMany | Sent::Later { .. } => {
            tracing::warn!(metric = "mail.too_many", "an address has had enough letters today");
        }
    }
}

fn line(entry: LogEntry, sent: &Sent) -> LogEntry {
    match sent {
        Sent::Accepted { message_id } => entry.with("messageId", Some(message_id.as_str())),
        Sent::Refused { reason } => {
            LogEntry { status: LogStatus::Failed, ..entry.with("problem", Some(reason.as_str())) }
        }
        Sent::TooMany | Sent::Later { .. } => {
            let problem = "The address has had as many letters today as it may";
            LogEntry { status: LogStatus::Failed, ..entry.with("problem", Some(problem)) }
        }
    }
}

async fn again(app: &App, purchase: &Purchase, wait: Duration) -> Result<(), Error> {
    tracing::info!(wait_seconds = wait.as_secs(), "letters to be tried again");
    let job = Job::deliver(purchase);
    Ok(app.deliveries.send_after(&job, wait).await?)
}

/// Sends one letter. A letter that may have been sent counts towards the day's: SES knows no idempotency keys, so when it
/// is not known whether a letter was sent, the next try may be its second.
///
/// # Errors
/// When SES or the table did not answer: the job has to come again.
pub(crate) async fn send(app: &App, addressee: &Addressee, message: &Message) -> Result<Sent, Error> {
    let (company, to, now) = (addressee.company, &addressee.to, app.clock.now());
    if !app.volatile.claim_letter(company, to, now).await? {
        return Ok(Sent::TooMany);
    }
    let outgoing = Outgoing {
        to,
        reply_to: addressee.reply_to.as_ref(),
        subject: &message.subject,
        text: &message.text,
        html: &message.html,
    };
    match app.mail.send(&outgoing).await {
        Ok(message_id) => Ok(Sent::Accepted { message_id }),
        Err(MailError::Refused { reason }) => Ok(Sent::Refused { reason }),
        Err(MailError::Throttled { retry }) => {
            app.volatile.return_letter(company, to, now).await?;
            Ok(Sent::Later { wait: retry })
        }
        Err(error) => Err(error.into()),
    }
}
