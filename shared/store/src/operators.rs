//! Operators' API tokens.

use domain::{CompanyId, Failure, Secret, Timestamp, company::Role, log::LogEntry, token::TokenId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Store, keys, sha256,
    table::{Freshness, Partition, Refusal, Write, item, text},
};

/// Whom an operator's token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Which token.
    pub id: TokenId,
    /// What the token is called, for its owner.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// The last four characters of its text, to tell tokens apart. Tokens of the first days have none.
    #[serde(default)]
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The name of who made it. `None` for those that the local program made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// From when on it is worth nothing. `None`: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Since when it is worth nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl Operator {
    /// Whom `token` is to stand for: for ever, and made by nobody in particular.
    pub fn of(token: &Secret, name: &str, role: Role, created_at: Timestamp) -> Self {
        let text = token.reveal();
        Self {
            id: TokenId::from_sha256(&Sha256::digest(text.as_bytes()).into()),
            name: name.to_owned(),
            role,
            last_four: text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
            created_at,
            created_by: None,
            expires_at: None,
            revoked_at: None,
        }
    }

    /// Whether its bearer is to be let in.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Store {
    /// Makes another operator's token, and writes a line of the log with it.
    pub async fn insert_operator(
        &self,
        company: CompanyId,
        token: &Secret,
        operator: &Operator,
        entry: &LogEntry,
    ) -> Result<(), Failure> {
        let mut writes = vec![self.put_operator(company, token, operator)?];
        writes.extend(self.log_writes(company, entry)?);
        match self.table.transact(writes).await {
            Ok(()) => Ok(()),
            Err(Refusal::Conditions(_)) => Err(Failure::broken("writing a new token", "it exists already")),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    /// Whom a token of the company stands for, revoked or not. Read strongly: a revoked token must never be accepted again.
    pub async fn operator(&self, company: CompanyId, token: &Secret) -> Result<Option<Operator>, Failure> {
        self.table.get(&keys::operator_token(company, &sha256(token.reveal())), Freshness::Strong).await
    }

    /// Whom the token with this id stands for, revoked or not.
    pub async fn operator_by_id(&self, company: CompanyId, id: &TokenId) -> Result<Option<Operator>, Failure> {
        self.table.get(&keys::operator_token(company, id.as_str()), Freshness::Strong).await
    }

    /// All of the company's tokens, revoked ones included, newest first.
    pub async fn operators(&self, company: CompanyId) -> Result<Vec<Operator>, Failure> {
        let pk = keys::operator_tokens(company);
        let partition = Partition { index: None, pk: &pk, newest_first: false, limit: None };
        let mut operators: Vec<Operator> = self.table.query(partition).await?;
        operators.sort_by_key(|operator| std::cmp::Reverse(operator.created_at));
        Ok(operators)
    }

    /// Revokes a token as of when the line of the log was made, which is written with it. When this returns, no request with
    /// the token is accepted any more. `false`: there is no such token, or it was revoked before; then nothing is written.
    pub async fn revoke_operator(&self, company: CompanyId, id: &TokenId, entry: &LogEntry) -> Result<bool, Failure> {
        let mut writes = vec![self.table.update(
            &keys::operator_token(company, id.as_str()),
            "SET revoked_at = :now",
            vec![(":now".to_owned(), text(entry.created_at.to_string()))],
            Some("attribute_exists(pk) AND attribute_not_exists(revoked_at)"),
        )?];
        writes.extend(self.log_writes(company, entry)?);
        self.table.write_all_if(writes).await
    }

    pub(crate) fn put_operator(
        &self,
        company: CompanyId,
        token: &Secret,
        operator: &Operator,
    ) -> Result<Write, Failure> {
        let key = keys::operator_token(company, &sha256(token.reveal()));
        self.table.put_if_absent(item("operator-token", &key, operator)?)
    }
}
