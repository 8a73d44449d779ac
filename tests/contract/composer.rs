//! The repository that Composer reads: `cargoman.md` has only its REST side, so this follows Composer's own documentation
//! of repositories, and what its client was seen to do.

mod access;
mod archives;
mod caching;
mod documents;
mod installs;

use domain::{Secret, customer::CustomerId};
use journeys::{TestStack, granted};

/// Tags of `acme/widget`, newest first.
const WIDGET: [&str; 4] = ["2.1.0-beta1", "2.0.0", "1.1.0", "1.0.0"];

/// A stack with `acme/widget`, `acme/core` and `acme/secret`, which nobody was granted.
async fn shelf() -> TestStack {
    let t = TestStack::start().await;
    t.shelve("acme/widget", &WIDGET).await;
    t.shelve("acme/core", &["1.0.0"]).await;
    t.shelve("acme/secret", &["1.0.0"]).await;
    t
}

/// Customer `number`, with everything of widget and core.
async fn full(t: &TestStack, number: u32) -> (CustomerId, Secret) {
    t.customer_with(number, granted(t.now(), &[("acme/widget", "*"), ("acme/core", "*")])).await
}

/// Customer `number`, with the first versions of widget.
async fn first(t: &TestStack, number: u32) -> (CustomerId, Secret) {
    t.customer_with(number, granted(t.now(), &[("acme/widget", "^1.0"), ("acme/core", "*")])).await
}

/// The versions of a package that a customer is shown.
async fn versions(t: &TestStack, token: &Secret, package: &str) -> Vec<String> {
    let answer = t.fetch(&format!("/p2/{package}.json"), token).await;
    assert_eq!(answer.status, 200, "{answer}");
    let versions = answer.json["packages"][package].as_array().unwrap();
    versions.iter().map(|version| version["version"].as_str().unwrap().to_owned()).collect()
}
