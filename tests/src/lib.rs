//! What the journeys share: the whole system in memory, with a clock that tests move and randomness that repeats itself.
//!
//! ```ignore
//! let t = TestStack::start().await;
//! let repository = t.list_theme().await;
//! let sale = t.checkout(&repository, "johndoe").await;
//! t.pay_and_settle(&sale).await;
//! assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
//! t.finish().await;
//! ```
#![warn(missing_docs)]
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a library for tests: whatever goes wrong is a failed test, and the panic says where"
)]

mod answer;
mod bundles;
mod changes;
mod forge_hooks;
mod github_hooks;
mod schedules;
mod shelf;
mod sign_in;
mod sold;
mod stripe_hooks;
mod world;

use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use api::ClientAddress;
use axum::body::Body;
use domain::{
    CompanyId, Random, Secret, Timestamp,
    company::{Company, Role},
    token,
};
use http::{Method, header};
use local::{Settled, Stack, StackConfig, World};
use runtime::Settings;
use serde_json::{Value, json};
use store::Operator;
use testkit::{
    connector::{Clients, Connector, Limits},
    embedded::Data,
    faults::Faults,
    github, stripe,
};

pub use answer::Answer;
pub use forge_hooks::{proof, tag_pushed};
pub use shelf::{archive_bytes, basic, commit_of, granted, indexed, package_name};
pub use sign_in::code_and_state;
pub use world::{START, TestClock, seeded};

/// What Stripe's sandbox signs with, unless [`Options::settings`] say otherwise.
pub const WEBHOOK_SECRET: &str = "whsec_test_synthetic_journeys";

/// What GitHub's sandbox signs with, unless [`Options::settings`] say otherwise.
pub const GITHUB_WEBHOOK_SECRET: &str = "test synthetic journeys";

/// What GitLab sends in clear, unless [`Options::settings`] say otherwise.
pub const GITLAB_WEBHOOK_SECRET: &str = "test synthetic token";

/// What Bitbucket signs with, unless [`Options::settings`] say otherwise.
pub const BITBUCKET_WEBHOOK_SECRET: &str = "test synthetic bitbucket";

/// How long a settling may go on: rounds over all queues, each of one batch per queue.
const ROUNDS: usize = 200;

/// How a [`TestStack`] differs from the usual one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ids, tokens and the sandboxes' shuffling follow from it.
    pub seed: u64,
    /// Which calls to AWS, GitHub and Stripe fail.
    pub faults: Faults,
    /// Settings, as the environment would give them. The secrets of webhooks above are among the usual ones.
    pub settings: Vec<(&'static str, String)>,
    /// Whether read and write units are worked out for calls inside a `Meter`.
    pub metered: bool,
    /// How long a call to GitHub or Stripe may take.
    pub outbound_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            faults: Faults::none(),
            settings: vec![
                ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
                ("GITHUB_WEBHOOK_SECRET", GITHUB_WEBHOOK_SECRET.to_owned()),
                ("GITLAB_WEBHOOK_SECRET", GITLAB_WEBHOOK_SECRET.to_owned()),
                ("BITBUCKET_WEBHOOK_SECRET", BITBUCKET_WEBHOOK_SECRET.to_owned()),
            ],
            metered: false,
            outbound_timeout: Duration::from_secs(5),
        }
    }
}

/// The whole system in memory, with company 1 and its owner's token. End a test with [`TestStack::finish`].
#[derive(Debug)]
pub struct TestStack {
    /// The system. Its sandboxes are also at [`TestStack::github`] and [`TestStack::stripe`].
    pub stack: Stack,
    /// The time; it starts at [`START`] and moves only when it is moved.
    pub clock: TestClock,
    /// Randomness, the same in each run.
    pub random: Random,
    /// The fault plan. Nothing has failed while the stack was put together.
    pub faults: Faults,
    /// The token of company 1's owner.
    pub token: Secret,
    /// Clients of the embedded AWS that never fail, to look behind the scenes.
    pub aws: Clients,
    strangers: AtomicU32,
    ended: bool,
}

/// A checkout that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Stripe's session.
    pub session: String,
    /// Our purchase.
    pub purchase: String,
}

