//! What a request can present to say who is calling.

use std::borrow::Cow;

use api::ApiError;
use domain::{
    CompanyId,
    session::Claims,
    token::{self, Token},
};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use sha2::{Digest, Sha256};

use crate::{Sessions, jwt::Unverified};

/// What a request brings, by its form alone.
#[derive(Debug)]
pub(crate) enum Presented {
    /// An operator's API token: `Authorization: Bearer tga_…`.
    OperatorToken(Token),
    /// A session: `Authorization: Bearer eyJ…`, or our cookie.
    Session(Unverified),
}

/// A credential. What it claims is not confirmed yet.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// A text in the form of an operator's token.
    OperatorToken(Token),
    /// What a session that we signed says.
    Session(Claims),
}

impl Presented {
    /// Reads it off a request: the header first; without one, the cookie, for which the request has to come from our pages.
    pub(crate) fn by(parts: &Parts, sessions: &Sessions) -> Result<Self, ApiError> {
        if parts.headers.contains_key(AUTHORIZATION) {
            let text = bearer(&parts.headers).ok_or_else(ApiError::unauthenticated)?;
            let operator = token::parse(token::OPERATOR, text).map(Self::OperatorToken);
            let presented = operator.or_else(|| Unverified::parse(text).map(Self::Session));
            return presented.ok_or_else(ApiError::unauthenticated);
        }
        let cookie = sessions.read_cookie(&parts.headers)?;
        let session = cookie.as_deref().and_then(Unverified::parse).ok_or_else(ApiError::unauthenticated)?;
        sessions.check_origin(&parts.method, &parts.headers)?;
        Ok(Self::Session(session))
    }
}

impl Credential {
    /// What its requests are counted under: a token's whole text, as what it claims would let anybody use up somebody else's
    /// limit; a member, as a session's signature was verified.
    pub(crate) fn counted_as(&self) -> Cow<'_, str> {
        match self {
            Self::OperatorToken(token) => token.secret.reveal().into(),
            Self::Session(claims) => format!("{} {}", claims.company, claims.user).into(),
        }
    }

    /// A key that nobody else has, for what the caller alone is to bring back.
    pub(crate) fn key(&self) -> [u8; 32] {
        match self {
            Self::OperatorToken(token) => Sha256::digest(token.secret.reveal()).into(),
            Self::Session(claims) => {
                let Claims { company, user, session, .. } = claims;
                Sha256::digest(format!("{company} {user} {session}")).into()
            }
        }
    }

    /// The company that it claims to belong to.
    pub(crate) fn claimed_company(&self) -> CompanyId {
        match self {
            Self::OperatorToken(token) => token.claimed_company,
            Self::Session(claims) => claims.company,
        }
    }

    pub(crate) fn is_session(&self) -> bool {
        matches!(self, Self::Session(_))
    }
}

/// The one bearer token of the headers.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(text.trim())
}
