//! Who should have access to a repository, and who has.
//!
//! An [`Entitlement`] is one GitHub account's right to one repository. Several purchases can justify it, and it lasts
//! until the last of them no longer does. What is desired follows from its purchases; what is observed is written by the
//! one who made GitHub match.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    CompanyId, GithubUserId, PurchaseId, RepositoryId, Timestamp,
    invitations::Place,
    purchase::{Gate, Purchase},
    repository::GithubPath,
    stored::{maybe_seconds, seconds},
};

/// Which entitlement: one account's right to one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntitlementKey {
    /// Who sells it.
    pub company: CompanyId,
    /// What it opens.
    pub repository: RepositoryId,
    /// For whom.
    pub account: GithubUserId,
}

/// One account's right to one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Which.
    #[serde(flatten)]
    pub key: EntitlementKey,
    /// Where the repository is: access is taken back where it was given, so it changes only when GitHub says that the
    /// repository moved.
    pub github: GithubPath,
    /// The repository's number on GitHub, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github_id: Option<u64>,
    /// Every purchase that ever could justify it.
    #[serde(default)]
    pub purchases: BTreeSet<PurchaseId>,
    /// The newest of them.
    pub latest: PurchaseId,
    /// What GitHub was last seen to grant.
    #[serde(default)]
    pub observed: Observed,
    /// Whether the account was ever let in by us, or may have been: only then may it be removed by us.
    #[serde(default)]
    pub admitted: bool,
    /// Its place among those who wait for an invitation, while GitHub's limit of invitations a day is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Place>,
    /// When an invitation was counted of which GitHub has not been heard yet.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub inviting: Option<Timestamp>,
    /// When it is to be looked at again without anybody's asking.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Why GitHub cannot be made to match, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<AccessProblem>,
    /// Counts the changes of this item: whoever writes it must have read its newest state.
    #[serde(default)]
    pub rev: u64,
}

impl Entitlement {
    /// Whether a purchase is its account's. One that was moved to another account stays in the list, for the one who makes
    /// GitHub match to hand it on.
    pub fn owns(&self, purchase: &Purchase) -> bool {
        purchase.buyer.id == self.key.account
    }
}

/// Whether an account should have access: one of its purchases opens the gate.
pub fn is_desired(purchases: &[Purchase]) -> bool {
    purchases.iter().any(|purchase| purchase.gate() == Gate::Open)
}

/// Whether what GitHub grants concerns this purchase, one of `purchases`: it justifies the access, or nothing does any more
/// and it is to be taken back. One that was closed while others keep the gate open has nothing to do with it.
pub fn concerns(purchases: &[Purchase], purchase: &Purchase) -> bool {
    purchase.gate() == Gate::Open || !is_desired(purchases)
}

/// What a purchase has to show when GitHub grants `observed`.
pub fn share_of(purchases: &[Purchase], purchase: &Purchase, observed: Observed) -> Observed {
    if concerns(purchases, purchase) { observed } else { Observed::Nothing }
}

/// What GitHub grants an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// Nothing.
    #[default]
    Nothing,
    /// An invitation that is not accepted yet.
    Invited,
    /// Access.
    Member,
}

/// Why GitHub cannot be made to match what is desired. It is shown to the vendor; some heal by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessProblem {
    /// What kind of problem.
    pub code: ProblemCode,
    /// What a person can do about it.
    pub message: String,
    /// Since when.
    #[serde(with = "seconds")]
    pub since: Timestamp,
}

/// The kinds of problem with access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// GitHub does not answer. Tried again.
    GithubUnavailable,
    /// GitHub asked to wait. Tried again.
    RateLimited,
    /// The credentials are missing, wrong or expired. Tried again.
    CredentialsRefused,
    /// The credentials may not administrate the repository, or the organisation forbids it.
    Forbidden,
    /// The repository is not to be seen with these credentials.
    RepositoryNotFound,
    /// The buyer's account is gone from GitHub.
    AccountNotFound,
    /// GitHub refuses this account.
    AccountRefused,
    /// Removed as a collaborator, the account still has access by a team or the organisation.
    StillHasAccess,
}

impl ProblemCode {
    /// Whether trying again later may help without anybody's doing. The others wait for a person (`action_required`).
    pub fn heals(self) -> bool {
        matches!(self, Self::GithubUnavailable | Self::RateLimited | Self::CredentialsRefused)
    }
}