impl TestStack {
    /// The usual one.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// One that differs from the usual.
    pub async fn start_with(options: Options) -> Self {
        let (clock, random, faults) = (TestClock::default(), seeded(options.seed), Faults::none());
        let world = World {
            clock: clock.clock(),
            random: random.clone(),
            faults: faults.clone(),
            metered: options.metered,
            outbound_timeout: options.outbound_timeout,
            first_backoff: Duration::from_millis(1),
        };
        let settings = Settings::from_pairs(options.settings);
        let config = StackConfig { listen: ([127, 0, 0, 1], 0).into(), data: Data::Memory, settings, world };
        let stack = Stack::start(config).await.expect("the stack starts");
        let first =
            local::welcome::first_start(&stack.store, &clock.clock(), &random).await.expect("the table answers");
        let embedded = stack.embedded.as_ref().expect("AWS is embedded");
        let aws = Clients::of(embedded, &Connector::new(Faults::none()), Limits::default());
        faults.start(&options.faults);
        Self {
            stack,
            clock,
            random,
            faults,
            token: first.expect("a first start"),
            aws,
            strangers: AtomicU32::default(),
            ended: false,
        }
    }

    /// GitHub's stand-in.
    pub fn github(&self) -> &github::Sandbox {
        self.stack.github.as_ref().expect("GitHub is a sandbox")
    }

    /// Stripe's stand-in.
    pub fn stripe(&self) -> &stripe::Sandbox {
        self.stack.stripe.as_ref().expect("Stripe is a sandbox")
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.clock().now()
    }

    /// Makes a company with one operator, and answers with the operator's token.
    pub async fn found_company(&self, id: u32, role: Role, revoked_at: Option<Timestamp>) -> Secret {
        let company =
            Company { id: CompanyId(id), name: format!("Company {id}"), currency: "usd".to_owned(), alerts: None };
        let token = token::issue(token::OPERATOR, company.id, &self.random);
        let operator = Operator { revoked_at, ..Operator::of(&token, "only operator", role, self.now()) };
        let entry = local::welcome::made(&operator, &self.random);
        let founded = self.stack.store.found_company(&company, &token, &operator, &entry).await;
        let founded = founded.expect("the table answers");
        assert!(founded, "company {id} is there already");
        token
    }

    // ---- Requests -------------------------------------------------------------------------------------------------

    /// Sends a request as it is, in this task, so that a `Meter` around it sees its calls. Each comes from an address of its
    /// own, for which no limit has begun, unless it brings a [`ClientAddress`].
    pub async fn send(&self, mut request: http::Request<Body>) -> Answer {
        let new =
            || ClientAddress(Ipv4Addr::from_bits(0x0A00_0000 + self.strangers.fetch_add(1, Ordering::Relaxed)).into());
        request.extensions_mut().get_or_insert_with(new);
        Answer::read(self.stack.call(request).await).await
    }

    /// `GET`, with company 1's token where the path is an operator's.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// `GET` with a token, an operator's or a session's.
    pub async fn get_as(&self, path: &str, token: &Secret) -> Answer {
        self.send(bearer(http::Request::get(path), token).body(Body::empty()).unwrap()).await
    }

