//! Receives webhooks: verifies them on their raw bytes, puts what matters into a queue, answers. It writes nothing, so a
//! sender that was not answered can simply send again. Contract: `repopass.md`, "Webhooks".
#![warn(missing_docs)]

mod github;
mod signed;
mod stripe;

use api::{Api, Family};
use domain::{Clock, SecretSource};
use jobs::Queue;
use serde::Serialize;

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::Webhook)
        .post("/api/webhooks/github", github::receive)
        .post("/api/webhooks/stripe", stripe::receive)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// Where payments' events go.
    pub payments: Queue,
    /// Where go what GitHub tells of who has access.
    pub access: Queue,
    /// The secrets that Stripe signs with, separated by commas while they are being rotated.
    pub stripe_secrets: SecretSource,
    /// The secrets that GitHub signs with, separated by commas while they are being rotated.
    pub github_secrets: SecretSource,
    /// The present time.
    pub clock: Clock,
}

/// What a sender is answered whose webhook was taken.
#[derive(Debug, Serialize)]
struct Receipt {
    received: bool,
}
