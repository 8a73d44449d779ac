//! Takes over what a package's repository has: new tags become versions, moved ones get another archive, deleted ones leave
//! the list. Unchanged ones cost nothing but the list itself.
//!
//! Level-triggered: the refs are looked at as they are, whatever was told. What is written last makes the rest visible, so a
//! sync that dies in the middle is done again and finds its archives stored.

use std::{collections::BTreeSet, time::Duration};

use clients::forge::{ForgeError, ForgeErrorKind};
use composer_version::{Stability, Version};
use domain::{
    CompanyId, LogId, Timestamp,
    forge::{ForgeRepository, RepositoryUrl},
    log::{Action, Actor, LogEntry, LogStatus},
    package::{Index, IndexedVersion, Package, PackageName, Source, VersionRecord},
    text::Description,
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use jobs::Job;

use super::{
    fetch::{Fetched, Trouble, fetch},
    lease,
    refs::{Plan, Wanted},
};
use crate::{App, Error};

/// Archives that are fetched at the same time. Each is held in memory.
const AT_ONCE: usize = 4;
/// Refs that one run fetches at most; what is left is fetched by the next one, which the first one asks for. A function has
/// five minutes.
const MOST: usize = 120;
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
}

/// Looks at a package's repository and takes over what is there.
pub(crate) async fn sync(app: &App, company: CompanyId, name: &PackageName) -> Result<(), Error> {
    let Some(leased) = lease::take(app, company, name).await? else { return Ok(()) };
    match Box::pin(take_over(app, company, &leased)).await {
        Ok(()) => Ok(()),
        Err(error) => {
            // The job comes again; it need not wait until the lease is over.
            let given_back = lease::give_back(app, company, &leased, &[], |_| None).await;
            if let Err(failure) = given_back {
                tracing::warn!(error = &failure as &(dyn std::error::Error + 'static), "a lease was not given back");
            }
            Err(error)
        }
    }
}

async fn take_over(app: &App, company: CompanyId, leased: &Package) -> Result<(), Error> {
    let before = app.indexes.load(company, leased).await?;
    let mut found = look(app, company, leased, &before).await?;
    let changed = found.index != *before || leased.found.index.is_none();
    let digest = if changed {
        write_versions(app, company, leased, &before, &mut found.index).await?;
        Some(app.indexes.save(company, &leased.package_id, &found.index).await?)
    } else {
        leased.found.index.clone()
    };
    let places: Vec<String> =
        found.repository_id.iter().map(|id| Source::place_of_id(leased.source.forge, id)).collect();
    let entry = changed.then(|| line(app, leased, &before, &found));
    let task = leased.sync.lease.as_ref().map_or(leased.sync.wanted, |lease| lease.task);
    let given_back = lease::give_back(app, company, leased, &places, |package| {
        let now = app.clock.now();
        if changed {
            package.found.index.clone_from(&digest);
            package.found.changed_at = Some(now);
            describe(package, &found.index);
        }
        if found.repository_id.is_some() {
            package.source.repository_id.clone_from(&found.repository_id);
        }
        let sync = &mut package.sync;
        sync.ended_at = Some(now);
        sync.error.clone_from(&found.error);
        sync.failures = if found.unreached { sync.failures + 1 } else { 0 };
        if found.again.is_none() {
            sync.done = sync.done.max(task);
        }
        if found.error.is_none() && found.again.is_none() {
            sync.synced_at = Some(now);
        }
        entry.clone()
    });
    let Some(package) = given_back.await? else { return Ok(()) };
    if package.sync.wanted > package.sync.done {
        let job = Job::SyncPackage { company, package: leased.name.clone() };
        app.packages.send_after(&job, found.again.unwrap_or_default()).await?;
    }
    Ok(())
}

/// Looks at the refs, and fetches what is new.
async fn look(app: &App, company: CompanyId, leased: &Package, before: &Index) -> Result<Found, Error> {
    let nothing_new = |error: String| Found {
        index: before.clone(),
        repository_id: None,
        error: Some(error),
        again: None,
        unreached: false,
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
    let Plan { index, wanted } = Plan::of(refs, before);
    let found = Found { index, repository_id, error: None, again: None, unreached: false };
    Box::pin(fetch_all(app, (company, leased), &repository, wanted, found)).await
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

/// Fetches what is wanted, a few at a time, until all is there, the run has been long enough, or the forge has had enough.
async fn fetch_all(
    app: &App,
    (company, leased): (CompanyId, &Package),
    repository: &ForgeRepository,
    wanted: Vec<Wanted>,
    mut found: Found,
) -> Result<Found, Error> {
    let left = wanted.len().saturating_sub(MOST);
    let this_time: Vec<Wanted> = wanted.into_iter().take(MOST).collect();
    // Boxed, as the compiler does not see that a stream of borrowing futures can be sent.
    let fetches: Vec<BoxFuture<'_, _>> =
        this_time.iter().map(|wanted| fetch(app, (company, leased), repository, wanted).boxed()).collect();
    let mut fetches = futures::stream::iter(fetches).buffer_unordered(AT_ONCE);
    let mut trouble = None;
    while let Some(fetched) = fetches.next().await {
        match fetched {
            Ok(Fetched::Version(version)) => found.index.versions.push(*version),
            Ok(Fetched::Skipped(skipped)) => found.index.skipped.push(skipped),
            Err(Trouble::Failure(failure)) => return Err(failure.into()),
            Err(Trouble::Forge(error)) => {
                trouble = Some(error);
                break;
            }
        }
    }
    drop(fetches);
    sort(&mut found.index);
    Ok(match trouble {
        Some(error) => after_trouble(app, leased, found, &error),
        None => Found { again: (left > 0).then_some(Duration::ZERO), ..found },
    })
}

/// What was found, and when to try again, if time heals the trouble.
fn after_trouble(app: &App, leased: &Package, found: Found, error: &ForgeError) -> Found {
    let wait = match &error.kind {
        ForgeErrorKind::RateLimited { until } => {
            let seconds = until.as_second() - app.clock.now().as_second();
            Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0) + 1))
        }
        _ if error.is_temporary() && leased.sync.failures < MOST_FAILURES => {
            Some(FIRST_WAIT * 2_u32.saturating_pow(leased.sync.failures))
        }
        _ => None,
    };
    let unreached = error.is_temporary() && !matches!(error.kind, ForgeErrorKind::RateLimited { .. });
    Found { error: Some(error.reason()), again: wait.map(|wait| wait.min(LONGEST_WAIT)), unreached, ..found }
}

/// The newest version first; what is no version by name.
fn sort(index: &mut Index) {
    index.versions.sort_by_cached_key(|version| std::cmp::Reverse(Version::of_normalized(&version.normalized)));
    index.skipped.sort_by(|a, b| a.name.cmp(&b.name));
}

/// Writes down what downloads go by: each version that is new, has moved, or is gone. A version that came back is as old as
/// it was.
async fn write_versions(
    app: &App,
    company: CompanyId,
    leased: &Package,
    before: &Index,
    after: &mut Index,
) -> Result<(), Error> {
    let is_in = |index: &Index, wanted: &IndexedVersion| {
        index.versions.iter().any(|it| it.normalized == wanted.normalized && it.archive.commit == wanted.archive.commit)
    };
    let there: BTreeSet<&str> = after.versions.iter().map(|it| it.normalized.as_str()).collect();
    let gone: Vec<&IndexedVersion> =
        before.versions.iter().filter(|it| !there.contains(it.normalized.as_str())).collect();
    let came = after.versions.iter().filter(|it| !is_in(before, it));
    let named: Vec<_> = came.chain(gone.iter().copied()).map(|it| (&leased.name, it.normalized.as_str())).collect();
    let known = app.store.versions_named(company, named).await?;
    let record = |version: &IndexedVersion| {
        let known = known.iter().find(|it| it.normalized == version.normalized && it.package_id == leased.package_id);
        known.cloned()
    };
    let mut records = Vec::new();
    for version in after.versions.iter_mut().filter(|it| !is_in(before, it)) {
        let known = record(version);
        *version = version.clone().since(known.as_ref());
        records.push(VersionRecord::of(version, &leased.package_id, known.as_ref()));
    }
    records.extend(gone.into_iter().filter_map(record).map(|record| VersionRecord { listed: false, ..record }));
    app.store.put_versions(company, &leased.name, &records).await?;
    Ok(())
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