    /// `POST` of JSON, with company 1's token where the path is an operator's.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// The beginning of a request, with company 1's token where the path is an operator's.
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = http::Request::builder().method(method).uri(path);
        let operators = path.starts_with("/api/admin/") || path.starts_with("/api/v1/");
        if operators { bearer(request, &self.token) } else { request }
    }

    // ---- The product ----------------------------------------------------------------------------------------------

    /// Lists the contract's example, `ctrimm/premium-theme` for 49 dollars, and answers with its id.
    pub async fn list_theme(&self) -> String {
        self.list(&example_repository()).await
    }

    /// Lists a repository, which is private on GitHub if it was not there before, and answers with its id.
    pub async fn list(&self, body: &Value) -> String {
        let name = |field: &str| body[field].as_str().expect("a name");
        self.github().add_repository(name("githubOwner"), name("githubRepoName"), true);
        let answer = self.post("/api/admin/repositories", body).await;
        assert_eq!(answer.status, 201, "{answer}");
        answer.text("/id")
    }

    /// Begins a checkout, which must work; its letter is sent, so that the queues are empty.
    pub async fn checkout(&self, repository: &str, login: &str) -> Sale {
        let answer = self.try_checkout(repository, login).await;
        assert_eq!(answer.status, 200, "{answer}");
        let _ = self.stack.settle_queue("DeliveriesQueue", ROUNDS).await;
        Sale { session: answer.text("/sessionId"), purchase: answer.text("/purchaseId") }
    }

    /// Asks for a checkout.
    pub async fn try_checkout(&self, repository: &str, login: &str) -> Answer {
        let body = json!({"repositoryId": repository, "githubUsername": login, "email": "customer@example.com"});
        self.post("/api/checkout", &body).await
    }

    /// The buyer pays, Stripe delivers, the workers work: at the end the buyer is invited.
    pub async fn pay_and_settle(&self, sale: &Sale) {
        self.stripe().pay(&sale.session);
        self.deliver().await;
        self.settle().await;
    }

    /// Get Customer.
    pub async fn customer(&self, purchase: &str) -> Value {
        let answer = self.get(&format!("/api/admin/customers/{purchase}")).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.json
    }

    // ---- Queues ---------------------------------------------------------------------------------------------------

    /// Works off the queues until they have nothing to give.
    pub async fn settle(&self) -> Settled {
        self.stack.settle(ROUNDS).await.expect("the queues answer")
    }

    /// How many messages each queue holds, hidden and delayed ones included; empty queues are left out.
    pub async fn messages(&self) -> Vec<(String, u64)> {
        let mut held = Vec::new();
        for url in self.aws.sqs.list_queues().send().await.expect("SQS answers").queue_urls.unwrap_or_default() {
            let request = self.aws.sqs.get_queue_attributes().queue_url(&url);
            let answer = request.attribute_names("All".into()).send().await.expect("SQS answers");
            let attributes = answer.attributes.unwrap_or_default();
            let counts = attributes.iter().filter(|(name, _)| name.as_str().starts_with("ApproximateNumberOfMessages"));
            let count: u64 = counts.map(|(_, count)| count.parse::<u64>().unwrap()).sum();
            if count > 0 {
                held.push((url.rsplit('/').next().unwrap_or_default().to_owned(), count));
            }
        }
        held
    }

    // ---- The end --------------------------------------------------------------------------------------------------

    /// Ends a test: letters are sent, and no message may be left in any queue, a dead-letter queue least of all.
    pub async fn finish(mut self) {
        self.ended = true;
        self.stack.settle_queue("DeliveriesQueue", ROUNDS).await.expect("the queues answer");
        let left = self.messages().await;
        assert!(left.is_empty(), "messages are left: {left:?}");
    }

    /// Ends a test that leaves messages behind on purpose.
    pub fn leave_messages(mut self) {
        self.ended = true;
    }
}

impl Drop for TestStack {
    fn drop(&mut self) {
        let ended = self.ended || std::thread::panicking();
        assert!(ended, "end a test with `finish().await`, or with `leave_messages()` if some are meant to be left");
    }
}

/// The contract's example of Create Repository.
pub fn example_repository() -> Value {
    json!({
        "githubOwner": "ctrimm",
        "githubRepoName": "premium-theme",
        "displayName": "Premium Astro Theme",
        "description": "A beautiful production-ready theme",
        "coverImageUrl": "https://cdn.example.com/cover.png",
        "pricingType": "one-time",
        "priceCents": 4900,
        "subscriptionCadence": null
    })
}

/// Adds a token to a request.
pub fn bearer(request: http::request::Builder, token: &Secret) -> http::request::Builder {
    request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
}

/// `body` with other values in some of its fields.
#[must_use]
pub fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sale_goes_from_the_listing_to_the_invitation_and_leaves_nothing_behind() {
        let t = TestStack::start().await;
        let repository = t.list_theme().await;
        let sale = t.checkout(&repository, "johndoe").await;
        t.pay_and_settle(&sale).await;
        assert_eq!(t.customer(&sale.purchase).await["accessStatus"], "active");
        t.finish().await;
    }

    #[tokio::test]
    #[should_panic(expected = "messages are left")]
    async fn a_message_that_is_left_fails_the_test() {
        let t = TestStack::start().await;
        let sale = t.checkout(&t.list_theme().await, "johndoe").await;
        t.stripe().pay(&sale.session);
        t.deliver().await;
        t.finish().await;
    }

    #[tokio::test]
    #[should_panic(expected = "end a test with")]
    async fn a_test_that_does_not_look_fails() {
        TestStack::start().await;
    }

    #[tokio::test]
    async fn two_runs_are_alike() {
        let (one, two) = (TestStack::start().await, TestStack::start().await);
        assert_eq!(one.token, two.token);
        assert_eq!(one.list_theme().await, two.list_theme().await);
        assert_eq!(one.get("/api/admin/repositories").await.body, two.get("/api/admin/repositories").await.body);
        one.finish().await;
        two.finish().await;
    }
}
