//! Who may call what, held for every endpoint that there is or will be: the endpoints come from the functions' own
//! inventories, so a new one is tested the day it is written.
#![expect(clippy::unwrap_used, reason = "in a test, what cannot be read is a failure")]

mod credentials;
mod inventory;
mod records;
mod tenants;

use api::Endpoint;
use axum::body::Body;
use domain::{CompanyId, Secret};
use http::{Request, header};
use journeys::{Answer, TestStack, bearer, example_repository, package_name, with};
use serde_json::{Value, json};

/// Every endpoint of every function.
fn endpoints() -> Vec<Endpoint> {
    let mut all = Vec::new();
    all.extend(repositories::api().endpoints());
    all.extend(customers::api().endpoints());
    all.extend(packages::api().endpoints());
    all.extend(sign_in::api().endpoints());
    all.extend(storefront::api().endpoints());
    all.extend(purchases::api().endpoints());
    all.extend(composer::api().endpoints());
    all.extend(dashboard::api().endpoints());
    all.extend(webhook_intake::api().endpoints());
    all.sort();
    all
}

/// Those that ask who is calling.
fn guarded() -> Vec<Endpoint> {
    let open = [
        "Buyer",
        "Customer",
        "Public",
        "SignedByBitbucket",
        "SignedByGithub",
        "SignedByGitlab",
        "SignedByStripe",
        "Visitor",
    ];
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
    /// A customer with a package and a bundle.
    customer: String,
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
        let customer = customer(&t).await;
        Self { repository, purchase: sale.purchase, token, member: member.text("/id"), customer, t }
    }

    /// The path of something of company 1's.
    fn path(&self, endpoint: Endpoint) -> String {
        let id = match endpoint.path.split('/').nth(3) {
            Some("customers") if endpoint.path.starts_with("/api/v1/") => &self.customer,
            Some("customers") => &self.purchase,
            Some("tokens") => &self.token,
            Some("members") => &self.member,
            _ => &self.repository,
        };
        let path = endpoint.path.replace("{id}", id).replace("{external_id}", "cus_acme").replace("{task}", "1");
        let path = path.replace("{vendor}/{package}", "acme/widget").replace("{package}", "acme%2Fwidget");
        let path = path.replace("bundles/{name}", "bundles/enterprise").replace("{name}", "acme%2Fwidget");
        let path = path.replace("{bundle}", "enterprise");
        // What somebody has is deleted by force only.
        let forced = endpoint.method == "DELETE" && path.starts_with("/api/v1/") && !path.contains("/customers/");
        let path = if forced { format!("{path}?force=true") } else { path };
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
            ("POST", "/api/v1/packages") => {
                json!({"name": "acme/another", "repository_url": "https://github.com/acme-corp/another"})
            }
            ("POST", "/api/v1/bundles") => json!({"name": "another", "packages": []}),
            ("PATCH", path) if path.starts_with("/api/v1/packages/") => json!({"dev_branches": true}),
            ("POST", path) if path.ends_with("/sync") => Value::Null,
            ("POST", "/api/v1/customers") => json!({"name": "Another", "email": "another@example.com"}),
            ("PATCH", "/api/v1/customers/{id}") => json!({"name": "Acme Corporation"}),
            ("POST", "/api/v1/customers/{id}/suspend") => json!({"reason": "Payment failed"}),
            ("POST", "/api/v1/customers/{id}/freeze") => json!({}),
            ("POST", "/api/v1/customers/{id}/packages") => json!({"package": "acme/widget", "constraint": "^1.0"}),
            ("PATCH", "/api/v1/bundles/{name}") | ("PUT", "/api/v1/customers/{id}/packages") => json!({"packages": []}),
            ("POST", "/api/v1/customers/{id}/bundles") => json!({"bundle": "enterprise", "constraint": "^1.0"}),
            ("POST", path) if path.starts_with("/api/v1/customers/{id}/") => Value::Null,
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
            "dev@acme.com",
            "acme/widget",
            "enterprise",
        ] {
            assert!(!text.contains(ours), "{ours} in {answer}");
        }
    }
}

/// A customer of company 1, who was granted a package and a bundle.
async fn customer(t: &TestStack) -> String {
    t.shelve("acme/widget", &["1.0.0"]).await;
    t.bundle("enterprise", &["acme/widget"]).await;
    // A task to look at.
    t.stack.store.want_sync(CompanyId(1), &package_name("acme/widget")).await.unwrap();
    let new = json!({"name": "Acme Corp", "email": "dev@acme.com", "external_id": "cus_acme"});
    let customer = t.post("/api/v1/customers", &new).await.text("/id");
    for (kind, body) in [("packages", json!({"package": "acme/widget"})), ("bundles", json!({"bundle": "enterprise"}))]
    {
        let answer = t.post(&format!("/api/v1/customers/{customer}/{kind}"), &body).await;
        assert_eq!(answer.status, 201, "{answer}");
    }
    customer
}
