//! Packages that nobody told of for a while, and what deleted ones left behind: forges lose webhooks, and send none when several
//! tags are pushed at once.

use std::time::Duration;

use domain::{
    CompanyId, Timestamp,
    package::{Package, PackageName},
};
use futures::{StreamExt, stream};
use jobs::Job;
use store::Leftover;

use crate::{App, Error, ago, deadline, rounds::Round};

/// Not looked at for so long, a package is looked at again: less than the hour between two runs and the time over which their
/// jobs are spread, so that each run does it.
const UNSEEN_SECONDS: i64 = 40 * 60;
/// How many packages of a company one run sends on. Those that were not looked at for longest go first.
const MOST: usize = 200;
/// How many are sent on at the same time.
const AT_ONCE: usize = 16;
/// Between the jobs of two packages, so that what is released meanwhile need not wait for all of them: 200 take a quarter of
/// an hour, which is the longest that a queue delays.
const APART: Duration = Duration::from_millis(4500);

/// Has each package synced that was not for a while, and each whose request was lost on the way. What there is no time for is
/// the next run's.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let deadline = deadline(app);
    let mut round = Round::begin(app, "packages").await?;
    for company in round.companies() {
        if app.clock.now() >= deadline {
            tracing::warn!(company = company.0, "there was no time for its packages; the next run begins with them");
            break;
        }
        round.note(company, of_company(app, company, deadline).await);
    }
    round.end(app).await
}

async fn of_company(app: &App, company: CompanyId, deadline: Timestamp) -> Result<(), Error> {
    for leftover in app.store.leftovers(company).await? {
        app.packages.send(&forget(company, leftover)).await?;
    }
    let (unseen, now) = (ago(app, UNSEEN_SECONDS), app.clock.now());
    let mut packages = app.store.packages(company).await?;
    packages.sort_by_key(|package| package.sync.ended_at);
    let (lost, packages): (Vec<_>, Vec<_>) = packages.into_iter().partition(|package| is_lost(package, now));
    let unseen = packages.into_iter().filter(|package| package.sync.ended_at.is_none_or(|at| at <= unseen));
    let sent = lost.into_iter().map(Turn::lost).chain((0..).zip(unseen).map(Turn::unseen)).take(MOST);
    let sends = stream::iter(sent).map(
        async |turn| {
            if app.clock.now() < deadline { turn.send(app, company).await } else { Ok(()) }
        },
    );
    let outcomes: Vec<Result<(), Error>> = sends.buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().collect()
}

/// Whether somebody waits for a sync that nobody does, though nothing keeps anybody from it. Its message may only be late: then
/// one more does nothing.
fn is_lost(package: &Package, now: Timestamp) -> bool {
    package.sync.wanted > package.sync.done && package.sync.wait(now).is_none()
}

/// A package that is sent on.
struct Turn {
    package: PackageName,
    /// Whether its sync was asked for already.
    is_wanted: bool,
    delay: Duration,
}

impl Turn {
    fn lost(package: Package) -> Self {
        Self { package: package.name, is_wanted: true, delay: Duration::ZERO }
    }

    fn unseen((place, package): (u32, Package)) -> Self {
        Self { package: package.name, is_wanted: false, delay: APART * place }
    }

    async fn send(self, app: &App, company: CompanyId) -> Result<(), Error> {
        if self.is_wanted || app.store.want_sync(company, &self.package).await?.is_some() {
            app.packages.send_after(&Job::SyncPackage { company, package: self.package }, self.delay).await?;
        }
        Ok(())
    }
}

fn forget(company: CompanyId, leftover: Leftover) -> Job {
    match leftover {
        Leftover::Package { package, package_id } => Job::ForgetPackage { company, package, id: package_id },
        Leftover::Bundle { bundle } => Job::ForgetBundle { company, bundle },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jobs_of_a_run_are_spread_no_further_than_a_queue_delays() {
        let last = APART * u32::try_from(MOST).unwrap();
        assert_eq!(last, Duration::from_mins(15));
        const { assert!(UNSEEN_SECONDS + 15 * 60 < 60 * 60, "each run does it") };
    }
}
