//! Makes GitHub match an entitlement, and writes down what came of it.
//!
//! Level-triggered: what is desired is read, GitHub is looked at and changed, and what was seen is written only if what
//! is desired has not changed meanwhile; else it starts over. So messages may be doubled, late or out of order.

mod hand_over;
mod invite;
mod record;

use std::time::Duration;

use domain::{
    Timestamp,
    access::{Entitlement, EntitlementKey, Observed, ProblemCode, is_desired},
    log::Actor,
    purchase::Purchase,
};
use jobs::Job;
use store::Change;

use crate::{
    App, Error, TRIES, follow_up,
    github::{LONGEST_PAUSE_SECONDS, Place, Trouble},
    listings, packages,
};

/// The first wait when GitHub is unable; it doubles with each attempt, up to the longest that a queue delays.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// What came of a look at GitHub.
#[derive(Default)]
struct Seen {
    /// What it grants; `None` when it could not be told.
    observed: Option<Observed>,
    /// When the invitation that waits was sent.
    invited_at: Option<Timestamp>,
    /// Whether it replaced one that had expired.
    replaced: bool,
    /// From when on the account can be invited, when the invitations of the day are used up.
    scheduled: Option<Timestamp>,
    /// Why GitHub does not match, if it does not.
    trouble: Option<Trouble>,
    /// The account's present name, if it was learned.
    login: Option<String>,
    /// GitHub's id of the last change.
    request_id: Option<String>,
    /// Whether GitHub was, or may have been, changed.
    changed_github: bool,
}

/// Why a look ended early.
enum Stop {
    /// GitHub did not do it.
    Trouble(Trouble),
    /// What is desired may have changed: it is looked at anew.
    Stale,
    /// The job has to come again.
    Error(Error),
}

/// On whose word it is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// Who told.
    pub(crate) actor: Actor,
    /// With which event or delivery.
    pub(crate) request: Option<String>,
}

impl Cause {
    /// Nobody's: the rules ask for it.
    pub(crate) fn rules() -> Self {
        Self { actor: Actor::Tollgate, request: None }
    }
}

/// Makes GitHub match the entitlement. What only time heals is sent to the queue again with a delay, or is due later, which
/// costs no receives; what only a person can mend is written onto the purchases and left alone.
pub(crate) async fn sync(app: &App, key: &EntitlementKey, attempt: u32, cause: &Cause) -> Result<(), Error> {
    let mut followed = false;
    for _ in 0..TRIES {
        let (entitlement, pause) =
            futures::try_join!(app.store.entitlement(key), app.volatile.github_pause(key.company))?;
        let Some(mut entitlement) = entitlement else { return Ok(()) };
        let purchases = app.store.purchases_by_id(key.company, entitlement.purchases.iter().copied()).await?;
        // Packages are ours to give: what becomes of GitHub below does not hold them up, nor they that.
        let granted = packages::purchase::grant_all(app, &purchases).await;
        let now = app.clock.now();
        if let Some(until) = pause.filter(|until| *until > now) {
            granted?;
            return again(app, key, attempt, wait_until(until, now)).await;
        }
        let (befores, moved): (Vec<_>, Vec<_>) = purchases.into_iter().partition(|it| entitlement.owns(it));
        if let Some(account) = befores.iter().find_map(|purchase| purchase.access.after) {
            // Another account goes out first; whoever sees to that asks for this one again.
            let first = EntitlementKey { account, ..*key };
            granted?;
            return Ok(app.access.send(&Job::sync(first)).await?);
        }
        let current: Vec<_> = befores.iter().map(|before| before.at(now)).collect();
        let Some(seen) = settle(app, &mut entitlement, &current).await? else { continue };
        if !followed && has_moved(app, &entitlement, &seen).await? {
            followed = true;
            continue;
        }
        let (change, purchases) = record::record(app, &entitlement, (&befores, &current), &seen, cause).await?;
        if change == Change::Stale {
            continue;
        }
        for purchase in &purchases {
            follow_up::letters(app, purchase).await?;
        }
        if seen.trouble.is_none() {
            hand_over::all(app, &entitlement, moved, seen.login.as_deref()).await?;
        }
        granted?;
        return match seen.trouble {
            Some(trouble) if trouble.code.heals() => retry(app, key, attempt, &trouble).await,
            _ => Ok(()),
        };
    }
    Err(Error::Contended)
}

/// Looks at GitHub and changes it; `None` when it is to be begun anew. Somebody who was never let in by us is not put out by
/// us.
async fn settle(app: &App, entitlement: &mut Entitlement, purchases: &[Purchase]) -> Result<Option<Seen>, Error> {
    let mut seen = Seen::default();
    let desired = is_desired(purchases);
    if !desired && !entitlement.admitted {
        seen.observed = Some(Observed::Nothing);
        return Ok(Some(seen));
    }
    let mut place = Place::new(&app.github, entitlement);
    let settled = if desired {
        invite::admit(app, &mut place, entitlement, purchases, &mut seen).await
    } else {
        remove(&mut place, &mut seen).await
    };
    (seen.changed_github, seen.request_id) = (place.changed, place.request_id);
    match settled {
        Ok(observed) => seen.observed = Some(observed),
        Err(Stop::Trouble(trouble)) => seen.trouble = Some(trouble),
        Err(Stop::Stale) => return Ok(None),
        Err(Stop::Error(error)) => return Err(error),
    }
    Ok(Some(seen))
}

async fn remove(place: &mut Place<'_>, seen: &mut Seen) -> Result<Observed, Stop> {
    // Nobody is left to take access from when the account is gone.
    if let Some(login) = place.login().await? {
        seen.login = Some(login.clone());
        place.remove(&login).await?;
    }
    Ok(Observed::Nothing)
}

/// Follows a repository that is not to be seen any more to where it is now, by its number.
async fn has_moved(app: &App, entitlement: &Entitlement, seen: &Seen) -> Result<bool, Error> {
    let lost = seen.trouble.as_ref().is_some_and(|trouble| trouble.code == ProblemCode::RepositoryNotFound);
    match entitlement.github_id.filter(|_| lost) {
        Some(github_id) => listings::follow(app, entitlement, github_id).await,
        None => Ok(false),
    }
}

/// Tries again later. When GitHub itself said when, all workers are told; unless it is so far off that it can only be meant
/// for one repository: nobody else is to wait for that.
async fn retry(app: &App, key: &EntitlementKey, attempt: u32, trouble: &Trouble) -> Result<(), Error> {
    let now = app.clock.now();
    if let Some(until) = trouble.until {
        if until.as_second() <= now.as_second() + LONGEST_PAUSE_SECONDS {
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
pub(crate) fn wait_until(until: Timestamp, now: Timestamp) -> Duration {
    let millis = u64::try_from(until.as_millisecond() - now.as_millisecond()).unwrap_or(0);
    Duration::from_millis(millis).max(Duration::from_secs(1)) + Duration::from_millis(999)
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<domain::Failure> for Stop {
    fn from(failure: domain::Failure) -> Self {
        Self::Error(failure.into())
    }
}
