//! Packages.

pub(crate) mod add;
pub(crate) mod change;
pub(crate) mod customers;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod remove;
mod source;
pub(crate) mod sync;
pub(crate) mod task;

use api::{ApiError, Check, Input, Kind};
use domain::{CompanyId, Problem, package::PackageName};
use jobs::Job;

use crate::App;

/// Asks for a package to be synced. Who waits for something else is not told when that fails: the sync is wanted, and the
/// schedule makes up for it.
async fn ask(app: &App, company: CompanyId, package: &PackageName) {
    if let Err(failure) = app.queue.send(&Job::SyncPackage { company, package: package.clone() }).await {
        tracing::warn!(error = &failure as &dyn std::error::Error, %package, "asking for a sync");
    }
}

/// It was decided again and again, and somebody else was always faster.
fn contended() -> ApiError {
    ApiError::new(Kind::Conflict, "The package keeps changing; try again")
}

/// Whether something is to be deleted although it is in use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Force(pub(crate) bool);

impl Input for Force {
    fn check(c: &mut Check) -> Option<Self> {
        let force =
            c.text_or_none("force", |text| text.parse().map_err(|_| Problem::NotOneOf { allowed: "true, false" }));
        Some(Self(force?.unwrap_or(false)))
    }
}
