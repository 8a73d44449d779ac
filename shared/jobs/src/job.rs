//! What the queues carry.

use domain::{
    CompanyId, PurchaseId, RepositoryId,
    access::EntitlementKey,
    forge_event::ForgeEvent,
    github_event::GithubEvent,
    package::{PackageId, PackageName},
    purchase::Purchase,
    stripe_event::PaymentEvent,
    text::{BundleName, Email, NextPath},
};
use serde::{Deserialize, Serialize};

/// The version that is written. A reader refuses versions that it does not know: they go to the dead-letter queue and are
/// redriven when the new code is there.
const VERSION: u32 = 1;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// Apply what Stripe told. Queue `payments`.
    ApplyPayment {
        /// What it told.
        event: Box<PaymentEvent>,
    },
    /// Act on what GitHub told. Queue `access`.
    ApplyGithub {
        /// What it told.
        event: Box<GithubEvent>,
    },
    /// Make GitHub match an entitlement, whatever it is by then. Queue `access`.
    SyncAccess {
        /// Which.
        entitlement: EntitlementKey,
        /// How often GitHub was found unable before; the wait grows with it.
        #[serde(default)]
        attempt: u32,
    },
    /// End the subscription behind a purchase if the purchase was revoked. Queue `access`.
    CancelSubscription {
        /// Whose.
        company: CompanyId,
        /// Which.
        purchase: PurchaseId,
    },
    /// Close the session of a checkout if the purchase was revoked before it was paid. Queue `access`.
    ExpireSession {
        /// Whose.
        company: CompanyId,
        /// Which purchase.
        purchase: PurchaseId,
    },
    /// Send the letters about a purchase that are due, whatever they are by then. Queue `deliveries`.
    Deliver {
        /// Whose purchase.
        company: CompanyId,
        /// Which.
        purchase: PurchaseId,
    },
    /// Look at a package's repository and take over what is there. Queue `packages`.
    SyncPackage {
        /// Whose package.
        company: CompanyId,
        /// Which.
        package: PackageName,
    },
    /// Clear away what a deleted package left behind: its versions, its archives, and the grants that name it. Queue `packages`.
    ForgetPackage {
        /// Whose package it was.
        company: CompanyId,
        /// What it was called.
        package: PackageName,
        /// Which it was.
        id: PackageId,
    },
    /// Clear away the grants that name a deleted bundle. Queue `packages`.
    ForgetBundle {
        /// Whose bundle it was.
        company: CompanyId,
        /// What it was called.
        bundle: BundleName,
    },
    /// Tell a vendor that a listing was taken off the market, unless that was told. Queue `deliveries`.
    TellWithdrawn {
        /// Whose listing.
        company: CompanyId,
        /// Which.
        repository: RepositoryId,
    },
    /// Mail a link to sign in to whoever reads an address, if that is a member. Queue `deliveries`.
    SendSignInLink {
        /// The address.
        email: Email,
        /// Where to go after signing in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<NextPath>,
    },
    /// Look for other versions of the packages that are made from a repository which changed. Queue `packages`.
    ForgePush {
        /// What names the repository.
        event: Box<ForgeEvent>,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    #[serde(flatten)]
    job: &'a Job,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The message is none of ours.
#[derive(Debug, thiserror::Error)]
pub enum NotAJob {
    /// Not the JSON of a job.
    #[error("the message is not a job")]
    Malformed(#[from] serde_json::Error),
    /// Written by newer code.
    #[error("the message has version {0}, which is not known here")]
    UnknownVersion(u32),
}

impl Job {
    /// Make GitHub match an entitlement, as soon as can be.
    pub fn sync(entitlement: EntitlementKey) -> Self {
        Self::SyncAccess { entitlement, attempt: 0 }
    }

    /// Send the letters about a purchase that are due.
    pub fn deliver(purchase: &Purchase) -> Self {
        Self::Deliver { company: purchase.company, purchase: purchase.id }
    }

    /// The message's body.
    ///
    /// # Errors
    /// Never for the jobs there are; the type says so because JSON can refuse a map's keys.
    pub fn to_message(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Written { v: VERSION, job: self })
    }

    /// Reads a message's body.
    ///
    /// # Errors
    /// When it is not a job of a known version.
    pub fn from_message(body: &str) -> Result<Self, NotAJob> {
        match serde_json::from_str::<Version>(body)?.v {
            VERSION => Ok(serde_json::from_str(body)?),
            version => Err(NotAJob::UnknownVersion(version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{CompanyId, GithubUserId};

    use super::*;

    #[test]
    fn a_job_survives_its_message() {
        let job = Job::SyncAccess {
            entitlement: EntitlementKey {
                company: CompanyId(1),
                repository: "0190b5a0-0000-7000-8000-000000000001".parse().unwrap(),
                account: GithubUserId(7),
            },
            attempt: 2,
        };
        let message = job.to_message().unwrap();
        assert!(message.starts_with(r#"{"v":1,"kind":"sync_access","#), "{message}");
        assert_eq!(Job::from_message(&message).unwrap(), job);
    }

    #[test]
    fn other_versions_and_other_texts_are_refused() {
        assert!(matches!(Job::from_message(r#"{"v":2,"kind":"sync_access"}"#), Err(NotAJob::UnknownVersion(2))));
        assert!(matches!(Job::from_message("hello"), Err(NotAJob::Malformed(_))));
        assert!(matches!(Job::from_message(r#"{"v":1,"kind":"make_coffee"}"#), Err(NotAJob::Malformed(_))));
    }
}
