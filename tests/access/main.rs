//! Who may call what, held for every endpoint that there is or will be: the endpoints come from the functions' own
//! inventories, so a new one is tested the day it is written.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod credentials;
mod inventory;
mod records;
mod tenants;

use api::Endpoint;
use axum::body::Body;
use domain::Secret;
use http::{Request, header};
use journeys::{Answer, TestStack, bearer, example_repository, with};
use serde_json::{Value, json};

/// Every endpoint of every function.
fn endpoints() -> Vec<Endpoint> {
    let mut all = Vec::new();
    all.extend(repositories::api().endpoints());
    all.extend(sign_in::api().endpoints());
    all.extend(storefront::api().endpoints());
    all.extend(purchases::api().endpoints());
    all.extend(dashboard::api().endpoints());
    all.extend(webhook_intake::api().endpoints());
    all.sort();
    all
}

/// Those that ask who is calling.
fn guarded() -> Vec<Endpoint> {
    let open =
        ["Buyer", "Public", "SignedByBitbucket", "SignedByGithub", "SignedByGitlab", "SignedByStripe", "Visitor"];
    endpoints().into_iter().filter(|it| !open.contains(&it.guard)).collect()
}

/// A stack with something of company 1's at every endpoint.
struct Shop {
    t: TestStack,
    repository: String,
    purchase: String,
    /// A viewer's token and a member, to be changed.
    token: String,
    member: String,
}

impl Shop {
    async fn open() -> Self {
        let t = TestStack::start().await;
        let repository = t.list_with_packages(&example_repository(), &[("ctrimm/theme-parts", "*")]).await;
        t.github().add_repository("ctrimm", "another", true);
        let sale = t.checkout(&repository, "johndoe").await;
        t.pay_and_settle(&sale).await;
        let token = t.post("/api/admin/tokens", &json!({"name": "a till", "role": "viewer"})).await.text("/id");
        let member = t.post("/api/admin/members", &json!({"email": "clerk@example.com", "role": "viewer"})).await;
        Self { repository, purchase: sale.purchase, token, member: member.text("/id"), t }
    }

    /// The path of something of company 1's.
    fn path(&self, endpoint: Endpoint) -> String {
        let id = match endpoint.path.split('/').nth(3) {
            Some("customers") => &self.purchase,
            Some("tokens") => &self.token,
            Some("members") => &self.member,
            _ => &self.repository,
        };
        let path = endpoint.path.replace("{id}", id);
        assert!(!path.contains('{'), "tests/access does not know what to put into {path}");
        path
    }

    /// A request that would do something if its sender were let in.
    fn request(&self, endpoint: Endpoint) -> (http::request::Builder, Value) {
        let body = match (endpoint.method, endpoint.path) {
            ("GET" | "DELETE", _) | ("POST", "/api/auth/sign-out" | "/api/auth/sign-out-everywhere") => Value::Null,
            ("POST", "/api/admin/tokens") => json!({"name": "another", "role": "viewer"}),
            ("POST", "/api/admin/members") => json!({"email": "another@example.com", "role": "viewer"}),
            ("PATCH", "/api/admin/members/{id}") => json!({"role": "admin"}),
            ("POST", "/api/admin/repositories") => with(example_repository(), &json!({"githubRepoName": "another"})),
            ("PATCH" | "POST", path) if path.starts_with("/api/admin/customers/{id}/") => json!({"reason": "A reason"}),
            ("PATCH", "/api/admin/repositories/{id}") => json!({"priceCents": 5900}),
            ("POST", "/api/admin/repositories/{id}/fetch-github-data") => Value::Null,
            (method, path) => panic!("tests/access needs a body for {method} {path} that would be accepted"),
        };
        let request = Request::builder().method(endpoint.method).uri(self.path(endpoint));
        (request.header(header::CONTENT_TYPE, "application/json"), body)
    }

    async fn call(&self, endpoint: Endpoint, token: &Secret) -> Answer {
        let (request, body) = self.request(endpoint);
        self.t.send(bearer(request, token).body(Body::from(body.to_string())).unwrap()).await
    }

    /// How many repositories company 1 has.
    async fn listed(&self) -> Value {
        self.t.get("/api/admin/repositories").await.json["pagination"]["total"].clone()
    }

    /// Fails if the answer holds anything of company 1's.
    #[track_caller]
    fn tells_nothing(&self, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for ours in [
            &self.repository,
            &self.purchase,
            &self.token,
            &self.member,
            "a till",
            "clerk@",
            "customer@example.com",
            "johndoe",
            "premium-theme",
        ] {
            assert!(!text.contains(ours), "{ours} in {answer}");
        }
    }
}
