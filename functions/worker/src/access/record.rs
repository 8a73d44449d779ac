//! What is written of a look at GitHub.

use domain::{
    LogId, Timestamp,
    access::{AccessProblem, Entitlement, Observed, ProblemCode, concerns, is_desired, share_of},
    invitations::{self, Place},
    log::{Action, Actor, LogEntry, LogStatus},
    purchase::{Gate, Purchase},
};
use store::{AccessRecord, Change};

use super::{Cause, Seen};
use crate::{App, Error, github::Trouble};

/// An invitation's age as GitHub tells it may differ by this from the time at which we sent it.
const SAME_TIME_SECONDS: i64 = 120;

/// What only a person can mend is looked at once a day for a month: it may have been mended without our being told.
const LOOK_AGAIN_SECONDS: i64 = 24 * 60 * 60;
const LOOKS: i64 = 30;

/// Writes what was seen, with the lines that tell of it, and answers with the purchases as they are then. Nothing is written
/// if nothing was changed or learned; but whenever GitHub was changed the entitlement is written, and its purchases are made
/// sure of, for they are what tells whether it was still desired.
pub(super) async fn record(
    app: &App,
    entitlement: &Entitlement,
    (befores, current): (&[Purchase], &[Purchase]),
    seen: &Seen,
    cause: &Cause,
) -> Result<(Change, Vec<Purchase>), Error> {
    let now = app.clock.now();
    let observed = seen.observed.unwrap_or(entitlement.observed);
    let problem = match &seen.trouble {
        Some(trouble) if is_passing(trouble, seen, entitlement, current) => entitlement.problem.clone(),
        trouble => trouble.as_ref().map(|trouble| problem(entitlement.problem.as_ref(), trouble, now)),
    };
    let afters: Vec<_> =
        current.iter().map(|purchase| changed(purchase, current, (observed, problem.as_ref()), seen, now)).collect();
    let after = Entitlement {
        observed,
        admitted: entitlement.admitted || observed != Observed::Nothing,
        waiting: waiting(entitlement, current, seen),
        inviting: entitlement.inviting.filter(|_| seen.trouble.is_some()),
        due_at: due_at(&afters, seen, problem.as_ref(), now),
        problem,
        ..entitlement.clone()
    };
    if after == *entitlement && afters == befores && !seen.changed_github {
        return Ok((Change::Made, afters));
    }
    let entries = entries(app, entitlement, (befores, current, &afters), seen, cause);
    let purchases: Vec<_> = befores.iter().cloned().zip(afters.iter().cloned()).collect();
    let record = AccessRecord { before: entitlement, after: &after, purchases: &purchases, entries: &entries };
    Ok((app.store.record_access(&record).await?, afters))
}

/// A purchase when this was seen.
fn changed(
    purchase: &Purchase,
    purchases: &[Purchase],
    (observed, problem): (Observed, Option<&AccessProblem>),
    seen: &Seen,
    now: Timestamp,
) -> Purchase {
    let problem = problem.cloned().filter(|_| concerns(purchases, purchase));
    let mut after = purchase.seeing(share_of(purchases, purchase, observed), problem, now);
    if purchase.gate() != Gate::Open {
        return after;
    }
    if let Some(at) = seen.scheduled {
        after = after.scheduled(at);
        // What the buyer asked for waits with it, beside the invitation that there is.
        (after.access.resend, after.access.invited_at) = (purchase.access.resend, purchase.access.invited_at);
    }
    if seen.replaced && seen.invited_at.is_some() {
        after = after.reinvited(now);
    }
    match seen.invited_at {
        Some(at) if !is_about(after.access.invited_at, at) => after.invited(at),
        _ => after,
    }
}

fn is_about(known: Option<Timestamp>, at: Timestamp) -> bool {
    known.is_some_and(|known| (known.as_second() - at.as_second()).abs() <= SAME_TIME_SECONDS)
}

/// Its place in the queue: who found the budget used up waits until it is its turn; trouble that ends by itself costs nobody
/// the place.
fn waiting(entitlement: &Entitlement, purchases: &[Purchase], seen: &Seen) -> Option<Place> {
    let heals = seen.trouble.as_ref().is_some_and(|trouble| trouble.code.heals());
    if seen.scheduled.is_some() || (heals && entitlement.waiting.is_some()) { Place::of(purchases) } else { None }
}

