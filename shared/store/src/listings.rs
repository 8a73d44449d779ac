//! Repositories as GitHub knows them: by a number that stays when they are renamed or transferred.

use domain::{CompanyId, RepositoryId};
use serde::{Deserialize, Serialize};

/// A listing of a repository of GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Who sells it.
    pub company: CompanyId,
    /// As what.
    pub repository: RepositoryId,
}
