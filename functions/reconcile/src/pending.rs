//! Checkouts of which nothing was heard: Stripe is asked what became of them.

use domain::{
    CompanyId, PurchaseId,
    purchase::{AccessStatus, Purchase},
};
use jobs::Job;
use serde_json::Value;

use crate::{App, Error, ago, rounds::Round, synthetic};

/// After an hour a webhook that was to come would have come.
const FIRST_LOOK_SECONDS: i64 = 60 * 60;
/// A session ends after a day at the latest, and is said to have a little later.
const LAST_LOOK_SECONDS: i64 = 25 * 60 * 60;
/// How many checkouts of a company one run looks at, and how many of them it asks Stripe about.
const READ: usize = 500;
const ASKED: usize = 50;

/// A session is looked at twice: an hour after the checkout began, and when it must have ended.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "pending").await?;
    for company in round.companies() {
        round.note(company, both_looks(app, company).await);
    }
    round.end(app).await
}

async fn both_looks(app: &App, company: CompanyId) -> Result<(), Error> {
    let ended = PurchaseId::earliest(ago(app, LAST_LOOK_SECONDS));
    // After a day without a run both looks are due at once: then the last one is enough.
    look(app, company, "pending/first", (Some(ended), FIRST_LOOK_SECONDS)).await?;
    look(app, company, "pending/last", (None, LAST_LOOK_SECONDS)).await
}

/// Asks about the checkouts after `from` that are so old and were not asked about at that age.
async fn look(app: &App, company: CompanyId, task: &str, (from, age): (Option<PurchaseId>, i64)) -> Result<(), Error> {
    let read = app.store.watermark::<Option<PurchaseId>>(&format!("{task}/{company}")).await?;
    let upto = PurchaseId::earliest(ago(app, age));
    let found =
        app.store.purchases_between(company, AccessStatus::Pending, (read.at.max(from), Some(upto)), READ).await?;
    let (mut last, mut asked) = (read.at, 0);
    for purchase in &found {
        if let Some(session) = awaited(purchase) {
            if asked == ASKED {
                break;
            }
            asked += 1;
            if let Some(session) = app.stripe.checkout_session(session).await? {
                apply(app, purchase, &session).await?;
            }
        }
        last = Some(purchase.id);
    }
    if last != read.at {
        app.store.move_watermark(&read, &last).await?;
    }
    Ok(())
}

fn awaited(purchase: &Purchase) -> Option<&str> {
    let session = purchase.session.as_ref().filter(|_| purchase.is_awaited());
    session.and_then(|session| session.id.as_deref())
}

async fn apply(app: &App, purchase: &Purchase, session: &Value) -> Result<(), Error> {
    let now = app.clock.now().as_second();
    let (kind, at) = match session["status"].as_str() {
        Some("complete") => ("checkout.session.completed", now),
        Some("expired") => ("checkout.session.expired", session["expires_at"].as_i64().unwrap_or(now).min(now)),
        _ => return Ok(()),
    };
    let cause = [&session["id"], &session["status"]].map(|part| part.as_str().unwrap_or_default()).join(":");
    if let Some(event) = synthetic::event(&cause, kind, session, at) {
        tracing::warn!(metric = "reconcile.session", purchase = %purchase.id, event.id, "no webhook told of it");
        app.payments.send(&Job::ApplyPayment { event }).await?;
    }
    Ok(())
}
