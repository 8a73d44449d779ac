//! Companies: the tenants.

use serde::{Deserialize, Serialize};

use crate::CompanyId;

/// A company that sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its number.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// The currency of all its prices: ISO 4217 in lower case, as Stripe writes it.
    pub currency: String,
}

/// What a member of a company may do. Each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May read.
    Viewer,
    /// May change what is sold and who has access.
    Admin,
    /// May also change who is a member.
    Owner,
}
