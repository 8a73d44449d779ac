//! What a request can present to say who is calling.

use api::ApiError;
use domain::{
    CompanyId,
    token::{self, Token},
};
use http::{HeaderMap, header::AUTHORIZATION};

/// A credential that has the right form. What it claims is not confirmed yet.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// An operator's API token: `Authorization: Bearer tga_…`.
    OperatorToken(Token),
}

impl Credential {
    /// Reads the credential off a request's headers.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ApiError::unauthenticated());
        };
        let (scheme, text) =
            value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(ApiError::unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::unauthenticated());
        }
        token::parse(token::OPERATOR, text.trim()).map(Self::OperatorToken).ok_or_else(ApiError::unauthenticated)
    }

    /// What its requests are counted under: its whole text. What it claims would let anybody use up somebody else's limit.
    pub(crate) fn counted_as(&self) -> &str {
        match self {
            Self::OperatorToken(token) => token.secret.reveal(),
        }
    }

    /// The company that it claims to belong to.
    pub(crate) fn claimed_company(&self) -> CompanyId {
        match self {
            Self::OperatorToken(token) => token.claimed_company,
        }
    }
}
