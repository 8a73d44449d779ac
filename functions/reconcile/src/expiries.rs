//! Customers whose time has come: from then on they can install nothing, whoever writes it down; lists and counts go by what
//! is written.

use domain::{
    LogId,
    log::{Action, Actor, LogEntry, LogStatus},
};
use store::Expiry;

use crate::{App, Error};

/// How many customers one run sees to.
const MOST: usize = 100;

/// Writes down that they have expired.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    for Expiry { company, customer, .. } in app.store.expiries(app.clock.now(), MOST).await? {
        let Some(before) = app.store.customer(company, customer).await? else { continue };
        let now = app.clock.now();
        let after = before.clone().changed(now);
        if !after.expired {
            continue;
        }
        let id = LogId::generate(now, &app.random);
        let entry = LogEntry::new(id, now, Actor::Tollgate, Action::CustomerExpired, LogStatus::Success)
            .with("customerId", Some(customer.to_string()))
            .changing("status", before.listed_status().name(), after.listed_status().name());
        // Whoever was faster has seen to it, or the next run will.
        let _ = app.store.change_customer(company, &before, &after, &entry).await?;
    }
    Ok(())
}
