//! Subscriptions of which nothing was heard for long: Stripe is asked how they are. A yearly one is silent for a year, and
//! its end may be what was missed.

use domain::{
    CompanyId, PurchaseId,
    purchase::{AccessStatus, Purchase},
};
use jobs::Job;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{App, Error, ago, rounds::Round, synthetic};

/// A monthly subscription is heard of more often.
const SILENT_SECONDS: i64 = 35 * 24 * 60 * 60;
/// All purchases with access are looked through so often, at the most.
const PASS_SECONDS: i64 = 24 * 60 * 60;
/// How many purchases of a company one run looks at, and how many of them it asks Stripe about.
const READ: usize = 2000;
const ASKED: usize = 50;

/// A pass through all purchases with access.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Pass {
    /// When it began, in Unix seconds.
    began: i64,
    /// The last purchase that was looked at; `None` when it is through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<PurchaseId>,
}

/// Asks about each silent subscription.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "subscriptions").await?;
    for company in round.companies() {
        round.note(company, look(app, company).await);
    }
    round.end(app).await
}

async fn look(app: &App, company: CompanyId) -> Result<(), Error> {
    let read = app.store.watermark::<Pass>(&format!("subscriptions/{company}")).await?;
    let now = app.clock.now().as_second();
    let mut pass = read.at.clone();
    if pass.last.is_none() {
        if pass.began + PASS_SECONDS > now {
            return Ok(());
        }
        pass.began = now;
    }
    let found = app.store.purchases_between(company, AccessStatus::Active, (pass.last, None), READ).await?;
    let (mut asked, mut through) = (0, found.len() < READ);
    for purchase in &found {
        if let Some(subscription) = silent(app, purchase) {
            if asked == ASKED {
                through = false;
                break;
            }
            asked += 1;
            if let Some(object) = app.stripe.subscription(subscription).await? {
                apply(app, &object).await?;
            }
        }
        pass.last = Some(purchase.id);
    }
    if through {
        pass.last = None;
    }
    app.store.move_watermark(&read, &pass).await?;
    Ok(())
}

fn silent<'a>(app: &App, purchase: &'a Purchase) -> Option<&'a str> {
    let heard =
        purchase.facts.subscription.filter(|known| !known.status.is_final() && known.at < ago(app, SILENT_SECONDS));
    purchase.facts.subscription_id.as_deref().filter(|_| heard.is_some())
}

async fn apply(app: &App, subscription: &Value) -> Result<(), Error> {
    let now = app.clock.now().as_second();
    let (id, status) =
        (subscription["id"].as_str().unwrap_or_default(), subscription["status"].as_str().unwrap_or_default());
    let cause = format!("{id}:{status}:{}", now / PASS_SECONDS);
    let kind = if status == "canceled" { "customer.subscription.deleted" } else { "customer.subscription.updated" };
    if let Some(event) = synthetic::event(&cause, kind, subscription, now) {
        app.payments.send(&Job::ApplyPayment { event }).await?;
    }
    Ok(())
}
