//! Makes GitHub match an entitlement, and writes down what came of it.
//!
//! Level-triggered: what is desired is read, GitHub is looked at and changed, and what was seen is written only if what
//! is desired has not changed meanwhile; else it starts over. So messages may be doubled, late or out of order.

mod hand_over;

use std::time::Duration;

use domain::{
    LogId, Timestamp,
    access::{AccessProblem, Entitlement, EntitlementKey, Observed, concerns, is_desired, share_of},
    log::{Action, Actor, LogEntry, LogStatus},
    purchase::{Gate, Purchase},
};
use jobs::Job;
use store::{AccessRecord, Change};

use crate::{
    App, Error, TRIES, follow_up,
    github::{self, Seen, Trouble, Wanted},
};

/// The first wait when GitHub is unable; it doubles with each attempt, up to the longest that a queue delays.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// GitHub's limits on calls end within the hour.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Makes GitHub match the entitlement. What only time heals is sent to the queue again with a delay, which costs no
/// receives; what only a person can mend is written onto the purchases and left alone.
pub(crate) async fn sync(app: &App, key: &EntitlementKey, attempt: u32) -> Result<(), Error> {
    for _ in 0..TRIES {
        let (entitlement, pause) =
            futures::try_join!(app.store.entitlement(key), app.volatile.github_pause(key.company))?;
        let Some(entitlement) = entitlement else { return Ok(()) };
        let now = app.clock.now();
        if let Some(until) = pause.filter(|until| *until > now) {
            return again(app, key, attempt, wait_until(until, now)).await;
        }
        let purchases = app.store.purchases_by_id(key.company, entitlement.purchases.iter().copied()).await?;
        let (purchases, moved): (Vec<_>, Vec<_>) = purchases.into_iter().partition(|it| entitlement.owns(it));
        if purchases.iter().any(|purchase| purchase.access.after.is_some()) {
            // Another account goes out first; whoever sees to that asks for this one again.
            return Ok(());
        }
        let purchases: Vec<_> = purchases.into_iter().map(|before| (before.at(now), before)).collect();
        let current: Vec<_> = purchases.iter().map(|(current, _)| current.clone()).collect();
        let seen = github::reconcile(&app.github, &entitlement, wanted(&current)).await;
        let befores: Vec<_> = purchases.into_iter().map(|(_, before)| before).collect();
        let (change, purchases) = record(app, &entitlement, (&befores, &current), &seen).await?;
        if change == Change::Stale {
            continue;
        }
        for purchase in &purchases {
            follow_up::letters(app, purchase).await?;
        }
        if seen.trouble.is_none() {
            hand_over::all(app, &entitlement, moved, seen.login.as_deref()).await?;
        }
        return match seen.trouble {
            Some(trouble) if trouble.code.heals() => retry(app, key, attempt, &trouble).await,
            _ => Ok(()),
        };
    }
    Err(Error::Contended)
}

/// What is wanted of GitHub for these purchases.
fn wanted(purchases: &[Purchase]) -> Wanted {
    let open = || purchases.iter().filter(|purchase| purchase.gate() == Gate::Open);
    match open().next() {
        None => Wanted::Nothing,
        Some(_) if open().any(|purchase| purchase.access.resend) => Wanted::NewInvitation,
        Some(_) => Wanted::Access,
    }
}

/// Writes what was seen, with a log line for each purchase that it changes anything for. Nothing is written if nothing
/// was changed or learned; but whenever GitHub was changed the entitlement is written, and its purchases are made sure of,
/// for they are what tells whether it was still desired.
async fn record(
    app: &App,
    entitlement: &Entitlement,
    (befores, current): (&[Purchase], &[Purchase]),
    seen: &Seen,
) -> Result<(Change, Vec<Purchase>), Error> {
    let now = app.clock.now();
    let observed = seen.observed.unwrap_or(entitlement.observed);
    let problem = match &seen.trouble {
        Some(trouble) if is_passing(trouble, seen, entitlement, current) => entitlement.problem.clone(),
        trouble => trouble.as_ref().map(|trouble| problem(entitlement.problem.as_ref(), trouble, now)),
    };
    let change = |purchase: &Purchase| {
        let problem = problem.clone().filter(|_| concerns(current, purchase));
        purchase.seeing(share_of(current, purchase, observed), problem, now)
    };
    let changes: Vec<_> = befores.iter().cloned().zip(current.iter().map(change)).collect();
    let news = observed != entitlement.observed
        || problem != entitlement.problem
        || changes.iter().any(|(before, after)| before != after);
    if !news && !seen.changed_github {
        return Ok((Change::Made, changes.into_iter().map(|(_, after)| after).collect()));
    }
    let changed = changes.iter().filter(|(before, after)| before != after && concerns(current, after));
    let entries: Vec<_> = changed
        .map(|(before, after)| log_entry(app, entitlement, is_desired(current), seen, now).of_change(before, after))
        .collect();
    let after = Entitlement {
        observed,
        problem,
        admitted: entitlement.admitted || observed != Observed::Nothing,
        ..entitlement.clone()
    };
    let record = AccessRecord { before: entitlement, after: &after, purchases: &changes, entries: &entries };
    let change = app.store.record_access(&record).await?;
    Ok((change, changes.into_iter().map(|(_, after)| after).collect()))
}

