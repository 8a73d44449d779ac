//! Takes over what a package's repository has: new tags become versions, moved ones get another archive, deleted ones leave
//! the list. Unchanged ones cost nothing but the list itself.
//!
//! Level-triggered: the refs are looked at as they are, whatever was told. What is written last makes the rest visible, so a
//! sync that dies in the middle is done again and finds its archives stored.

use std::{collections::BTreeSet, time::Duration};

use clients::forge::{ForgeError, ForgeErrorKind};
use composer_version::{Stability, Version};
use domain::{
    CompanyId, Failure, LogId, Timestamp,
    forge::{ForgeRepository, RepositoryUrl},
    log::{Action, Actor, LogEntry, LogStatus},
    package::{Index, IndexedVersion, Package, PackageName, Source, VersionRecord},
    text::Description,
};
use jobs::Job;
use store::Indexes;

use super::{
    gather::{Gathered, gather},
    lease::{self, Told},
    refs::Plan,
};
use crate::{App, Error, access::wait_until};

/// The first wait when a forge is not reached; it doubles with each failure.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// The longest that a queue delays.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// Failures in a row after which only the schedule, or another request, tries again.
const MOST_FAILURES: u32 = 6;

/// What a sync found.
struct Found {
    index: Index,
    repository_id: Option<String>,
    /// What the vendor is told that kept it from finding more.
    error: Option<String>,
    /// When to go on, if it has to.
    again: Option<Duration>,
    /// Whether the forge was not reached.
    unreached: bool,
    /// Until when the forge wants no calls.
    pause: Option<Timestamp>,
}

/// Looks at a package's repository and takes over what is there.
pub(crate) async fn sync(app: &App, company: CompanyId, name: &PackageName) -> Result<(), Error> {
    let Some(leased) = lease::take(app, company, name).await? else { return Ok(()) };
    match Box::pin(take_over(app, company, &leased)).await {
        Ok(()) => Ok(()),
        Err(error) => after_failure(app, company, &leased, error).await,
    }
}

