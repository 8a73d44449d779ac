//! Nothing changes without a record: whatever an endpoint changes is in the company's log, with who did it and with which
//! request; what was refused, and what was only read, is not.
//!
//! A new endpoint that may change something needs a line in [`leaves`], and a body in `Shop::request` or [`Trial::open`].

use api::{Endpoint, RequestId};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use domain::Secret;
use http::{Request, header, request::Builder};
use journeys::{Answer, bearer};
use serde_json::{Value, json};

use crate::{Shop, endpoints, guarded};

/// Who a line has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Token,
    User,
    Buyer,
}

/// What a request leaves in the log when it is done.
#[derive(Debug, Clone, Copy)]
enum Leaves {
    /// A line: who, and what.
    Line(By, &'static str),
    /// None, for this reason.
    Nothing(&'static str),
}

/// What a request to each endpoint that is no `GET` leaves.
fn leaves(endpoint: Endpoint) -> Leaves {
    use Leaves::{Line, Nothing};
    match (endpoint.method, endpoint.path) {
        ("POST", "/api/admin/repositories") => Line(By::Token, "repository_created"),
        ("PATCH", "/api/admin/repositories/{id}") => Line(By::Token, "price_changed"),
        ("DELETE", "/api/admin/repositories/{id}") => Line(By::Token, "repository_deactivated"),
        ("POST", "/api/admin/repositories/{id}/fetch-github-data") => Line(By::Token, "repository_updated"),
        ("PATCH" | "POST", "/api/admin/customers/{id}/revoke") => Line(By::Token, "access_revoked"),
        ("POST", "/api/admin/customers/{id}/flag") => Line(By::Token, "customer_flagged"),
        ("POST", "/api/admin/tokens") => Line(By::Token, "token_created"),
        ("DELETE", "/api/admin/tokens/{id}") => Line(By::Token, "token_revoked"),
        ("POST", "/api/admin/members") => Line(By::Token, "member_added"),
        ("PATCH", "/api/admin/members/{id}") => Line(By::Token, "member_changed"),
        ("DELETE", "/api/admin/members/{id}") => Line(By::Token, "member_removed"),
        ("POST", "/api/v1/customers") => Line(By::Token, "customer_created"),
        ("PATCH", "/api/v1/customers/{id}") => Line(By::Token, "customer_updated"),
        ("DELETE", "/api/v1/customers/{id}") => Line(By::Token, "customer_deleted"),
        ("POST", "/api/v1/customers/{id}/suspend") => Line(By::Token, "customer_suspended"),
        ("POST", "/api/v1/customers/{id}/reactivate") => Line(By::Token, "customer_reactivated"),
        ("POST", "/api/v1/customers/{id}/freeze") => Line(By::Token, "customer_frozen"),
        ("POST", "/api/v1/customers/{id}/token/regenerate") => Line(By::Token, "customer_token_issued"),
        ("DELETE", "/api/v1/customers/{id}/token") => Line(By::Token, "customer_token_revoked"),
        (_, path) if path.starts_with("/api/v1/customers/{id}/packages") => Line(By::Token, "package_access_changed"),
        (_, path) if path.starts_with("/api/v1/customers/{id}/bundles") => Line(By::Token, "package_access_changed"),
        ("POST", "/api/v1/packages") => Line(By::Token, "package_added"),
        (_, path) if path.starts_with("/api/v1/packages/") && path.ends_with("/sync") => {
            Nothing("the worker looks at the repository, and tells of what it found")
        }
        ("PATCH", path) if path.starts_with("/api/v1/packages/") => Line(By::Token, "package_updated"),
        ("DELETE", path) if path.starts_with("/api/v1/packages/") => Line(By::Token, "package_deleted"),
        ("POST", "/api/v1/bundles") => Line(By::Token, "bundle_created"),
        ("PATCH", "/api/v1/bundles/{name}") => Line(By::Token, "bundle_updated"),
        ("DELETE", "/api/v1/bundles/{name}") => Line(By::Token, "bundle_deleted"),
        ("POST", "/api/checkout") => Line(By::Buyer, "checkout_created"),
        ("POST", "/api/purchases/{id}/account" | "/purchases/{id}/account") => Line(By::Buyer, "account_changed"),
        ("POST", "/api/purchases/{id}/invitation" | "/purchases/{id}/invitation") => {
            Line(By::Buyer, "invitation_resent")
        }
        ("POST", "/api/purchases/{id}/composer-token" | "/purchases/{id}/composer-token") => {
            Line(By::Buyer, "composer_link_asked")
        }
        ("POST", "/api/purchases/{id}/billing-portal") => {
            Nothing("a link to Stripe's page, where nothing has happened yet")
        }
        ("POST", "/api/auth/github/callback") => Line(By::User, "member_changed"),
        ("POST", "/api/auth/sign-out-everywhere") => Line(By::User, "sessions_ended"),
        ("POST", "/api/auth/sign-out") => Nothing("one session is nobody else's affair"),
        ("POST", "/api/auth/magic-link") => Nothing("the worker mails a link, which changes nothing"),
        ("POST", "/api/auth/magic-link/verify") => Nothing("a sign-in; what it may learn is held where GitHub's is"),
        ("POST", "/downloads") => Nothing("Composer's word of an installation, which is counted"),
        ("POST", path) if path.starts_with("/api/webhooks/") => Nothing("the worker does what it tells of"),
        (method, path) => panic!("what {method} {path} leaves in the log is for tests/access/records.rs to say"),
    }
}

/// A line, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    id: String,
    action: String,
    actor: String,
    request: Option<String>,
}

/// A shop, and somebody who signed in.
struct Trial {
    shop: Shop,
}

impl Trial {
    async fn open() -> Self {
        Self { shop: Shop::open().await }
    }

