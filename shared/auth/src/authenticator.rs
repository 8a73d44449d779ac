//! Confirms credentials.

use api::{ApiError, Kind};
use domain::company::Role;
use store::Store;

use crate::credential::Credential;

/// Confirms credentials against the table, strongly read each time: nothing caches a "yes".
#[derive(Debug, Clone)]
pub struct Authenticator {
    store: Store,
}

impl Authenticator {
    /// Confirms against `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Fails unless the credential is good and its bearer has at least this role.
    pub(crate) async fn confirm(&self, credential: &Credential, least: Role) -> Result<(), ApiError> {
        let role = match credential {
            Credential::OperatorToken(token) => {
                let operator = self.store.operator(token.claimed_company, &token.secret).await?;
                operator.filter(|operator| operator.revoked_at.is_none()).ok_or_else(ApiError::unauthenticated)?.role
            }
        };
        if role >= least { Ok(()) } else { Err(ApiError::new(Kind::Forbidden, "Insufficient permissions")) }
    }
}
