//! Tells a vendor that a listing was taken off the market because of what became of its repository on GitHub.

use domain::{
    LogId,
    log::{Action, Actor, LogEntry, LogStatus},
};
use jobs::Job;
use store::{Listing, Relisted};

use super::{Addressee, Sent, line, send, shop};
use crate::{
    App, Error, TRIES,
    letters::{Letter, Withdrawn, letter},
};

/// Level-triggered, as the letters about purchases are: what the listing still has to tell is sent, and then written down.
pub(crate) async fn tell(app: &App, listing: Listing) -> Result<(), Error> {
    let Some(repository) = app.store.listed(listing).await? else { return Ok(()) };
    let Some(withdrawn) = repository.withdrawal_to_tell() else { return Ok(()) };
    let message = letter(&Letter::Withdrawn(Withdrawn {
        product: repository.display_name.to_string(),
        repository: repository.github.to_string(),
        because: withdrawn.because,
        at: withdrawn.at,
        listing_url: format!("{}/api/admin/repositories/{}", app.public_url, repository.id),
    }));
    let company = listing.company;
    let sent = match shop::vendor(app, company).await? {
        Some(to) => send(app, &Addressee { company, to, reply_to: None }, &message).await?,
        None => Sent::nobody(),
    };
    match sent {
        Sent::Later { wait } => Ok(app.deliveries.send_after(&job(listing), wait).await?),
        sent => record(app, listing, &sent).await,
    }
}

/// Asks for it.
pub(crate) fn job(listing: Listing) -> Job {
    Job::TellWithdrawn { company: listing.company, repository: listing.repository }
}

async fn record(app: &App, listing: Listing, sent: &Sent) -> Result<(), Error> {
    for _ in 0..TRIES {
        let Some(before) = app.store.listed(listing).await? else { return Ok(()) };
        if before.withdrawal_to_tell().is_none() {
            return Ok(());
        }
        let (now, action) = (app.clock.now(), Action::EmailSentAlert);
        let id = LogId::generate(now, &app.random);
        let entry = line(LogEntry::new(id, now, Actor::Tollgate, action, LogStatus::Success), sent);
        let entry = entry.about_repository(listing.repository);
        match app.store.relist(&before, &before.having_told_withdrawal(now), &entry).await? {
            Relisted::Yes => return Ok(()),
            Relisted::Stale | Relisted::PlaceTaken => {}
        }
    }
    Err(Error::Contended)
}
