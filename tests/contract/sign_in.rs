//! Signing in: with GitHub, by a link in a mail, and what a session is good for.

mod github;
mod links;
mod members;
mod sessions;

use std::collections::BTreeMap;

use axum::body::Body;
use domain::Secret;
use http::{Method, Request, header};
use journeys::{Answer, Options, TestStack, code_and_state};
use serde_json::{Value, json};

/// The usual stack, of which `ctrimm` becomes the first owner.
async fn start() -> TestStack {
    start_with("ctrimm").await
}

async fn start_with(first_owner: &str) -> TestStack {
    let mut options = Options::default();
    options.settings.push(("FIRST_OWNER", first_owner.to_owned()));
    TestStack::start_with(options).await
}

/// A browser: it keeps cookies and, as browsers do, tells the origin of the page that posts.
struct Browser<'a> {
    t: &'a TestStack,
    cookies: BTreeMap<String, String>,
    /// The origin of the page that it shows.
    origin: String,
}

impl<'a> Browser<'a> {
    fn new(t: &'a TestStack) -> Self {
        Self { t, cookies: BTreeMap::new(), origin: t.stack.url.clone() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    async fn post(&mut self, path: &str) -> Answer {
        let request = Request::post(path).header(header::ORIGIN, &self.origin);
        self.send(request, Body::empty()).await
    }

    /// Presses the button of a page that tells no referrer.
    async fn submit(&mut self, path: &str, form: &str, site: &str) -> Answer {
        let request = Request::post(path)
            .header(header::ORIGIN, "null")
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form.to_owned())).await
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; "));
        let answer = self.t.send(request.body(body).unwrap()).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Goes to GitHub, agrees there as `login`, and says where GitHub sends the browser back to.
    async fn go_to_github(&mut self, login: &str) -> String {
        let answer = self.get("/api/auth/github").await;
        assert_eq!(answer.status, 303, "{answer}");
        let back = self.t.github().sign_in(answer.header("location"), login).unwrap();
        back.strip_prefix(&self.t.stack.url).unwrap().to_owned()
    }

    /// Signs in with GitHub.
    async fn sign_in(&mut self, login: &str) -> Answer {
        let back = self.go_to_github(login).await;
        self.get(&back).await
    }

    async fn me(&mut self) -> Answer {
        self.get("/api/auth/me").await
    }
}

/// Posts what GitHub sent back, as a program does.
async fn by_program(browser: &mut Browser<'_>, back: &str) -> Answer {
    let (code, state) = code_and_state(back);
    let body = json!({"code": code, "state": state}).to_string();
    let request = Request::post("/api/auth/github/callback").header(header::CONTENT_TYPE, "application/json");
    browser.send(request, Body::from(body)).await
}

/// A request with a token and a JSON body.
async fn call(t: &TestStack, (method, path): (Method, &str), token: &Secret, body: &Value) -> Answer {
    let request = journeys::bearer(Request::builder().method(method).uri(path), token);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    t.send(request.body(Body::from(body.to_string())).unwrap()).await
}

/// Invites somebody, as company 1's first token.
async fn invite(t: &TestStack, who: Value) -> String {
    let answer = t.post("/api/admin/members", &who).await;
    assert_eq!(answer.status, 201, "{answer}");
    answer.text("/id")
}

#[track_caller]
fn is_page(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
}
