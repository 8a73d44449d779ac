//! Companies and their operators' tokens.

use domain::{
    CompanyId, Failure, Secret, Timestamp,
    company::{Company, Role},
    text,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Store, keys,
    table::{Freshness, Refusal, item},
};

/// Whom an operator's token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// What the token is called, for its owner.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is worth nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// The company.
    pub async fn company(&self, company: CompanyId) -> Result<Option<Company>, Failure> {
        self.table.get(&keys::company(company), Freshness::Eventual).await
    }

    /// Makes a company and its first operator's token at once; `false` when the company exists already.
    pub async fn found_company(&self, company: &Company, token: &Secret, operator: &Operator) -> Result<bool, Failure> {
        let writes = vec![
            self.table.put_if_absent(item("company", &keys::company(company.id), company)?)?,
            self.table.put_if_absent(item(
                "operator-token",
                &keys::operator_token(company.id, &sha256(token)),
                operator,
            )?)?,
        ];
        match self.table.transact(writes).await {
            Ok(()) => Ok(true),
            Err(Refusal::Conditions(_)) => Ok(false),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// Makes another operator's token.
    pub async fn insert_operator(
        &self,
        company: CompanyId,
        token: &Secret,
        operator: &Operator,
    ) -> Result<(), Failure> {
        let row = item("operator-token", &keys::operator_token(company, &sha256(token)), operator)?;
        match self.table.transact(vec![self.table.put_if_absent(row)?]).await {
            Ok(()) => Ok(()),
            Err(Refusal::Conditions(_)) => Err(Failure::broken("writing a new token", "it exists already")),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// Whom a token of the company stands for, revoked or not. Read strongly: a revoked token must never be accepted again.
    pub async fn operator(&self, company: CompanyId, token: &Secret) -> Result<Option<Operator>, Failure> {
        self.table.get(&keys::operator_token(company, &sha256(token)), Freshness::Strong).await
    }
}

/// Lower-case hex. Tokens have 142 random bits, so a fast hash keeps them as safe as a slow one.
fn sha256(token: &Secret) -> String {
    text::hex(&Sha256::digest(token.reveal().as_bytes()))
}
