//! Signing in and out, and who may: members and operators' tokens. Contract: `repopass.md`, "Authentication", and its
//! rulings 1 and 2.
#![warn(missing_docs)]

mod admission;
mod github;
mod magic_link;
mod members;
mod session;
mod tokens;
mod views;

use api::{Api, Family};
use auth::{Authenticator, Limiter};
use axum::extract::FromRef;
use clients::{Github, GithubOAuth};
use domain::{Clock, Random, member::FirstOwner};
use jobs::Queue;
use store::{Store, Volatile};

/// The endpoints.
pub fn api() -> Api<App> {
    Api::new(Family::RepoPass)
        .get("/api/auth/github", github::begin::begin)
        .get("/api/auth/github/callback", github::callback::by_browser)
        .post("/api/auth/github/callback", github::callback::by_program)
        .post("/api/auth/magic-link", magic_link::request::request)
        .get("/api/auth/magic-link", magic_link::page::page)
        .post("/api/auth/magic-link/verify", magic_link::verify::verify)
        .get("/api/auth/me", session::me::me)
        .post("/api/auth/sign-out", session::sign_out::here)
        .post("/api/auth/sign-out-everywhere", session::sign_out::everywhere)
        .get("/api/admin/tokens", tokens::list::list)
        .post("/api/admin/tokens", tokens::create::create)
        .delete("/api/admin/tokens/{id}", tokens::revoke::revoke)
        .get("/api/admin/members", members::list::list)
        .post("/api/admin/members", members::invite::invite)
        .patch("/api/admin/members/{id}", members::change::change)
        .delete("/api/admin/members/{id}", members::remove::remove)
}

/// What the endpoints stand on.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// Sign-ins that were begun.
    pub volatile: Volatile,
    /// Confirms callers, and signs sessions.
    pub authenticator: Authenticator,
    /// Counts requests.
    pub limiter: Limiter,
    /// To find the account of a member who is invited.
    pub github: Github,
    /// To learn who signs in.
    pub github_oauth: GithubOAuth,
    /// Where links go that have to be mailed.
    pub deliveries: Queue,
    /// The present time.
    pub clock: Clock,
    /// For ids, states and verifiers.
    pub random: Random,
    /// Where browsers reach us, without a slash at the end.
    pub public_url: String,
    /// Who becomes the owner of company 1 while it has no member.
    pub first_owner: Option<FirstOwner>,
}

/// How often a change is decided anew because somebody else changed the member meanwhile.
const TRIES: usize = 4;

impl FromRef<App> for Authenticator {
    fn from_ref(app: &App) -> Self {
        app.authenticator.clone()
    }
}

impl FromRef<App> for Limiter {
    fn from_ref(app: &App) -> Self {
        app.limiter.clone()
    }
}
