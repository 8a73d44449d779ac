//! Packages that nobody told of for a while, and what deleted ones left behind: forges lose webhooks, and send none when several tags are pushed at once.

use domain::CompanyId;
use jobs::Job;
use store::Leftover;

use crate::{App, Error, ago, rounds::Round};

/// Not looked at for so long, a package is looked at again. Less than the hour between two runs, so that each does it.
const UNSEEN_SECONDS: i64 = 50 * 60;
/// How many packages of a company one run sends on. Those that were not looked at for longest go first.
const MOST: usize = 200;

/// Has each package synced that was not for an hour, and each whose request was lost on the way.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "packages").await?;
    for company in round.companies() {
        round.note(company, of_company(app, company).await);
    }
    round.end(app).await
}

async fn of_company(app: &App, company: CompanyId) -> Result<(), Error> {
    for leftover in app.store.leftovers(company).await? {
        app.packages.send(&forget(company, leftover)).await?;
    }
    let unseen = ago(app, UNSEEN_SECONDS);
    let mut packages = app.store.packages(company).await?;
    packages.retain(|package| package.sync.ended_at.is_none_or(|at| at <= unseen));
    packages.sort_by_key(|package| package.sync.ended_at);
    for package in packages.into_iter().take(MOST) {
        if app.store.want_sync(company, &package.name).await?.is_some() {
            app.packages.send(&Job::SyncPackage { company, package: package.name }).await?;
        }
    }
    Ok(())
}

fn forget(company: CompanyId, leftover: Leftover) -> Job {
    match leftover {
        Leftover::Package { package, package_id } => Job::ForgetPackage { company, package, id: package_id },
        Leftover::Bundle { bundle } => Job::ForgetBundle { company, bundle },
    }
}
