//! Stripe's list of events, for what no webhook brought (Stripe gives up on one after three days).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use clients::stripe::{MAX_EVENTS, MAX_TYPES, StripeError};
use domain::{
    CompanyId, PurchaseId,
    stripe_event::{PaymentEvent, Subject, TYPES},
};
use jobs::Job;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{App, Error, synthetic};

/// How many pages of the list one run reads.
const PAGES: usize = 20;
/// Events are listed a little after their time.
const OVERLAP_SECONDS: i64 = 10 * 60;
/// Stripe keeps events for 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// How far the list was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Progress {
    /// All events before this second are known.
    since: i64,
    /// A walk that one run could not finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
}

/// A walk through the list, which begins with the newest event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Walk {
    /// The second when it began.
    began: i64,
    /// It ends with the events of this second.
    from: i64,
    /// The last event that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// Sends each event that was not applied yet to the queue of payments.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    for (number, types) in TYPES.chunks(MAX_TYPES).enumerate() {
        walk(app, &format!("stripe_events/{number}"), types).await?;
    }
    Ok(())
}

async fn walk(app: &App, task: &str, types: &[&str]) -> Result<(), Error> {
    let read = app.store.watermark::<Progress>(task).await?;
    let now = app.clock.now().as_second();
    let from = read.at.since.max(now - KEPT_SECONDS) - OVERLAP_SECONDS;
    let mut walk = read.at.walk.clone().unwrap_or(Walk { began: now, from, after: None });
    let (mut events, mut finished) = (Vec::new(), false);
    for _ in 0..PAGES {
        let page = match app.stripe.events(types, walk.from, walk.after.as_deref(), MAX_EVENTS).await {
            Err(StripeError::Invalid { .. }) if read.at.walk.is_some() => {
                // The event that it stopped at is forgotten. It begins anew.
                app.store.move_watermark(&read, &Progress { since: read.at.since, walk: None }).await?;
                return Ok(());
            }
            page => page?,
        };
        walk.after = page.events.last().and_then(|event| event["id"].as_str()).map(str::to_owned).or(walk.after);
        events.extend(page.events);
        finished = !page.has_more;
        if finished {
            break;
        }
    }
    send_unknown(app, &events).await?;
    let to = if finished {
        Progress { since: walk.began, walk: None }
    } else {
        Progress { since: read.at.since, walk: Some(walk) }
    };
    app.store.move_watermark(&read, &to).await?;
    Ok(())
}

/// Sends those that their purchases do not know, the oldest first. An event that does not name its purchase is sent in any
/// case: applying it twice is harmless.
async fn send_unknown(app: &App, newest_first: &[Value]) -> Result<(), Error> {
    let events: Vec<Box<PaymentEvent>> = newest_first.iter().rev().filter_map(synthetic::read).collect();
    let known = known(app, &events).await?;
    let unknown = events.into_iter().filter(|event| !known.contains(&event.id));
    let mut sent = 0;
    for event in unknown {
        app.payments.send(&Job::ApplyPayment { event }).await?;
        sent += 1;
    }
    if sent > 0 {
        tracing::warn!(metric = "reconcile.stripe_events", count = sent, "events that no webhook brought, or not yet");
    }
    Ok(())
}

/// The ids of the events that were applied, or that are about purchases which are not here.
async fn known(app: &App, events: &[Box<PaymentEvent>]) -> Result<HashSet<String>, Error> {
    let mut wanted: BTreeMap<CompanyId, BTreeSet<PurchaseId>> = BTreeMap::new();
    for event in events {
        if let Subject::Purchase(subject) = event.subject {
            wanted.entry(subject.company).or_default().insert(subject.purchase);
        }
    }
    let mut purchases = BTreeMap::new();
    for (company, ids) in wanted {
        let found = app.store.purchases_by_id(company, ids).await?;
        purchases.extend(found.into_iter().map(|purchase| ((company, purchase.id), purchase)));
    }
    let is_known = |event: &PaymentEvent| match event.subject {
        Subject::Purchase(subject) => purchases
            .get(&(subject.company, subject.purchase))
            .is_none_or(|purchase| purchase.causes.contains(&event.id)),
        Subject::Subscription(_) | Subject::PaymentIntent(_) => false,
    };
    Ok(events.iter().filter(|event| is_known(event)).map(|event| event.id.clone()).collect())
}
