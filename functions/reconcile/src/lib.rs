//! Repairs: what webhooks missed, what was lost on the way, and what is due without anybody's asking. Called by the clock.
//!
//! A task is one file. It does a bounded amount of work and leaves a watermark when it is done, so a run that dies half way,
//! or two runs at once, end the same: the next one does again what was not written down. Nothing here changes a purchase;
//! the queues' workers do, in the way they always do.
#![warn(missing_docs)]

mod collaborators;
mod directory;
mod drift;
mod due;
mod expiries;
mod follow_up;
mod github_deliveries;
mod packages;
mod pending;
mod roll_up;
mod rounds;
mod seal;
mod stripe_events;
mod subscriptions;
mod synthetic;

use clients::{Github, Stripe};
use domain::{Clock, Failure, Random};
use jobs::{Outcome, Queue};
use store::Store;

/// What the repairs stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The data.
    pub store: Store,
    /// Where events go that no webhook brought.
    pub payments: Queue,
    /// Where entitlements go that GitHub has to be made to match.
    pub access: Queue,
    /// Where purchases go whose buyers are to be written to.
    pub deliveries: Queue,
    /// Where packages go whose versions may have changed.
    pub packages: Queue,
    /// To see who has access.
    pub github: Github,
    /// To ask what happened.
    pub stripe: Stripe,
    /// The present time.
    pub clock: Clock,
    /// For the ids of log entries.
    pub random: Random,
}

/// Does what the clock calls for: `due` each minute, `books` each five minutes, `sweep` and `packages` each hour. A task that
/// fails keeps no other from its work.
///
/// # Errors
/// When a task failed, or there is nothing of this name.
pub async fn handle(app: App, run: &str) -> Outcome {
    let mut report = Report::default();
    match run {
        "due" => {
            report.note("due", due::run(&app).await);
            report.note("expiries", expiries::run(&app).await);
        }
        "books" => {
            report.note("seal", seal::run(&app).await);
            report.note("directory", directory::run(&app).await);
            report.note("roll_up", roll_up::run(&app).await);
        }
        "sweep" => {
            report.note("stripe_events", stripe_events::run(&app).await);
            report.note("pending", pending::run(&app).await);
            report.note("subscriptions", subscriptions::run(&app).await);
            report.note("collaborators", collaborators::run(&app).await);
            report.note("github_deliveries", github_deliveries::run(&app).await);
            report.note("follow_up", follow_up::run(&app).await);
            report.note("drift", drift::run(&app).await);
        }
        // By itself: with many packages it takes as long as a run may.
        "packages" => report.note("packages", packages::run(&app).await),
        other => return Err(format!("there is no run called `{other}`").into()),
    }
    report.end()
}

/// Which tasks of a run failed.
#[derive(Default)]
struct Report {
    failed: Vec<&'static str>,
}

impl Report {
    fn note(&mut self, task: &'static str, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            tracing::warn!(task, error = &error as &dyn std::error::Error, "a task failed; the next run does the rest");
            self.failed.push(task);
        }
    }

    fn end(self) -> Outcome {
        if self.failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", self.failed.join(", ")).into()) }
    }
}

/// Why a task did not do all it was to do.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("Stripe could not be asked")]
    Stripe(#[from] clients::stripe::StripeError),
    #[error("GitHub could not be asked")]
    Github(#[from] clients::github::GithubError),
    #[error("{failed} of {companies} companies could not be served")]
    Companies { failed: usize, companies: usize },
}

/// When a task that goes on while there is work has to come to its end, in seconds from now: a run may take thirty.
const LONGEST_SECONDS: i64 = 20;

/// When a task that begins now has to come to its end.
fn deadline(app: &App) -> domain::Timestamp {
    ago(app, -LONGEST_SECONDS)
}

/// A span of time before now, in seconds.
fn ago(app: &App, seconds: i64) -> domain::Timestamp {
    let now = app.clock.now();
    domain::Timestamp::from_second(now.as_second() - seconds).unwrap_or(now)
}
