//! Customers whose time has come: from then on they can install nothing, whoever writes it down; lists and counts go by what
//! is written.

use domain::{
    LogId,
    log::{Action, Actor, LogEntry, LogStatus},
};
use store::{CustomerChange, Expiry};

use crate::{App, Error, deadline};

/// How many customers one round sees to.
const MOST: usize = 100;

/// Writes down that they have expired, in rounds while there is time: many subscriptions end with the year.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let deadline = deadline(app);
    loop {
        let expiries = app.store.expiries(app.clock.now(), MOST).await?;
        let (found, mut seen_to) = (expiries.len(), 0);
        for expiry in expiries {
            if app.clock.now() >= deadline {
                return Ok(());
            }
            seen_to += usize::from(expire(app, &expiry).await?);
        }
        // What was not seen to would be found again, and again.
        if found < MOST || seen_to == 0 {
            return Ok(());
        }
    }
}

/// Whether it is off the list now.
async fn expire(app: &App, Expiry { company, customer, .. }: &Expiry) -> Result<bool, Error> {
    let Some(before) = app.store.customer(*company, *customer).await? else { return Ok(false) };
    let now = app.clock.now();
    let after = before.clone().changed(now);
    if !after.expired {
        return Ok(false);
    }
    let id = LogId::generate(now, &app.random);
    let entry = LogEntry::new(id, now, Actor::Tollgate, Action::CustomerExpired, LogStatus::Success)
        .with("customerId", Some(customer.to_string()))
        .changing("status", before.listed_status().name(), after.listed_status().name());
    // Whoever was faster has seen to it, or the next round will.
    Ok(app.store.change_customer(*company, &before, &after, &entry).await? == CustomerChange::Made)
}
