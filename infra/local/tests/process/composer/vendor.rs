//! The vendor: sells packages through the API, and releases versions on GitHub, whose part the sandbox plays.

use serde_json::{Value, json};

use crate::program::{Answer, Program, until};

/// The vendor, with the program that it sells through.
pub(super) struct Vendor {
    pub(super) program: Program,
    token: String,
}

/// A customer, as the vendor knows it.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) token: String,
}

impl Vendor {
    pub(super) fn new(program: Program) -> Self {
        let token = program.token().unwrap().to_owned();
        Self { program, token }
    }

    /// Calls the API; the answer must be good.
    pub(super) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.try_call(method, path, body);
        assert!((200..300).contains(&answer.status), "{method} {path} {body}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        self.program.send(method, path, &headers, body.as_bytes())
    }

    /// Does something on GitHub's page.
    fn on_github(&self, action: &str, fields: &[(&str, &str)]) {
        let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let path = format!("/sandbox/github/-/{action}");
        let answer = self.program.send("POST", &path, &headers, form.join("&").as_bytes());
        assert_eq!(answer.status, 303, "{answer:?}");
    }

    /// Makes a repository, and sells it as a package.
    pub(super) fn sells(&self, package: &str, releases: &[(&str, Value)]) {
        let (_, name) = package.split_once('/').unwrap();
        self.on_github("add-repository", &[("owner", "acme-corp"), ("name", name)]);
        for (tag, composer) in releases {
            self.releases(package, tag, composer);
        }
        let url = format!("https://github.com/acme-corp/{name}.git");
        self.call("POST", "/api/v1/packages", &json!({"name": package, "repository_url": url, "type": "github"}));
        self.syncs(package);
    }

    /// Commits and tags; a tag of that name is moved.
    pub(super) fn releases(&self, package: &str, tag: &str, composer: &Value) {
        let (_, name) = package.split_once('/').unwrap();
        let composer = composer.to_string();
        let fields = [("owner", "acme-corp"), ("name", name), ("tag", tag), ("composer_json", &*composer)];
        self.on_github("add-tag", &fields);
    }

    /// Deletes a tag.
    pub(super) fn withdraws(&self, package: &str, tag: &str) {
        let (_, name) = package.split_once('/').unwrap();
        self.on_github("delete-tag", &[("owner", "acme-corp"), ("name", name), ("tag", tag)]);
    }

    /// Has a package synced, and waits for it.
    pub(super) fn syncs(&self, package: &str) {
        let path = format!("/api/v1/packages/{package}/sync");
        let task = self.call("POST", &path, &Value::Null)["task"]["id"].clone();
        let task = task.as_str().map_or_else(|| task.to_string(), str::to_owned);
        until(&format!("{package} is synced"), || {
            let task = self.call("GET", &format!("{path}/{task}"), &Value::Null);
            assert_ne!(task["status"], "failed", "{task}");
            (task["status"] == "succeeded").then_some(())
        });
    }

    /// Makes a customer with these grants.
    pub(super) fn customer(&self, name: &str, grants: &[(&str, &str)]) -> Customer {
        let email = format!("{}@example.com", name.to_lowercase());
        let made = self.call("POST", "/api/v1/customers", &json!({"name": name, "email": email}));
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        let customer = Customer { id: text("id"), token: text("token") };
        for (package, constraint) in grants {
            self.to(&customer, "POST", "/packages", &json!({"package": package, "constraint": constraint}));
        }
        customer
    }

    /// Does something to a customer.
    pub(super) fn to(&self, customer: &Customer, method: &str, what: &str, body: &Value) -> Value {
        self.call(method, &format!("/api/v1/customers/{}{what}", customer.id), body)
    }

    /// How often a customer downloaded a package.
    pub(super) fn downloads(&self, customer: &Customer, package: &str) -> u64 {
        let rows = self.to(customer, "GET", "/packages", &Value::Null);
        let mut rows = rows["data"].as_array().unwrap().iter();
        rows.find(|row| row["package"] == package).unwrap()["downloads"].as_u64().unwrap()
    }
}

fn encoded(text: &str) -> String {
    let encode =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}
