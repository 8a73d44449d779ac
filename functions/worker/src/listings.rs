//! Listings follow what becomes of their repositories on GitHub. A webhook says only that something happened: what is so now
//! is asked of GitHub, for webhooks come late and in any order.

use clients::github::RepositoryInfo;
use domain::{
    LogId, Timestamp,
    access::{Entitlement, ProblemCode},
    log::{Action, Actor, LogEntry, LogStatus},
    repository::{GithubPath, Repository, Withdrawal},
    text::{GithubLogin, GithubRepositoryName},
};
use futures::{StreamExt, TryStreamExt};
use jobs::Job;
use store::{Change, Listing, Relisted};

use crate::{App, Error, TRIES, deliveries::withdrawn, github::Trouble};

/// So many entitlements are written at once.
const AT_ONCE: usize = 8;

/// Where a repository is, as GitHub tells; `None` for names that are none of GitHub's alphabet.
pub(crate) fn place(info: &RepositoryInfo) -> Option<GithubPath> {
    let (owner, name) = (GithubLogin::parse(&info.owner), GithubRepositoryName::parse(&info.name));
    Some(GithubPath { owner: owner.ok()?, name: name.ok()? })
}

/// Looks by number for a repository that is not where an entitlement says; true if it was found elsewhere and followed there.
pub(crate) async fn follow(app: &App, entitlement: &Entitlement, github_id: u64) -> Result<bool, Error> {
    let info = match app.github.repository_by_id(github_id).await {
        Ok(info) => info,
        // Trouble that is known already is told as it is.
        Err(error) => {
            tracing::info!(code = ?Trouble::from(error).code, "a lost repository could not be looked for");
            return Ok(false);
        }
    };
    let Some(place) = info.as_ref().and_then(place).filter(|place| *place != entitlement.github) else {
        return Ok(false);
    };
    let listing = Listing { company: entitlement.key.company, repository: entitlement.key.repository };
    moved(app, listing, &place, None).await?;
    Ok(true)
}

/// Follows a repository to its new place: the listing, and everybody's right to it. What is done already stays, so it may be
/// begun again after it ended half way.
pub(crate) async fn moved(app: &App, listing: Listing, to: &GithubPath, delivery: Option<&str>) -> Result<(), Error> {
    let change = |before: &Repository| {
        (before.github != *to).then(|| {
            let entry = line(app, before, Action::RepositoryMoved, delivery);
            let entry = entry.changing("repositoryFullName", &before.github, to);
            (Repository { github: to.clone(), ..before.clone() }, entry)
        })
    };
    let _ = relist(app, listing, change).await?;
    let entitlements = app.store.entitlements(listing.company, listing.repository).await?;
    futures::stream::iter(entitlements)
        .map(|entitlement| move_entitlement(app, entitlement, to))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await
}

async fn move_entitlement(app: &App, mut before: Entitlement, to: &GithubPath) -> Result<(), Error> {
    for _ in 0..TRIES {
        if before.github == *to {
            return Ok(());
        }
        let after = Entitlement { github: to.clone(), ..before.clone() };
        if app.store.change_entitlement(&before, &after).await? == Change::Made {
            return Ok(());
        }
        let Some(now) = app.store.entitlement(&before.key).await? else { return Ok(()) };
        before = now;
    }
    Err(Error::Contended)
}

/// Takes a listing off the market: there is nothing left to sell. Its vendor is told, also when this is begun again after it
/// ended half way.
pub(crate) async fn withdraw(app: &App, listing: Listing, because: Withdrawal, delivery: &str) -> Result<(), Error> {
    let reason = because.words();
    let change = |before: &Repository| {
        before.active.then(|| {
            tracing::error!(metric = "repository.withdrawn", company = %listing.company, repository = %listing.repository, reason);
            let entry = line(app, before, Action::RepositoryDeactivated, Some(delivery));
            let entry = entry.changing("active", "true", "false").with("reason", Some(reason));
            (before.withdrawn(because, app.clock.now()), entry)
        })
    };
    let repository = relist(app, listing, change).await?;
    if repository.is_some_and(|repository| repository.withdrawal_to_tell().is_some()) {
        app.deliveries.send(&withdrawn::job(listing)).await?;
    }
    Ok(())
}

/// Stops the sale of a listing while GitHub lets us do nothing there, or goes on with it.
pub(crate) async fn pause(
    app: &App,
    listing: Listing,
    paused: bool,
    (reason, delivery): (&str, &str),
) -> Result<(), Error> {
    let change = |before: &Repository| {
        (before.paused_at.is_some() != paused).then(|| {
            if paused {
                tracing::error!(metric = "repository.paused", company = %listing.company, repository = %listing.repository, reason);
            }
            let entry = line(app, before, Action::RepositoryUpdated, Some(delivery));
            let entry = entry.changing("salesPaused", &!paused, &paused).with("reason", Some(reason));
            (Repository { paused_at: paused.then(|| app.clock.now()), ..before.clone() }, entry)
        })
    };
    relist(app, listing, change).await.map(drop)
}

/// Looks again at everybody of a listing for whom something could not be done.
pub(crate) async fn look_again(app: &App, listing: Listing) -> Result<(), Error> {
    let stuck = |entitlement: &Entitlement| {
        entitlement.problem.as_ref().is_some_and(|problem| problem.code != ProblemCode::AccountRefused)
    };
    for entitlement in app
        .store
        .entitlements(listing.company, listing.repository)
        .await?
        .iter()
        .filter(|entitlement| stuck(entitlement))
    {
        app.access.send(&Job::sync(entitlement.key)).await?;
    }
    Ok(())
}

/// Writes a change, decided anew whenever somebody else was faster; none is fine. Answers the listing as it is then, if it is.
async fn relist(
    app: &App,
    listing: Listing,
    change: impl Fn(&Repository) -> Option<(Repository, LogEntry)>,
) -> Result<Option<Repository>, Error> {
    for _ in 0..TRIES {
        let Some(before) = app.store.listed(listing).await? else { return Ok(None) };
        let Some((after, entry)) = change(&before) else { return Ok(Some(before)) };
        let after = Repository { updated_at: app.clock.now(), ..after };
        match app.store.relist(&before, &after, &entry).await? {
            Relisted::Yes => return Ok(Some(after)),
            Relisted::Stale => {}
            Relisted::PlaceTaken => {
                let place = after.github.to_string();
                tracing::error!(metric = "repository.place_taken", company = %listing.company, place, "listed twice");
                return Ok(None);
            }
        }
    }
    Err(Error::Contended)
}

fn line(app: &App, repository: &Repository, action: Action, delivery: Option<&str>) -> LogEntry {
    let now: Timestamp = app.clock.now();
    let actor = if delivery.is_some() { Actor::Github } else { Actor::Tollgate };
    let entry = LogEntry::new(LogId::generate(now, &app.random), now, actor, action, LogStatus::Success)
        .about_repository(repository.id);
    match delivery {
        Some(delivery) => entry.caused_by(delivery),
        None => entry,
    }
}