    /// Company 1's log, oldest line first.
    async fn log(&self) -> Vec<Line> {
        let text = |value: Option<&AttributeValue>| value.and_then(|value| value.as_s().ok()).cloned();
        let query = self.shop.t.aws.dynamodb.query().table_name("Table").key_condition_expression("pk = :log");
        let found = query.expression_attribute_values(":log", AttributeValue::S("C#1#LOG".to_owned())).send().await;
        let found = found.unwrap();
        assert_eq!(found.last_evaluated_key, None, "one page is enough here");
        let line = |item: &std::collections::HashMap<String, AttributeValue>| Line {
            id: text(item.get("sk")).unwrap(),
            action: text(item.get("action")).unwrap(),
            actor: match item.get("actor").unwrap() {
                AttributeValue::M(fields) => fields.keys().next().unwrap().clone(),
                other => text(Some(other)).unwrap(),
            },
            request: text(item.get("request")),
        };
        found.items().iter().map(line).collect()
    }

    /// The lines that came since. The tests' clock stands still, so their place does not tell.
    async fn new_lines(&self, before: &[Line]) -> Vec<Line> {
        self.log().await.into_iter().filter(|line| !before.contains(line)).collect()
    }

    /// Sends a request with this id.
    async fn send(&self, request: Builder, body: &Value, id: &str) -> Answer {
        let body = match body {
            Value::Null => Body::empty(),
            Value::String(form) => Body::from(form.clone()),
            json => Body::from(json.to_string()),
        };
        self.shop.t.send(request.extension(RequestId::new(id).unwrap()).body(body).unwrap()).await
    }

    /// A request that is done when it is sent.
    async fn request(&self, endpoint: Endpoint) -> (Builder, Value) {
        match endpoint.guard {
            "Viewer" | "Admin" | "Owner" => {
                // So that there is something new to see.
                self.shop.t.github().describe("ctrimm", "premium-theme", "What it is now", 7).unwrap();
                if endpoint.path.ends_with("/reactivate") {
                    let path = self.shop.path(endpoint).replace("/reactivate", "/suspend");
                    assert_eq!(self.shop.t.post(&path, &json!({})).await.status, 200);
                }
                let (request, body) = self.shop.request(endpoint);
                (bearer(request, &self.shop.t.token), body)
            }
            "SignedIn" => {
                let (request, body) = self.shop.request(endpoint);
                self.invite("janedoe").await;
                let session = self.shop.t.sign_in("janedoe").await;
                (bearer(request, &session), body)
            }
            "Buyer" => self.of_buyer(endpoint),
            _ => self.open_to_anybody(endpoint).await,
        }
    }

