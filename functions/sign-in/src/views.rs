//! What several endpoints answer.

use api::{Check, Input, PageQuery, Time};
use auth::Issued;
use axum::response::{IntoResponse, Response};
use domain::{CompanyId, UserId, company::Role, member::Member, text::NextPath};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::admission::Admitted;

/// Where a browser goes after signing in that did not say where it wants to go.
const DEFAULT_NEXT: &str = "/api/auth/me";

/// Which page of a list that has no filters.
#[derive(Debug)]
pub(crate) struct Paged(pub(crate) PageQuery);

impl Input for Paged {
    fn check(c: &mut Check) -> Option<Self> {
        PageQuery::check(c, 20).map(Self)
    }
}

/// A session for a program (ruling 1).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    token: String,
    expires_at: Time,
    user: UserView,
}

/// A member, to the member.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserView {
    id: UserId,
    company: CompanyId,
    role: Role,
    github_username: Option<String>,
    avatar_url: Option<String>,
    email: Option<String>,
}

/// A member, to an owner.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberView {
    id: UserId,
    role: Role,
    github_username: Option<String>,
    avatar_url: Option<String>,
    email: Option<String>,
    created_at: Time,
    signed_in_at: Option<Time>,
}

impl UserView {
    pub(crate) fn new(company: CompanyId, member: Member) -> Self {
        let (github_username, avatar_url) = github(&member);
        let Member { id, role, email, .. } = member;
        Self { id, company, role, github_username, avatar_url, email: email.map(|email| email.to_string()) }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        let (github_username, avatar_url) = github(&member);
        Self {
            id: member.id,
            role: member.role,
            github_username,
            avatar_url,
            email: member.email.map(|email| email.to_string()),
            created_at: Time(member.created_at),
            signed_in_at: member.signed_in_at.map(Time),
        }
    }
}

impl From<Admitted> for SignedIn {
    fn from(Admitted { company, member, session: Issued { token, expires_at } }: Admitted) -> Self {
        Self { token: token.reveal().to_owned(), expires_at: Time(expires_at), user: UserView::new(company, member) }
    }
}

/// Sends a browser on, with cookies.
pub(crate) fn redirect(to: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::try_from(to) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Sends a browser on that signed in.
pub(crate) fn on_to(next: Option<&NextPath>, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    redirect(next.map_or(DEFAULT_NEXT, NextPath::as_str), cookies)
}

fn github(member: &Member) -> (Option<String>, Option<String>) {
    let login = member.github.as_ref().map(|github| github.login.clone());
    let avatar = member.github.as_ref().map(|github| github.avatar_url.clone());
    (login, avatar.filter(|avatar| !avatar.is_empty()))
}
