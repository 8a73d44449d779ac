//! One sync of a package at a time. Who holds the lease writes what was found; a request that comes meanwhile raises `wanted`,
//! and whoever ends sees it.

use domain::{
    CompanyId, Timestamp,
    log::LogEntry,
    package::{Lease, Package, PackageName},
    text,
};
use jobs::Job;

use crate::{App, Error, TRIES};

/// How long a lease holds: a little longer than a function may run.
const SECONDS: i64 = 330;

/// Takes the lease, and answers with the package as it is then. `None`: there is no such package, nothing is wanted, somebody
/// else syncs it, or its forge is left alone for a while; in the last two cases the job comes again when that has to be over,
/// as nobody else would see to it if the other one died.
pub(super) async fn take(app: &App, company: CompanyId, name: &PackageName) -> Result<Option<Package>, Error> {
    let holder = text::hex(&app.random.bytes::<8>());
    for _ in 0..TRIES {
        let Some(before) = app.store.package(company, name).await? else { return Ok(None) };
        let now = app.clock.now();
        if before.sync.wanted == before.sync.done {
            return Ok(None);
        }
        if before.sync.lease.as_ref().is_some_and(|lease| lease.holder == holder) {
            // It was taken, and the answer was lost.
            return Ok(Some(before));
        }
        if let Some(wait) = before.sync.wait(now) {
            let job = Job::SyncPackage { company, package: name.clone() };
            app.packages.send_after(&job, wait).await?;
            return Ok(None);
        }
        let mut after = before.clone();
        let until = Timestamp::from_second(now.as_second() + SECONDS).unwrap_or(now);
        // Whoever had the lease and did not give it back was stopped in the middle.
        after.sync.torn |= before.sync.lease.is_some();
        after.sync.lease = Some(Lease { holder: holder.clone(), task: before.sync.wanted, until });
        if app.store.change_package(company, &before, &after, &[], &[]).await? {
            return Ok(Some(Package { rev: before.rev + 1, ..after }));
        }
    }
    Err(Error::Contended)
}

/// What goes with a change to a package.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Where it is to be found from now on, in addition.
    pub(super) places: Vec<String>,
    /// The line in the log.
    pub(super) entry: Option<LogEntry>,
}

/// Writes down what the holder of the lease found, with what `change` makes of the package as it is by then, and gives the
/// lease back. `None`: the lease is somebody else's by now, or the package is gone.
pub(super) async fn give_back(
    app: &App,
    company: CompanyId,
    leased: &Package,
    change: impl Fn(&mut Package) -> Told,
) -> Result<Option<Package>, Error> {
    let holder = leased.sync.lease.as_ref().map(|lease| &lease.holder);
    for _ in 0..TRIES {
        let Some(before) = app.store.package(company, &leased.name).await? else { return Ok(None) };
        let ours =
            before.package_id == leased.package_id && before.sync.lease.as_ref().map(|lease| &lease.holder) == holder;
        if !ours {
            return Ok(None);
        }
        let mut after = before.clone();
        let Told { places, entry } = change(&mut after);
        let entries: Vec<LogEntry> = entry.into_iter().collect();
        after.sync.lease = None;
        if app.store.change_package(company, &before, &after, &places, &entries).await? {
            return Ok(Some(Package { rev: before.rev + 1, ..after }));
        }
    }
    Err(Error::Contended)
}
