//! What several endpoints answer.

use api::Time;
use domain::{
    Secret, Timestamp,
    customer::{Customer, CustomerStatus},
};
use serde::Serialize;

/// A customer. The last four characters of its token, its end and why it is suspended are extensions.
#[derive(Debug, Serialize)]
pub(crate) struct CustomerView {
    id: String,
    name: String,
    email: String,
    external_id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    expires_at: Option<Time>,
    /// Shown when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_last_four: Option<String>,
    created_at: Time,
    updated_at: Time,
}

impl CustomerView {
    /// A customer as it stands now.
    pub(crate) fn of(customer: Customer, now: Timestamp) -> Self {
        let status = customer.status(now);
        Self {
            id: customer.id.to_string(),
            name: customer.name.to_string(),
            email: customer.email.to_string(),
            external_id: customer.external_id.map(|id| id.to_string()),
            status: status.name(),
            reason: customer.reason.filter(|_| status == CustomerStatus::Suspended).map(|reason| reason.to_string()),
            expires_at: customer.expires_at.map(Time),
            token: None,
            token_last_four: customer.token.map(|token| token.last_four),
            created_at: Time(customer.created_at),
            updated_at: Time(customer.updated_at),
        }
    }

    /// With the token, this once.
    pub(crate) fn showing(self, token: &Secret) -> Self {
        Self { token: Some(token.reveal().to_owned()), ..self }
    }
}
