//! What GitHub tells of a repository, and what its vendor should know because of it.

use super::{OnGithub, Repository};
use crate::{Timestamp, text::Description};

/// A look at a repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What is kept for as long as it is for sale.
    pub on_github: OnGithub,
    /// How many people marked it with a star.
    pub stars: u64,
    /// When something was last pushed, or else changed.
    pub last_updated: Option<Timestamp>,
    /// What its owner says of it there.
    pub description: Option<Description>,
}

/// Something that a vendor should know of a repository, and that does not keep it from being sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warning {
    /// A person owns it: every collaborator there can push (GitHub's documentation of "permission").
    PersonalRepoWriteAccess,
    /// An organisation owns it: in a paid one, outside collaborators of private repositories take seats.
    PaidSeats,
    /// Anybody can read it.
    PublicRepository,
}

impl Warning {
    /// Its name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::PersonalRepoWriteAccess => "PERSONAL_REPO_WRITE_ACCESS",
            Self::PaidSeats => "PAID_SEATS",
            Self::PublicRepository => "PUBLIC_REPOSITORY",
        }
    }

    /// What it means, for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::PersonalRepoWriteAccess => {
                "A person owns this repository, and GitHub lets every collaborator of such a repository push to it. \
                 In an organisation, which can be a free one, buyers can only read"
            }
            Self::PaidSeats => {
                "In an organisation with a paid plan each buyer of a private repository takes a paid seat. \
                 In a free organisation they do not"
            }
            Self::PublicRepository => "This repository is public: anybody can read it without buying it",
        }
    }
}

impl Repository {
    /// With what was seen on GitHub. A description of the vendor's own stays.
    #[must_use]
    pub fn seeing(&self, seen: &Seen, now: Timestamp) -> Self {
        let after = Self {
            on_github: Some(seen.on_github),
            github_stars: Some(seen.stars),
            github_last_updated: seen.last_updated,
            description: self.description.clone().or_else(|| seen.description.clone()),
            ..self.clone()
        };
        after.changed(self, now)
    }

    /// What its vendor should know, as far as GitHub was asked.
    pub fn warnings(&self) -> Vec<Warning> {
        let Some(OnGithub { personal, public, .. }) = self.on_github else { return Vec::new() };
        let owner = if personal { Some(Warning::PersonalRepoWriteAccess) } else { None };
        let seats = if personal || public { None } else { Some(Warning::PaidSeats) };
        let public = public.then_some(Warning::PublicRepository);
        [owner, seats, public].into_iter().flatten().collect()
    }

    /// As it is now that it was changed, unless nothing was.
    pub(super) fn changed(self, before: &Self, now: Timestamp) -> Self {
        if self == *before { self } else { Self { updated_at: now, ..self } }
    }
}
