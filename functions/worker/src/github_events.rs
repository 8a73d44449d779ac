//! Acts on what GitHub told of: collaborators that came or went, repositories that moved, an App that was taken away.
//!
//! What it told is a reason to look: everything is done so that it may come twice, late, and in any order with others.

use std::time::Duration;

use clients::github::RepositoryInfo;
use domain::{
    GithubUserId, LogId,
    access::{Entitlement, EntitlementKey, Observed, is_desired},
    github_event::{About, Account, GithubEvent},
    log::{Action, Actor, LogEntry, LogStatus},
    purchase::{Decisions, Gate, Purchase},
    repository::{GithubPath, Withdrawal},
};
use jobs::Job;
use store::{Change, Listing};

use crate::{
    App, Error, TRIES,
    access::{self, Cause},
    github::{Place, Standing, Trouble},
    listings,
};

/// How long it is waited when GitHub cannot be asked.
const WAIT: Duration = Duration::from_mins(5);

/// Acts on an event. When GitHub cannot be asked just now, it is sent to the queue again.
pub(crate) async fn apply(app: &App, event: &GithubEvent) -> Result<(), Error> {
    match act(app, event).await {
        Err(Error::Github(trouble)) if trouble.code.heals() => {
            tracing::info!(metric = "github.event.waits", event.delivery, why = trouble.message);
            let again = Job::ApplyGithub { event: Box::new(event.clone()) };
            Ok(app.access.send_after(&again, WAIT).await?)
        }
        done => done,
    }
}

async fn act(app: &App, event: &GithubEvent) -> Result<(), Error> {
    for github_id in concerned(&event.about) {
        for listing in app.store.listings_of_github(github_id).await? {
            of_listing(app, event, github_id, listing).await?;
        }
    }
    Ok(())
}

/// The repositories that it is about, by their numbers.
fn concerned(about: &About) -> Vec<u64> {
    match about {
        About::MemberAdded { repository, .. }
        | About::MemberRemoved { repository, .. }
        | About::RepositoryRenamed { repository }
        | About::RepositoryTransferred { repository }
        | About::RepositoryDeleted { repository }
        | About::RepositoryPublicized { repository }
        | About::RepositoryPrivatized { repository }
        | About::RepositoryArchived { repository }
        | About::RepositoryUnarchived { repository } => vec![repository.id],
        About::RepositoriesAdded { repositories, .. }
        | About::RepositoriesTakenOff { repositories, .. }
        | About::InstallationGone { repositories, .. }
        | About::InstallationSuspended { repositories, .. }
        | About::InstallationUnsuspended { repositories, .. } => repositories.clone(),
    }
}

async fn of_listing(app: &App, event: &GithubEvent, github_id: u64, listing: Listing) -> Result<(), Error> {
    let delivery = event.delivery.as_str();
    match &event.about {
        About::MemberAdded { account, .. } => member_added(app, event, listing, account).await,
        About::MemberRemoved { account, .. } => member_removed(app, event, listing, account).await,
        About::RepositoryRenamed { repository } | About::RepositoryTransferred { repository } => {
            let told = GithubPath { owner: repository.owner.clone(), name: repository.name.clone() };
            let place = look(app, github_id).await?.as_ref().and_then(listings::place).unwrap_or(told);
            listings::moved(app, listing, &place, Some(delivery)).await?;
            listings::look_again(app, listing).await
        }
        About::RepositoryDeleted { .. } if look(app, github_id).await?.is_none() => {
            listings::withdraw(app, listing, Withdrawal::Deleted, delivery).await
        }
        About::RepositoryPublicized { .. } if look(app, github_id).await?.is_none_or(|info| !info.private) => {
            listings::withdraw(app, listing, Withdrawal::Public, delivery).await
        }
        About::InstallationGone { .. } => {
            listings::pause(app, listing, true, ("The GitHub App was uninstalled", delivery)).await
        }
        About::InstallationSuspended { .. } => {
            listings::pause(app, listing, true, ("The GitHub App was suspended", delivery)).await
        }
        About::RepositoriesTakenOff { .. } => {
            listings::pause(app, listing, true, ("The repository was taken off the GitHub App", delivery)).await
        }
        About::RepositoriesAdded { .. } | About::InstallationUnsuspended { .. } => {
            listings::pause(app, listing, false, ("The GitHub App may act again", delivery)).await?;
            listings::look_again(app, listing).await
        }
        About::RepositoryArchived { .. } | About::RepositoryUnarchived { .. } => {
            listings::look_again(app, listing).await
        }
        About::RepositoryDeleted { .. } | About::RepositoryPublicized { .. } | About::RepositoryPrivatized { .. } => {
            Ok(())
        }
    }
}

