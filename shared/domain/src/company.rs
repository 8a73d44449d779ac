//! Companies: the tenants.

use serde::{Deserialize, Serialize};

use crate::{CompanyId, Problem, text::Email};

/// A company that sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its number.
    pub id: CompanyId,
    /// Its name.
    pub name: String,
    /// The currency of all its prices: ISO 4217 in lower case, as Stripe writes it.
    pub currency: String,
    /// Where it is told of what needs it; without, its first owner with an address is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Email>,
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

impl Role {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Admin, Self::Owner];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role with this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let known = Self::ALL.into_iter().find(|role| role.name() == text);
        known.ok_or(Problem::NotOneOf { allowed: "viewer, admin, owner" })
    }
}
