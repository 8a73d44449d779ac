//! What is due: days of grace that end, invitations that expire, buyers for whom GitHub has room again.

use jobs::Job;

use crate::{App, Error};

/// How many entitlements one run sends on. Those that wait longest go first.
const MOST: usize = 200;

/// Has a look taken at each entitlement whose time has come; whoever looks clears or moves the time.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let due = app.store.due(app.clock.now(), MOST).await?;
    for entitlement in &due {
        app.access.send(&Job::sync(entitlement.key)).await?;
    }
    if !due.is_empty() {
        tracing::info!(metric = "reconcile.due", count = due.len(), "sent on");
    }
    Ok(())
}