/// The repository as it is now. What GitHub will not show counts as what it told.
async fn look(app: &App, github_id: u64) -> Result<Option<RepositoryInfo>, Error> {
    match app.github.repository_by_id(github_id).await.map_err(Trouble::from) {
        Ok(info) => Ok(info),
        Err(trouble) if trouble.code.heals() => Err(Error::Github(trouble)),
        Err(_) => Ok(None),
    }
}

/// Somebody came: a buyer who accepted, one whom the vendor let in again after the purchase was closed, or a stranger.
async fn member_added(app: &App, event: &GithubEvent, listing: Listing, account: &Account) -> Result<(), Error> {
    let key = entitlement(listing, account.id);
    if let Some(entitlement) = app.store.entitlement(&key).await?
        && (entitlement.admitted || is_desired(&purchases_of(app, &entitlement).await?))
    {
        let cause = Cause { actor: Actor::Github, request: Some(event.delivery.clone()) };
        return access::sync(app, &key, 0, &cause).await;
    }
    let entry = line(app, event, Action::StrangerFound)
        .about_repository(listing.repository)
        .with("githubUsername", Some(account.login.clone()))
        .with("githubUserId", Some(account.id.to_string()));
    app.store.note_stranger(listing.company, listing.repository, account.id, &entry).await?;
    Ok(())
}

/// Somebody went. If it was a buyer who is still to have access, and who neither left alone nor came back meanwhile, it was
/// the vendor's doing, which is respected: our own removals concern only those who are to have none.
async fn member_removed(app: &App, event: &GithubEvent, listing: Listing, account: &Account) -> Result<(), Error> {
    let key = entitlement(listing, account.id);
    let Some(entitlement) = app.store.entitlement(&key).await? else {
        return Ok(app.store.forget_stranger(listing.company, listing.repository, account.id).await?);
    };
    let purchases = purchases_of(app, &entitlement).await?;
    if !is_desired(&purchases) {
        return Ok(app.store.forget_stranger(listing.company, listing.repository, account.id).await?);
    }
    let left = event.sender.as_ref().is_some_and(|sender| sender.id == account.id);
    let place = Place::new(&app.github, &entitlement);
    let standing = match place.login().await? {
        Some(login) => place.standing(&login).await?,
        None => return Ok(()),
    };
    let gone = matches!(standing, Standing::Nothing { .. });
    if gone && !left && entitlement.observed != Observed::Nothing {
        for purchase in purchases {
            removed_by_vendor(app, event, purchase, account).await?;
        }
    }
    Ok(app.access.send(&Job::sync(key)).await?)
}

/// The purchases that can justify the account's access. One that was moved to another account is not among them: that we put
/// the account out is not the vendor's doing.
async fn purchases_of(app: &App, entitlement: &Entitlement) -> Result<Vec<Purchase>, Error> {
    let ids = entitlement.purchases.iter().copied();
    let mut purchases = app.store.purchases_by_id(entitlement.key.company, ids).await?;
    purchases.retain(|purchase| entitlement.owns(purchase) && purchase.access.after.is_none());
    Ok(purchases)
}

/// Writes down that the vendor took access back on GitHub itself.
async fn removed_by_vendor(app: &App, event: &GithubEvent, purchase: Purchase, account: &Account) -> Result<(), Error> {
    let (company, id) = (purchase.company, purchase.id);
    let mut found = Some(purchase);
    for _ in 0..TRIES {
        let Some(before) = found else { return Ok(()) };
        let now = app.clock.now();
        if before.gate() != Gate::Open || before.causes.contains(&event.delivery) {
            return Ok(());
        }
        let decisions = Decisions { removed_on_github: Some(now), ..before.decisions.clone() };
        let after = Purchase { decisions, ..before.because_of(&event.delivery) };
        let entry = line(app, event, Action::CollaboratorRemoved)
            .of_change(&before, &after)
            .with("githubUsername", Some(account.login.clone()))
            .with("removedBy", event.sender.as_ref().map(|sender| sender.login.clone()));
        if app.store.change_purchase(&before, &after, &[entry]).await? == Change::Made {
            return Ok(());
        }
        found = app.store.purchase(company, id).await?;
    }
    Err(Error::Contended)
}

fn entitlement(listing: Listing, account: GithubUserId) -> EntitlementKey {
    EntitlementKey { company: listing.company, repository: listing.repository, account }
}

fn line(app: &App, event: &GithubEvent, action: Action) -> LogEntry {
    let now = app.clock.now();
    LogEntry::new(LogId::generate(now, &app.random), now, Actor::Github, action, LogStatus::Success)
        .caused_by(&event.delivery)
}
