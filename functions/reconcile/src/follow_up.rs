//! A second look at every purchase that was changed: whether what follows from the change was asked for. A worker can die
//! between the change and the message that it sends, and a message can be lost by hand. The log says what was changed, so
//! this costs as much as there were changes, however many purchases there are.

use std::collections::BTreeSet;

use domain::{
    CompanyId, LogId, PurchaseId,
    access::Observed,
    letters,
    purchase::{Gate, Purchase},
};
use jobs::Job;

use crate::{App, Error, ago, rounds::Round};

/// What follows takes so long at most, unless it was lost.
const SETTLES_AFTER_SECONDS: i64 = 10 * 60;
/// The first run looks back so far.
const FIRST_SECONDS: i64 = 24 * 60 * 60;
/// How many lines of a company's log one run reads.
const LINES: usize = 2000;

/// Asks for what follows from each changed purchase, if it has not come about.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "follow_up").await?;
    for company in round.companies() {
        round.note(company, look(app, company).await);
    }
    round.end(app).await
}

async fn look(app: &App, company: CompanyId) -> Result<(), Error> {
    let read = app.store.watermark::<Option<LogId>>(&format!("follow_up/{company}")).await?;
    let after = read.at.unwrap_or_else(|| LogId::earliest(ago(app, FIRST_SECONDS)));
    let upto = LogId::earliest(ago(app, SETTLES_AFTER_SECONDS));
    let lines = app.store.lines(company, Some(after), upto, LINES).await?;
    let Some(last) = lines.last() else { return Ok(()) };
    let changed: BTreeSet<PurchaseId> =
        lines.iter().filter_map(|line| line.body["purchase"].as_str()?.parse().ok()).collect();
    for purchase in app.store.purchases_by_id(company, changed).await? {
        follow(app, &purchase).await?;
    }
    app.store.move_watermark(&read, &Some(last.id)).await?;
    Ok(())
}

async fn follow(app: &App, purchase: &Purchase) -> Result<(), Error> {
    let now = app.clock.now();
    if !letters::due(purchase, now).is_empty() {
        tracing::warn!(metric = "reconcile.letters", purchase = %purchase.id, "letters are due");
        app.deliveries.send(&Job::deliver(purchase)).await?;
    }
    if is_behind(&purchase.at(now)) {
        tracing::warn!(metric = "reconcile.access", purchase = %purchase.id, "its access does not follow");
        app.access.send(&Job::sync(purchase.entitlement())).await?;
    }
    Ok(())
}

/// Whether its access is not what its gate says, and nobody knows why.
fn is_behind(purchase: &Purchase) -> bool {
    let (access, granted) = (&purchase.access, purchase.access.observed != Observed::Nothing);
    let is_explained = access.problem.is_some() || access.scheduled_for.is_some();
    match purchase.gate() {
        Gate::Open => !granted && !is_explained,
        Gate::Closed { .. } => granted && access.problem.is_none(),
        Gate::NotYet => false,
    }
}
