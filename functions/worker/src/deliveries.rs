//! Sends the letters about a purchase that are due.
//!
//! Level-triggered: a message says only that letters may be due, so it may be doubled, late or out of order.

use std::time::Duration;

use clients::mail::{MailError, Outgoing};
use domain::{CompanyId, PurchaseId, purchase::Purchase, text::Email};
use jobs::Job;

use crate::{App, Error, letters::Message};

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

/// Sends what is due about a purchase.
pub(crate) async fn deliver(app: &App, company: CompanyId, purchase: PurchaseId) -> Result<(), Error> {
    let Some(purchase) = app.store.purchase(company, purchase).await? else { return Ok(()) };
    for (addressee, message) in due(&purchase) {
        match send(app, &addressee, &message).await? {
            Sent::Later { wait } => return again(app, &purchase, wait).await,
            Sent::Refused { reason } => tracing::warn!(metric = "mail.refused", reason, "a letter was refused"),
            Sent::TooMany => tracing::warn!(metric = "mail.too_many", "an address has had enough letters today"),
            Sent::Accepted { message_id } => tracing::info!(metric = "mail.sent", message_id, "a letter was sent"),
        }
    }
    Ok(())
}

/// The letters that are due. What a buyer was told is not written down yet, so none is.
fn due(_: &Purchase) -> Vec<(Addressee, Message)> {
    Vec::new()
}

async fn again(app: &App, purchase: &Purchase, wait: Duration) -> Result<(), Error> {
    tracing::info!(wait_seconds = wait.as_secs(), "letters to be tried again");
    let job = Job::Deliver { company: purchase.company, purchase: purchase.id };
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

#[cfg(test)]
mod tests;