/// When it is to be looked at again: when it is its turn to be invited, when the days of grace end, when the buyer is to be
/// reminded of the invitation, when that expires; and now and then while only a person can mend it.
fn due_at(purchases: &[Purchase], seen: &Seen, problem: Option<&AccessProblem>, now: Timestamp) -> Option<Timestamp> {
    let of_purchases = purchases.iter().flat_map(|purchase| {
        let open = purchase.gate() == Gate::Open && purchase.access.observed == Observed::Invited;
        let expires = purchase.access.invited_at.map(invitations::expires_at);
        [
            purchase.grace_ends_at(),
            purchase.reminder_at().filter(|_| open),
            expires.filter(|_| open && !purchase.access.reinvited),
        ]
    });
    let looks = problem.filter(|problem| {
        use ProblemCode::{Forbidden, RepositoryNotFound, StillHasAccess};
        matches!(problem.code, Forbidden | RepositoryNotFound | StillHasAccess)
    });
    let look = looks.and_then(|problem| {
        let days = (now.as_second() - problem.since.as_second()).div_euclid(LOOK_AGAIN_SECONDS) + 1;
        let at = problem.since.as_second() + days * LOOK_AGAIN_SECONDS;
        Timestamp::from_second(at).ok().filter(|_| days <= LOOKS)
    });
    of_purchases.chain([seen.scheduled, look]).flatten().filter(|at| *at > now).min()
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

/// The lines: one for each purchase whose grace is over, and one for each that what was seen changes something for.
fn entries(
    app: &App,
    entitlement: &Entitlement,
    (befores, current, afters): (&[Purchase], &[Purchase], &[Purchase]),
    seen: &Seen,
    cause: &Cause,
) -> Vec<LogEntry> {
    let now = app.clock.now();
    let line = |actor, action, status| LogEntry::new(LogId::generate(now, &app.random), now, actor, action, status);
    let mut entries = Vec::new();
    for (before, lapsed) in befores.iter().zip(current).filter(|(before, lapsed)| before != lapsed) {
        entries.push(line(Actor::Tollgate, Action::GraceEnded, LogStatus::Success).of_change(before, lapsed));
    }
    for (was, is) in current.iter().zip(afters).filter(|(was, is)| is_told(was, is, seen)) {
        if !concerns(current, is) {
            continue;
        }
        let (action, status) = what(was, is, seen, is_desired(current));
        // What GitHub told of is its own doing, all else is ours.
        let told = action == Action::InvitationAccepted;
        let actor = if told { cause.actor.clone() } else { Actor::Tollgate };
        let entry = details(line(actor, action, status), entitlement, is, seen).of_change(was, is);
        entries.push(match &cause.request {
            Some(request) if told => entry.caused_by(request),
            _ => entry,
        });
    }
    entries
}

/// Whether a change is one that people hear of; what else changes is when to look again.
fn is_told(was: &Purchase, is: &Purchase, seen: &Seen) -> bool {
    let again = seen.changed_github && was.access.invited_at != is.access.invited_at;
    let visible = |purchase: &Purchase| {
        let access = &purchase.access;
        (access.observed, access.problem.clone(), access.scheduled_for)
    };
    again || visible(was) != visible(is)
}

fn what(was: &Purchase, is: &Purchase, seen: &Seen, desired: bool) -> (Action, LogStatus) {
    let status = match &seen.trouble {
        None => LogStatus::Success,
        Some(trouble) if trouble.code.heals() => LogStatus::Retry,
        Some(_) => LogStatus::Failed,
    };
    let accepted = (was.access.observed, is.access.observed) == (Observed::Invited, Observed::Member);
    let action = match desired {
        _ if accepted => Action::InvitationAccepted,
        true if seen.scheduled.is_some() => Action::AccessScheduled,
        true => Action::CollaboratorAdded,
        false => Action::CollaboratorRemoved,
    };
    (action, status)
}

fn details(entry: LogEntry, entitlement: &Entitlement, purchase: &Purchase, seen: &Seen) -> LogEntry {
    let trouble = seen.trouble.as_ref();
    let invited = seen.observed == Some(Observed::Invited) && seen.scheduled.is_none();
    let request = trouble.and_then(|trouble| trouble.request_id.clone()).or_else(|| seen.request_id.clone());
    entry
        .with("repositoryFullName", Some(entitlement.github.to_string()))
        .with("githubUsername", seen.login.clone())
        .with("invitation", invited.then_some(if seen.replaced { "replaced" } else { "pending" }))
        .with("accessFrom", seen.scheduled.and(purchase.access.scheduled_for).map(|at| at.to_string()))
        .with("problem", trouble.map(|trouble| trouble.message.clone()))
        .with("githubRequestId", request)
}
