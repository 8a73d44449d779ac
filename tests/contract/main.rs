//! The contract `repopass.md`, heading by heading: its example requests give its example answers, and whatever is wrong
//! with a request is answered in its shape, never with a failure of ours.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod bad_fields;
mod bad_requests;
mod customers;
mod errors;
mod fuzz;
mod github_webhook;
mod limiter;
mod pages;
mod products_and_checkout;
mod rate_limits;
mod repositories;
mod sign_in;
mod stripe_webhook;
mod webhook_secrets;

use journeys::TestStack;

/// Takes a repository off the market.
async fn deactivate(t: &TestStack, repository: &str) {
    let answer = t.delete(&format!("/api/admin/repositories/{repository}")).await;
    assert_eq!(answer.status, 200, "{answer}");
}
