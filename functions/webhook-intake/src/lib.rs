//! Receives webhooks: verifies them on their raw bytes, puts what matters into a queue, answers. It writes nothing, so a
//! sender that was not answered can simply send again. Contracts: `repopass.md` and `cargoman.md`, "Webhooks".
#![warn(missing_docs)]

mod bitbucket;
mod forge;
mod github;
mod gitlab;
mod signed;
mod stripe;

use api::{Api, Family};
use domain::{Clock, SecretSource};
use jobs::Queue;
use serde::Serialize;

/// The longest number of a delivery that is taken. They are UUIDs.
const LONGEST_NUMBER: usize = 64;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::Webhook)
        .post("/api/webhooks/bitbucket", bitbucket::receive)
        .post("/api/webhooks/github", github::receive)
        .post("/api/webhooks/gitlab", gitlab::receive)
        .post("/api/webhooks/stripe", stripe::receive)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// Where payments' events go.
    pub payments: Queue,
    /// Where go what GitHub tells of who has access.
    pub access: Queue,
    /// Where go what the forges tell of repositories that changed.
    pub packages: Queue,
    /// The secrets that Stripe signs with, separated by commas while they are being rotated.
    pub stripe_secrets: SecretSource,
    /// The secrets that GitHub signs with, separated by commas while they are being rotated.
    pub github_secrets: SecretSource,
    /// The tokens that GitLab sends in clear, separated by commas while they are being rotated.
    pub gitlab_secrets: SecretSource,
    /// The keys that GitLab signs with, separated by commas while they are being rotated. If there are any, tokens in clear
    /// do not count.
    pub gitlab_signing_secrets: SecretSource,
    /// The secrets that Bitbucket signs with, separated by commas while they are being rotated.
    pub bitbucket_secrets: SecretSource,
    /// The present time.
    pub clock: Clock,
}

/// What a sender is answered whose webhook was taken.
#[derive(Debug, Serialize)]
struct Receipt {
    received: bool,
}
