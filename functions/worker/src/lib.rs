//! Does the work that the queues carry. One binary, deployed once per queue.
#![warn(missing_docs)]

mod access;
mod cancel;
mod deliveries;
mod follow_up;
mod github;
mod github_events;
pub mod letters;
mod listings;
mod packages;
mod payments;
mod sign_in_link;

use auth::PurchaseLinks;
use clients::{Forges, Github, Mail, Stripe};
use domain::{Clock, Failure, Random, forge::ForgeHosts, member::FirstOwner, text::Email};
use jobs::{Job, Outcome, Queue};
use store::{Blobs, Indexes, Listing, Store, Volatile};

/// What the work stands on.
#[derive(Clone, Debug)]
pub struct App {
    /// The data.
    pub store: Store,
    /// How long GitHub asked to wait, and how many letters an address was sent today.
    pub volatile: Volatile,
    /// Where entitlements go that GitHub has to be made to match.
    pub access: Queue,
    /// Where purchases go whose letters may be due.
    pub deliveries: Queue,
    /// Where packages go whose versions may have changed.
    pub packages: Queue,
    /// Packages' archives.
    pub blobs: Blobs,
    /// What is known of packages' versions.
    pub indexes: Indexes,
    /// Where packages come from.
    pub forges: Forges,
    /// Which addresses are those of the forges.
    pub forge_hosts: ForgeHosts,
    /// To make GitHub match.
    pub github: Github,
    /// To ask which purchase an event is about, when it does not say, and to end subscriptions and
    /// checkouts.
    pub stripe: Stripe,
    /// To send letters.
    pub mail: Mail,
    /// The present time.
    pub clock: Clock,
    /// For the ids of log entries, and for links.
    pub random: Random,
    /// Where browsers reach us, without a slash at the end.
    pub public_url: String,
    /// Links to purchases, for letters to buyers.
    pub links: PurchaseLinks,
    /// Who is told for company 1 of what needs its vendor, unless the company itself says.
    pub alert_email: Option<Email>,
    /// Who becomes the owner of company 1 while it has no member.
    pub first_owner: Option<FirstOwner>,
}

/// Does one job. A job may come more than once, and in any order with others.
///
/// # Errors
/// When it has to come again.
pub async fn handle(app: App, job: Job) -> Outcome {
    // Boxed, so that who works off a queue does not hold all of these at once.
    match job {
        Job::ApplyPayment { event } => Box::pin(payments::apply(&app, &event)).await?,
        Job::ApplyGithub { event } => Box::pin(github_events::apply(&app, &event)).await?,
        Job::SyncAccess { entitlement, attempt } => {
            Box::pin(access::sync(&app, &entitlement, attempt, &access::Cause::rules())).await?;
        }
        Job::Deliver { company, purchase } => Box::pin(deliveries::deliver(&app, company, purchase)).await?,
        Job::SyncPackage { company, package } => Box::pin(packages::sync(&app, company, &package)).await?,
        Job::ForgetPackage { company, package, id } => {
            Box::pin(packages::forget_package(&app, company, &package, &id)).await?;
        }
        Job::ForgetBundle { company, bundle } => Box::pin(packages::forget_bundle(&app, company, &bundle)).await?,
        Job::TellWithdrawn { company, repository } => {
            Box::pin(deliveries::withdrawn::tell(&app, Listing { company, repository })).await?;
        }
        Job::SendSignInLink { email, next } => Box::pin(sign_in_link::send(&app, email, next)).await?,
        Job::ForgePush { event } => Box::pin(packages::pushed(&app, &event)).await?,
        Job::CancelSubscription { company, purchase } => Box::pin(cancel::cancel(&app, company, purchase)).await?,
        Job::ExpireSession { company, purchase } => Box::pin(cancel::expire(&app, company, purchase)).await?,
    }
    Ok(())
}

/// Why a job has to come again.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("Stripe could not be asked")]
    Stripe(#[from] clients::stripe::StripeError),
    #[error("a letter could not be sent")]
    Mail(#[from] clients::mail::MailError),
    #[error("GitHub could not be asked: {}", .0.message)]
    Github(github::Trouble),
    #[error("others kept changing the same item")]
    Contended,
}

impl From<github::Trouble> for Error {
    fn from(trouble: github::Trouble) -> Self {
        Self::Github(trouble)
    }
}

/// How often a change is decided anew because somebody else changed the item meanwhile.
const TRIES: usize = 5;