/// A service of ours failed. The queue would bring the job again only when this run has to be over, so another one is sent;
/// after too many in vain it is the queue's turn, and its alarm's.
async fn after_failure(app: &App, company: CompanyId, leased: &Package, error: Error) -> Result<(), Error> {
    let given_back = lease::give_back(app, company, leased, |package| {
        package.sync.torn = true;
        package.sync.failures += 1;
        Told::default()
    });
    match given_back.await {
        Ok(Some(package)) if package.sync.failures < MOST_FAILURES => {
            tracing::warn!(error = &error as &(dyn std::error::Error + 'static), "a sync is done again");
            let job = Job::SyncPackage { company, package: leased.name.clone() };
            Ok(app.packages.send_after(&job, backoff(leased.sync.failures)).await?)
        }
        Ok(_) => Err(error),
        Err(failure) => {
            tracing::warn!(error = &failure as &(dyn std::error::Error + 'static), "a lease was not given back");
            Err(error)
        }
    }
}

/// How long is waited after so many failures in a row.
fn backoff(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_WAIT)
}

async fn take_over(app: &App, company: CompanyId, leased: &Package) -> Result<(), Error> {
    let before = app.indexes.load(company, leased).await?;
    let mut found = look(app, company, leased, &before).await?;
    if !Indexes::fits(&found.index)? {
        found = too_large(&before, found);
    }
    let is_new = |index: &Index| *index != *before || leased.found.index.is_none();
    let to_write = is_new(&found.index) || leased.sync.torn;
    if to_write && !write_versions(app, company, leased, &before, &mut found.index).await? {
        // Somebody else's sync will have written by now what is there, or it is another package.
        return Ok(());
    }
    let saved = if is_new(&found.index) { Some(save(app, company, leased, &found.index).await?) } else { None };
    let places: Vec<String> =
        found.repository_id.iter().map(|id| Source::place_of_id(leased.source.forge, id)).collect();
    let entry = (found.index != *before).then(|| line(app, leased, &before, &found));
    let given_back = lease::give_back(app, company, leased, |package| {
        if (&package.source, package.dev_branches) != (&leased.source, leased.dev_branches) {
            // The vendor named another repository meanwhile, and what was found is of the one before.
            package.sync.torn |= to_write;
            return Told::default();
        }
        note(package, leased, &found, saved.as_ref(), app.clock.now());
        Told { places: places.clone(), entry: entry.clone() }
    });
    let Some(package) = given_back.await? else { return Ok(()) };
    if package.sync.wanted > package.sync.done {
        let job = Job::SyncPackage { company, package: leased.name.clone() };
        app.packages.send_after(&job, found.again.unwrap_or_default()).await?;
    }
    Ok(())
}

/// Notes on a package what was found, and the index, if another one was saved.
fn note(package: &mut Package, leased: &Package, found: &Found, saved: Option<&String>, now: Timestamp) {
    let sync = &mut package.sync;
    sync.torn = false;
    let waits = found.again.filter(|wait| !wait.is_zero()).and_then(|wait| now.checked_add(wait).ok());
    sync.not_before = found.pause.or(waits);
    sync.ended_at = Some(now);
    sync.error.clone_from(&found.error);
    sync.failures = if found.unreached { sync.failures + 1 } else { 0 };
    if found.again.is_none() {
        let task = leased.sync.lease.as_ref().map_or(leased.sync.wanted, |lease| lease.task);
        sync.done = sync.done.max(task);
    }
    if found.error.is_none() && found.again.is_none() {
        sync.synced_at = Some(now);
    }
    if let Some(saved) = saved {
        package.found.index = Some(saved.clone());
        package.found.changed_at = Some(now);
        describe(package, &found.index);
    }
    if found.repository_id.is_some() {
        package.source.repository_id.clone_from(&found.repository_id);
    }
}

/// Writes the index down. Those of earlier syncs go, but for the one that is read until this one takes its place.
async fn save(app: &App, company: CompanyId, leased: &Package, index: &Index) -> Result<String, Failure> {
    let name = app.indexes.save(company, leased, index).await?;
    if let Err(failure) = app.indexes.delete_older(company, leased, &name).await {
        tracing::warn!(error = &failure as &(dyn std::error::Error + 'static), "old indexes were not deleted");
    }
    Ok(name)
}

/// What was there stays, and the vendor is told why.
fn too_large(before: &Index, found: Found) -> Found {
    let error = "There is too much to tell of all its versions: delete old tags, or shorten composer.json".to_owned();
    Found { index: before.clone(), error: Some(error), again: None, ..found }
}

/// Looks at the refs, and fetches what is new.
async fn look(app: &App, company: CompanyId, leased: &Package, before: &Index) -> Result<Found, Error> {
    let nothing_new = |error: String| Found {
        index: before.clone(),
        repository_id: None,
        error: Some(error),
        again: None,
        unreached: false,
        pause: None,
    };
    let source = &leased.source;
    let located = RepositoryUrl::parse(&source.repository_url).map_err(|error| error.to_string());
    let located = located.and_then(|url| app.forge_hosts.locate(source.forge, &url).map_err(|error| error.to_string()));
    let mut repository = match located {
        Ok(repository) => repository,
        Err(error) => return Ok(nothing_new(error)),
    };
    repository.id.clone_from(&source.repository_id);
    let (refs, repository_id) = match refs(app, leased, &mut repository).await {
        Ok(refs) => refs,
        Err(error) => return Ok(after_trouble(app, leased, nothing_new(String::new()), &error)),
    };
    let plan = Plan::of(refs, before).in_turn(leased.sync.wanted);
    let Gathered { mut index, trouble, unfinished } =
        Box::pin(gather(app, (company, leased), &repository, plan)).await?;
    sort(&mut index);
    let found = Found { index, repository_id, error: None, again: None, unreached: false, pause: None };
    Ok(match trouble {
        Some(error) => after_trouble(app, leased, found, &error),
        None => Found { again: unfinished.then_some(Duration::ZERO), ..found },
    })
}

/// The refs, and what the forge calls the repository, if that was not known.
async fn refs(
    app: &App,
    leased: &Package,
    repository: &mut ForgeRepository,
) -> Result<(Vec<domain::forge::ForgeRef>, Option<String>), ForgeError> {
    let mut learned = None;
    if repository.id.is_none() {
        let seen = app.forges.repository(repository).await?;
        *repository = repository.clone().with_id(seen.id.clone());
        learned = Some(seen.id);
    }
    Ok((app.forges.refs(repository, leased.dev_branches).await?, learned))
}

/// What was found, and when to try again, if time heals the trouble.
fn after_trouble(app: &App, leased: &Package, found: Found, error: &ForgeError) -> Found {
    let now = app.clock.now();
    let (wait, pause) = match &error.kind {
        ForgeErrorKind::RateLimited { until } => (Some(wait_until(*until, now)), Some(*until)),
        _ if error.is_temporary() && leased.sync.failures < MOST_FAILURES => {
            (Some(backoff(leased.sync.failures)), None)
        }
        _ => (None, None),
    };
    let unreached = error.is_temporary() && pause.is_none();
    let again = wait.map(|wait| wait.clamp(FIRST_WAIT, LONGEST_WAIT));
    Found { error: Some(error.reason()), again, unreached, pause, ..found }
}

/// The newest version first; what is no version by name.
fn sort(index: &mut Index) {
    index.versions.sort_by_cached_key(|version| std::cmp::Reverse(Version::of_normalized(&version.normalized)));
    index.skipped.sort_by(|a, b| a.name.cmp(&b.name));
}

/// Writes down what downloads go by: each version that is new, has moved, or is gone. A version that came back is as old as
/// it was. `false`: this is not for us to write any more.
async fn write_versions(
    app: &App,
    company: CompanyId,
    leased: &Package,
    before: &Index,
    after: &mut Index,
) -> Result<bool, Error> {
    let is_in = |index: &Index, wanted: &IndexedVersion| {
        index.versions.iter().any(|it| it.normalized == wanted.normalized && it.archive.commit == wanted.archive.commit)
    };
    let torn = leased.sync.torn;
    let there: BTreeSet<&str> = after.versions.iter().map(|it| it.normalized.as_str()).collect();
    let mut known = if torn {
        // What another one wrote before it was stopped is in no index.
        app.store.versions_now(company, &leased.name).await?
    } else {
        let gone = before.versions.iter().filter(|it| !there.contains(it.normalized.as_str()));
        let came = after.versions.iter().filter(|it| !is_in(before, it));
        let named: Vec<_> = came.chain(gone).map(|it| (&leased.name, it.normalized.as_str())).collect();
        app.store.versions_named(company, named).await?
    };
    known.retain(|record| record.package_id == leased.package_id);
    let gone = known.iter().filter(|record| !there.contains(record.normalized.as_str()));
    let mut records: Vec<VersionRecord> =
        gone.map(|record| VersionRecord { listed: false, ..record.clone() }).collect();
    for version in after.versions.iter_mut().filter(|it| torn || !is_in(before, it)) {
        let known = known.iter().find(|it| it.normalized == version.normalized);
        *version = version.clone().since(known);
        records.push(VersionRecord::of(version, &leased.package_id, known));
    }
    records.retain(|record| !known.contains(record));
    Ok(app.store.put_versions(company, leased, &records).await?)
}

/// What lists show of a package without its index.
fn describe(package: &mut Package, index: &Index) {
    let stable =
        |version: &&IndexedVersion| Version::of_normalized(&version.normalized).stability() == Stability::Stable;
    let newest = index.versions.iter().find(stable).or_else(|| index.versions.iter().find(|it| !it.branch));
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    package.found.versions = count(index.versions.len());
    package.found.skipped = count(index.skipped.len());
    package.found.latest = newest.map(|version| version.version.clone());
    let description =
        newest.or(index.versions.first()).and_then(|version| version.composer.get("description")?.as_str());
    package.description = description.and_then(|text| Description::parse(text).ok());
}

/// What a sync changed, for the log.
fn line(app: &App, leased: &Package, before: &Index, found: &Found) -> LogEntry {
    let now: Timestamp = app.clock.now();
    let id = LogId::generate(now, &app.random);
    let names = |index: &Index| -> BTreeSet<String> { index.versions.iter().map(|it| it.version.clone()).collect() };
    let (old, new) = (names(before), names(&found.index));
    let list = |versions: Vec<&String>| {
        let shown: Vec<_> = versions.iter().take(20).map(|it| it.as_str()).collect();
        (!shown.is_empty()).then(|| format!("{} ({})", versions.len(), shown.join(", ")))
    };
    LogEntry::new(id, now, Actor::Forge, Action::PackageSynced, LogStatus::Success)
        .with("package", Some(leased.name.to_string()))
        .with("added", list(new.difference(&old).collect()))
        .with("removed", list(old.difference(&new).collect()))
        .changing("versions", &old.len(), &new.len())
}
