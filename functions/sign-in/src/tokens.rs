//! Operators' API tokens.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use api::Time;
use domain::{company::Role, log::LogEntry, token::TokenId};
use serde::Serialize;
use store::Operator;

/// The line says which token it is about.
fn about(entry: LogEntry, operator: &Operator) -> LogEntry {
    entry
        .with("tokenId", Some(operator.id.to_string()))
        .with("name", Some(&operator.name))
        .with("role", Some(operator.role.name()))
}

/// A token, without its text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenView {
    id: TokenId,
    name: String,
    role: Role,
    last_four: String,
    created_at: Time,
    created_by: Option<String>,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
}

impl From<Operator> for TokenView {
    fn from(operator: Operator) -> Self {
        Self {
            id: operator.id,
            name: operator.name,
            role: operator.role,
            last_four: operator.last_four,
            created_at: Time(operator.created_at),
            created_by: operator.created_by,
            expires_at: operator.expires_at.map(Time),
            revoked_at: operator.revoked_at.map(Time),
        }
    }
}