    /// With the link's token, as the page's forms have it.
    fn of_buyer(&self, endpoint: Endpoint) -> (Builder, Value) {
        let t = &self.shop.t;
        let session = t.stripe().session_for(&self.shop.purchase).and_then(|id| t.stripe().session(&id)).unwrap();
        let link = session["success_url"].as_str().unwrap();
        let token = link.split(['?', '&']).find(|pair| pair.starts_with("token=")).unwrap();
        let path = endpoint.path.replace("{id}", &self.shop.purchase);
        let request = Request::builder().method(endpoint.method).uri(format!("{path}?{token}"));
        let form = !path.starts_with("/api/");
        let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        let body = match path.ends_with("/account") {
            true if form => json!("githubUsername=janedoe"),
            true => json!({"githubUsername": "janedoe"}),
            false => Value::Null,
        };
        (request.header(header::CONTENT_TYPE, kind), body)
    }

    async fn open_to_anybody(&self, endpoint: Endpoint) -> (Builder, Value) {
        let request = Request::builder().method(endpoint.method).uri(endpoint.path);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        match endpoint.path {
            "/api/checkout" => {
                let email = "another@example.com";
                let body = json!({"repositoryId": self.shop.repository, "githubUsername": "janedoe", "email": email});
                (request, body)
            }
            "/api/auth/magic-link" => (request, json!({"email": "clerk@example.com"})),
            "/api/auth/github/callback" => {
                self.invite("octocat").await;
                self.shop.t.come_back("octocat").await
            }
            path => panic!("tests/access/records.rs needs a body for {path} that would be accepted"),
        }
    }

    /// Invites somebody, who may have been invited already.
    async fn invite(&self, login: &str) {
        let member = json!({"githubUsername": login, "role": "viewer"});
        let invited = self.shop.t.post("/api/admin/members", &member).await;
        assert!([201, 409].contains(&invited.status), "{invited}");
    }

    async fn end(self) {
        self.shop.t.settle().await;
        self.shop.t.finish().await;
    }
}

/// Those that may change something, and can be driven by a request alone.
fn writing() -> Vec<Endpoint> {
    let by_others =
        |path: &str| matches!(path, "/api/auth/magic-link/verify" | "/downloads") || path.starts_with("/api/webhooks/");
    let writing: Vec<_> = endpoints().into_iter().filter(|it| it.method != "GET").collect();
    for endpoint in &writing {
        leaves(*endpoint);
    }
    writing.into_iter().filter(|it| !by_others(it.path)).collect()
}

#[tokio::test]
async fn what_changes_something_leaves_a_line_that_names_the_caller_and_the_request() {
    for endpoint in writing() {
        let trial = Trial::open().await;
        let (request, body) = trial.request(endpoint).await;
        let before = trial.log().await;
        let answer = trial.send(request, &body, "this-very-request").await;
        // A form's answer leads back to its page.
        assert!((200..400).contains(&answer.status), "{endpoint:?}: {answer}");
        let new = trial.new_lines(&before).await;
        let request = Some("this-very-request".to_owned());
        match leaves(endpoint) {
            Leaves::Nothing(reason) => assert_eq!(new, [], "{endpoint:?}: {reason}"),
            Leaves::Line(by, action) => {
                let actor = format!("{by:?}").to_lowercase();
                assert!(new.iter().any(|line| line.action == action), "{endpoint:?}: no {action} in {new:?}");
                let named = new.iter().all(|line| line.actor == actor && line.request == request);
                assert!(named, "{endpoint:?}: not all by {actor} with its request: {new:?}");
            }
        }
        trial.end().await;
    }
}

#[tokio::test]
async fn what_is_refused_leaves_no_line() {
    let trial = Trial::open().await;
    let (shop, t) = (&trial.shop, &trial.shop.t);
    let made = t.post("/api/admin/tokens", &json!({"name": "looks only", "role": "viewer"})).await;
    let viewer = Secret::new(made.text("/token")).unwrap();
    let mut taken = Vec::new();
    for (path, body) in [
        ("/api/admin/repositories", journeys::example_repository()),
        ("/api/admin/members", json!({"email": "clerk@example.com", "role": "viewer"})),
    ] {
        taken.push((t.request(http::Method::POST, path).header(header::CONTENT_TYPE, "application/json"), body));
    }
    let before = trial.log().await;
    let mut statuses = Vec::new();
    for endpoint in guarded().into_iter().filter(|it| it.method != "GET") {
        let good = |endpoint| {
            let (request, body) = shop.request(endpoint);
            (bearer(request, &t.token), body)
        };
        let mut tries = vec![shop.request(endpoint)];
        tries.push((bearer(shop.request(endpoint).0, &viewer), shop.request(endpoint).1));
        if !shop.request(endpoint).1.is_null() {
            let wrong = json!({
                "role": 7, "displayName": "", "reason": 7, "name": 7, "dev_branches": 7, "packages": 7, "versions": 7
            });
            tries.push((good(endpoint).0, wrong));
        }
        if endpoint.path.contains("{id}") {
            let nowhere = endpoint.path.replace("{id}", "01999999-9999-7999-8999-999999999999");
            let (request, body) = good(endpoint);
            tries.push((request.uri(nowhere), body));
        }
        for (request, body) in tries {
            statuses.push(refused(&trial, request, &body, endpoint.path, before.len()).await);
        }
    }
    for (request, body) in taken {
        statuses.push(refused(&trial, request, &body, "taken", before.len()).await);
    }
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [400, 401, 403, 404, 409], "each kind of refusal was tried");
    trial.end().await;
}

