//! What was taken off the market because of what became of it on GitHub. Its vendor has not done that here, so is told of it.

use serde::{Deserialize, Serialize};

use super::Repository;
use crate::{
    Timestamp,
    stored::{maybe_seconds, seconds},
};

/// That, and why, there was nothing left to sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Since when it is not for sale.
    #[serde(with = "seconds")]
    pub at: Timestamp,
    /// Why.
    pub because: Withdrawal,
    /// When the vendor was told, or it was found that nobody can be.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Timestamp>,
}

/// Why there is nothing left to sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// It is gone.
    Deleted,
    /// Nobody has to buy it.
    Public,
}

impl Withdrawal {
    /// What happened, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Deleted => "The repository was deleted on GitHub",
            Self::Public => "Anybody can read the repository on GitHub",
        }
    }
}

impl Repository {
    /// As it is once it was taken off the market because of what became of it on GitHub.
    #[must_use]
    pub fn withdrawn(&self, because: Withdrawal, now: Timestamp) -> Self {
        let withdrawn = Some(Withdrawn { at: now, because, told: None });
        Self { active: false, withdrawn, updated_at: now, ..self.clone() }
    }

    /// What its vendor has still to be told of.
    pub fn withdrawal_to_tell(&self) -> Option<&Withdrawn> {
        self.withdrawn.as_ref().filter(|withdrawn| !self.active && withdrawn.told.is_none())
    }

    /// As it is once its vendor was told at `now`.
    #[must_use]
    pub fn having_told_withdrawal(&self, now: Timestamp) -> Self {
        Self { withdrawn: self.withdrawn.map(|it| Withdrawn { told: Some(now), ..it }), ..self.clone() }
    }
}