/// Whether trouble that ends by itself leaves everything as it is desired and written: then it is no news, and neither is
/// its end. Else a look at access that has long been given or taken would write of it a second time.
fn is_passing(trouble: &Trouble, seen: &Seen, entitlement: &Entitlement, purchases: &[Purchase]) -> bool {
    let (desired, observed) = (is_desired(purchases), entitlement.observed);
    let as_desired = desired == (observed != Observed::Nothing);
    let may_be_lost = desired && seen.changed_github;
    let is_written = |purchase: &Purchase| purchase.access.observed == share_of(purchases, purchase, observed);
    trouble.code.heals() && as_desired && !may_be_lost && purchases.iter().all(is_written)
}

/// The problem as it is written down: one that lasts keeps its beginning and its words.
fn problem(known: Option<&AccessProblem>, trouble: &Trouble, now: Timestamp) -> AccessProblem {
    match known {
        Some(known) if known.code == trouble.code => known.clone(),
        _ => AccessProblem { code: trouble.code, message: trouble.message.clone(), since: now },
    }
}

fn log_entry(app: &App, entitlement: &Entitlement, desired: bool, seen: &Seen, now: Timestamp) -> LogEntry {
    let trouble = seen.trouble.as_ref();
    let action = if desired { Action::CollaboratorAdded } else { Action::CollaboratorRemoved };
    let status = match trouble {
        None => LogStatus::Success,
        Some(trouble) if trouble.code.heals() => LogStatus::Retry,
        Some(_) => LogStatus::Failed,
    };
    LogEntry::new(LogId::generate(now, &app.random), now, Actor::Tollgate, action, status)
        .with("repositoryFullName", Some(entitlement.github.to_string()))
        .with("githubUsername", seen.login.clone())
        .with("invitation", (seen.observed == Some(Observed::Invited)).then_some("pending"))
        .with("problem", trouble.map(|trouble| trouble.message.clone()))
        .with("githubRequestId", trouble.and_then(|trouble| trouble.request_id.clone()))
}

/// Tries again later. When GitHub itself said when, all workers are told; unless it is so far off that it can only be meant
/// for one repository, like the 50 invitations a day: nobody else is to wait for that.
async fn retry(app: &App, key: &EntitlementKey, attempt: u32, trouble: &Trouble) -> Result<(), Error> {
    let now = app.clock.now();
    if let Some(until) = trouble.until {
        if until <= now + LONGEST_PAUSE {
            app.volatile.pause_github(key.company, until).await?;
        }
        return again(app, key, attempt, wait_until(until, now)).await;
    }
    let wait = FIRST_WAIT.saturating_mul(1 << attempt.min(7)).min(LONGEST_WAIT);
    again(app, key, attempt.saturating_add(1), wait).await
}

async fn again(app: &App, entitlement: &EntitlementKey, attempt: u32, wait: Duration) -> Result<(), Error> {
    tracing::info!(wait_seconds = wait.as_secs(), attempt, "to be tried again");
    Ok(app.access.send_after(&Job::SyncAccess { entitlement: *entitlement, attempt }, wait).await?)
}

/// At least a second, so that a wait that is nearly over does not spin.
fn wait_until(until: Timestamp, now: Timestamp) -> Duration {
    let millis = u64::try_from(until.as_millisecond() - now.as_millisecond()).unwrap_or(0);
    Duration::from_millis(millis).max(Duration::from_secs(1)) + Duration::from_millis(999)
}