async fn refused(trial: &Trial, request: Builder, body: &Value, of: &str, lines: usize) -> u16 {
    let answer = trial.send(request, body, "refused").await;
    assert!((400..500).contains(&answer.status), "{of}: {answer}");
    assert_eq!(trial.log().await.len(), lines, "{of}: {answer}");
    answer.status
}

#[tokio::test]
async fn what_is_only_read_leaves_no_line_unless_a_copy_is_taken() {
    let trial = Trial::open().await;
    for endpoint in guarded().into_iter().filter(|it| it.method == "GET") {
        let before = trial.log().await;
        let (request, body) = trial.request(endpoint).await;
        let answer = trial.send(request, &body, "looking").await;
        assert_eq!(answer.status, 200, "{endpoint:?}: {answer}");
        let new = trial.new_lines(&before).await;
        let told: Vec<_> = new.iter().map(|it| (&*it.action, &*it.actor, it.request.as_deref())).collect();
        let copies = endpoint.path.contains(".csv");
        assert_eq!(told, [("exported", "token", Some("looking"))][..usize::from(copies)], "{endpoint:?}");
    }
    trial.end().await;
}

#[tokio::test]
async fn a_sign_in_leaves_a_line_only_of_what_it_taught() {
    let trial = Trial::open().await;
    for (id, taught) in [("first", true), ("second", false)] {
        trial.invite("octocat").await;
        let before = trial.log().await;
        let (request, body) = trial.shop.t.come_back("octocat").await;
        let answer = trial.send(request, &body, id).await;
        assert_eq!(answer.status, 200, "{answer}");
        let new = trial.new_lines(&before).await;
        let told: Vec<_> = new.iter().map(|line| (line.action.as_str(), line.request.as_deref())).collect();
        assert_eq!(told, [("member_changed", Some(id))][..usize::from(taught)], "the address");
    }
    trial.end().await;
}

/// A second revocation changes nothing.
#[tokio::test]
async fn what_changed_nothing_leaves_no_line() {
    let trial = Trial::open().await;
    let revoke = endpoints().into_iter().find(|it| it.method == "DELETE" && it.path.contains("tokens")).unwrap();
    let token = trial.shop.t.token.clone();
    let first = trial.shop.call(revoke, &token).await;
    let lines = trial.log().await;
    trial.shop.t.clock.advance(std::time::Duration::from_mins(1));
    let second = trial.shop.call(revoke, &token).await;
    assert_eq!((second.status, &second.json), (200, &first.json), "{second}");
    assert_eq!(trial.log().await, lines);
    trial.end().await;
}
