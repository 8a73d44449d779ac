//! Letting an account in: whose turn it is, and the invitation.

use clients::github::Invited;
use domain::{
    GithubUserId, Timestamp,
    access::{Entitlement, Observed, ProblemCode},
    invitations::{Budget, Place as InQueue, Turn},
    purchase::{Gate, Purchase},
};
use store::{Change, Counted, Waiting};

use super::{Seen, Stop};
use crate::{
    App, Error,
    github::{NotInvited, Place, Standing, Trouble},
};

/// How often the budget is looked at anew because somebody else was invited meanwhile.
const TRIES: usize = 20;

/// How long to leave a repository alone whose invitations are used up when nobody said for how long: others than us invite.
const UNTOLD_SECONDS: i64 = 60 * 60;

/// Lets the account in if it is not in already. An invitation that waits is left alone, unless the buyer asks for another;
/// one that has expired is replaced, once. `entitlement` is brought up to date with what is written.
pub(super) async fn admit(
    app: &App,
    place: &mut Place<'_>,
    entitlement: &mut Entitlement,
    purchases: &[Purchase],
    seen: &mut Seen,
) -> Result<Observed, Stop> {
    let gone = || Trouble::new(ProblemCode::AccountNotFound, "The buyer's GitHub account does not exist any more");
    let login = place.login().await?.ok_or_else(gone)?;
    seen.login = Some(login.clone());
    let asked = is_asked_for(purchases);
    let in_the_way = match place.standing(&login).await? {
        Standing::Member => return Ok(Observed::Member),
        Standing::Invited { id, .. } if asked => vec![id],
        Standing::Invited { since, .. } => {
            seen.invited_at = Some(since);
            return Ok(Observed::Invited);
        }
        Standing::Nothing { expired } => expired,
    };
    if !in_the_way.is_empty() && was_replaced(purchases) && !asked {
        return Ok(Observed::Invited);
    }
    let now = app.clock.now();
    if let Turn::From(at) = take_turn(app, entitlement, purchases, now).await? {
        seen.scheduled = Some(at);
        return Ok(entitlement.observed);
    }
    for invitation in in_the_way {
        place.delete(invitation).await?;
        seen.replaced = !asked;
    }
    match place.invite(&login, now).await {
        Ok(Invited::Pending { .. }) => {
            seen.invited_at = Some(now);
            Ok(Observed::Invited)
        }
        Ok(Invited::Already) => {
            give_back(app, entitlement, Budget::clone).await?;
            Ok(Observed::Member)
        }
        Err(NotInvited::Full { until }) => {
            give_back(app, entitlement, |budget| full(budget, until, now)).await?;
            // Looked at once more: now it waits.
            match take_turn(app, entitlement, purchases, now).await? {
                Turn::From(at) => seen.scheduled = Some(at),
                Turn::Now => return Err(Stop::Stale),
            }
            Ok(entitlement.observed)
        }
        Err(NotInvited::Trouble(trouble)) => {
            if trouble.is_refusal() {
                give_back(app, entitlement, Budget::clone).await?;
            }
            Err(trouble.into())
        }
    }
}

/// Whether the buyer asked for the invitation again.
fn is_asked_for(purchases: &[Purchase]) -> bool {
    purchases.iter().any(|purchase| purchase.gate() == Gate::Open && purchase.access.resend)
}

/// Whether an expired invitation was replaced already: once is enough, unless the buyer asks.
fn was_replaced(purchases: &[Purchase]) -> bool {
    purchases.iter().any(|purchase| purchase.gate() == Gate::Open && purchase.access.reinvited)
}

/// Counts the invitation if it is its turn. One that was counted before, and of which it is not known whether GitHub sent it,
/// is not counted again.
async fn take_turn(
    app: &App,
    entitlement: &mut Entitlement,
    purchases: &[Purchase],
    now: Timestamp,
) -> Result<Turn, Stop> {
    let key = entitlement.key;
    let Some(place) = InQueue::of(purchases) else { return Err(Stop::Stale) };
    for _ in 0..TRIES {
        let (budget, waiting) = app.store.invitations(key.company, key.repository).await?;
        if entitlement.inviting.is_some_and(|at| budget.counts(key.account, at, now)) {
            return Ok(Turn::Now);
        }
        let turn = budget.turn(ahead(&waiting, key.account, place), now);
        if turn != Turn::Now {
            return Ok(turn);
        }
        let after = Entitlement { admitted: true, waiting: None, inviting: Some(now), ..entitlement.clone() };
        let counted = budget.with(key.account, now);
        match app.store.count_invitation((entitlement, &after), (&budget, &counted)).await? {
            Counted::Made => {
                *entitlement = Entitlement { rev: entitlement.rev + 1, ..after };
                return Ok(Turn::Now);
            }
            Counted::BudgetStale => {}
            Counted::EntitlementStale => return Err(Stop::Stale),
        }
    }
    Err(Error::Contended.into())
}

/// How many wait who go first.
fn ahead(waiting: &[Waiting], account: GithubUserId, place: InQueue) -> usize {
    waiting.iter().filter(|other| other.account != account && other.place < place).count()
}

/// The budget when GitHub says that it invites nobody more today.
fn full(budget: &Budget, until: Option<Timestamp>, now: Timestamp) -> Budget {
    let untold = Timestamp::from_second(now.as_second() + UNTOLD_SECONDS).unwrap_or(now);
    match (until, budget.turn(0, now)) {
        (Some(until), _) => budget.closed(until),
        (None, Turn::From(_)) => budget.clone(),
        (None, Turn::Now) => budget.closed(untold),
    }
}

/// Gives back what GitHub surely did not send, and changes the budget besides.
async fn give_back(app: &App, entitlement: &mut Entitlement, change: impl Fn(&Budget) -> Budget) -> Result<(), Error> {
    let key = entitlement.key;
    let Some(at) = entitlement.inviting.take() else { return Ok(()) };
    for _ in 0..TRIES {
        let budget = app.store.budget(key.company, key.repository).await?;
        let after = change(&budget.without(key.account, at));
        if after == budget {
            return Ok(());
        }
        if app.store.change_budget(key.company, key.repository, &budget, &after).await? == Change::Made {
            return Ok(());
        }
    }
    Err(Error::Contended)
}
