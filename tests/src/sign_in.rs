//! Signing in with GitHub, as a program does.

use axum::body::Body;
use domain::Secret;
use http::{Request, header, request::Builder};
use serde_json::{Value, json};

use crate::TestStack;

impl TestStack {
    /// Signs in, and answers with the session's token.
    pub async fn sign_in(&self, login: &str) -> Secret {
        let (request, body) = self.come_back(login).await;
        let answer = self.send(request.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(answer.status, 200, "{answer}");
        Secret::new(answer.text("/token")).unwrap()
    }

    /// Begins to sign in and agrees on GitHub's page: the request and the body with which a program then gets its token.
    pub async fn come_back(&self, login: &str) -> (Builder, Value) {
        let begun = self.get("/api/auth/github").await;
        let cookies = begun.headers.get_all(header::SET_COOKIE).iter();
        let cookies: Vec<_> = cookies.filter_map(|line| line.to_str().unwrap().split(';').next()).collect();
        let back = self.github().sign_in(begun.header("location"), login).unwrap();
        let (code, state) = code_and_state(&back);
        let request = Request::post("/api/auth/github/callback")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookies.join("; "));
        (request, json!({"code": code, "state": state}))
    }
}

/// What GitHub put into the address to which it sent the browser back.
pub fn code_and_state(back: &str) -> (String, String) {
    let of = |name: &str| back.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)).unwrap().to_owned();
    (of("code="), of("state="))
}
