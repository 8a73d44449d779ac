//! Purchases that were moved to another account: once the account before is out, the other one's turn has come.

use domain::{
    LogId,
    access::{Entitlement, Observed},
    log::{Action, Actor, LogEntry, LogStatus},
    purchase::{Gate, Purchase},
};
use jobs::Job;
use store::Change;

use crate::{App, Error, TRIES};

/// Hands on what was moved away from `entitlement`, whose account is out, or is in by another purchase of its own. Asked again,
/// it asks again for what may not have been done.
pub(super) async fn all(
    app: &App,
    entitlement: &Entitlement,
    moved: Vec<Purchase>,
    login: Option<&str>,
) -> Result<(), Error> {
    for purchase in moved {
        let purchase = release(app, entitlement, purchase, login).await?;
        let waits = purchase.gate() == Gate::Open && purchase.access.observed == Observed::Nothing;
        if purchase.access.after.is_none() && waits {
            app.access.send(&Job::sync(purchase.entitlement())).await?;
        }
    }
    Ok(())
}

/// Writes down that the account before is out, if it is the one that the purchase waits for.
async fn release(
    app: &App,
    entitlement: &Entitlement,
    purchase: Purchase,
    login: Option<&str>,
) -> Result<Purchase, Error> {
    let mut before = purchase;
    for _ in 0..TRIES {
        if before.access.after != Some(entitlement.key.account) {
            return Ok(before);
        }
        let now = app.clock.now();
        let id = LogId::generate(now, &app.random);
        let after = before.released();
        let entry = LogEntry::new(id, now, Actor::Tollgate, Action::CollaboratorRemoved, LogStatus::Success)
            .with("repositoryFullName", Some(entitlement.github.to_string()))
            .with("githubUsername", login)
            .of_change(&before, &after);
        match app.store.change_purchase(&before, &after, &[entry]).await? {
            Change::Made => return Ok(Purchase { rev: before.rev + 1, ..after }),
            Change::Stale => {
                let newest = app.store.purchase(before.company, before.id).await?;
                before = newest.ok_or(Error::Contended)?;
            }
        }
    }
    Err(Error::Contended)
}
