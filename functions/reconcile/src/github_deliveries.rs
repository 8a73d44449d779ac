//! GitHub's webhooks that did not reach us. GitHub never sends one again by itself, but an App may ask for it.

use domain::Timestamp;

use crate::{App, Error};

/// GitHub keeps them for three days.
const KEPT_SECONDS: i64 = 3 * 24 * 60 * 60;
/// An attempt may be listed a little after its time.
const OVERLAP_SECONDS: i64 = 10 * 60;
/// How many one run asks for, the oldest first.
const MOST: usize = 50;

/// Asks for each that failed since the last run. One that fails again is found again.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let read = app.store.watermark::<i64>("github_deliveries").await?;
    let now = app.clock.now();
    let since = read.at.max(now.as_second() - KEPT_SECONDS) - OVERLAP_SECONDS;
    let failed = app.github.failed_deliveries(Timestamp::from_second(since).unwrap_or(now)).await?;
    for delivery in failed.iter().take(MOST) {
        app.github.redeliver(delivery.id).await?;
        tracing::warn!(metric = "reconcile.github_delivery", delivery.guid, delivery.event, "asked for again");
    }
    let reached = failed.get(MOST).map_or(now, |delivery| delivery.delivered_at);
    app.store.move_watermark(&read, &reached.as_second()).await?;
    Ok(())
}
