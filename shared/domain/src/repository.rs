//! Repositories that are for sale.

mod patch;
mod prices;
mod seen;
mod withdrawn;

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::{
    patch::{Patch, RepositoryPatch},
    prices::PriceEntry,
    seen::{Seen, Warning},
    withdrawn::{Withdrawal, Withdrawn},
};
use crate::{
    CompanyId, Problem, RepositoryId, Timestamp,
    package::PackageName,
    pricing::Pricing,
    stored::maybe_seconds,
    text::{ConstraintText, Description, DisplayName, Feature, GithubLogin, GithubRepositoryName, WebUrl},
};

/// The longest slug without the number of a repeat.
const LONGEST_WORDS: usize = 80;
/// The most days of grace that an unpaid renewal may have.
const MAX_GRACE_DAYS: i64 = 60;
/// The longest slug.
const LONGEST_SLUG: usize = LONGEST_WORDS + 20;

/// The most packages that are sold with a repository.
pub const MOST_PACKAGES: usize = 50;

/// Packages that are sold with a repository, and which of their versions.
pub type Packages = BTreeMap<PackageName, ConstraintText>;

/// Packages for a person to read: `acme/widget ^2.0; acme/more *`, or `none`.
pub fn packages_in_words(packages: &Packages) -> String {
    let texts: Vec<_> = packages.iter().map(|(name, constraint)| format!("{name} {constraint}")).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }
}

/// A repository's place on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GithubPath {
    /// The account that owns it.
    pub owner: GithubLogin,
    /// Its name there.
    pub name: GithubRepositoryName,
}

impl std::fmt::Display for GithubPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// What is agreed with a buyer. A purchase keeps the terms under which it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// What a refund in full does (ruling 9).
    pub refund_policy: RefundPolicy,
    /// How many days an unpaid renewal leaves access open; without, until Stripe gives up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
}

/// What a refund in full does (ruling 9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundPolicy {
    /// It closes the gate.
    #[default]
    Revoke,
    /// It flags the purchase for the vendor to decide.
    Flag,
}

impl RefundPolicy {
    /// Its name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Flag => "flag",
        }
    }

    /// Reads its name.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "revoke" => Ok(Self::Revoke),
            "flag" => Ok(Self::Flag),
            _ => Err(Problem::NotOneOf { allowed: "revoke, flag" }),
        }
    }
}

/// Days of grace that may be given.
///
/// # Errors
/// When they are more than two months, or fewer than none.
pub fn parse_grace_days(days: i64) -> Result<u32, Problem> {
    let problem = Problem::OutOfRange { min: 0, max: MAX_GRACE_DAYS };
    if (0..=MAX_GRACE_DAYS).contains(&days) { u32::try_from(days).map_err(|_| problem) } else { Err(problem) }
}

/// What GitHub says of a repository and Tollgate keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnGithub {
    /// Its number, which renames and transfers do not change.
    pub id: u64,
    /// Whether a person owns it. A person's collaborators can all push: GitHub has no read-only ones there.
    pub personal: bool,
    /// Whether anybody can read it, so that there is nothing to sell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

/// A price as Stripe knows it. Stripe's prices never change: a new price is a new one of the same product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripePrice {
    /// Stripe's id of the product.
    pub product: String,
    /// Stripe's id of the price.
    pub price: String,
}

/// What a vendor says of a repository to list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    /// Where it is on GitHub.
    pub github: GithubPath,
    /// What buyers see.
    pub display_name: DisplayName,
    /// What buyers read.
    pub description: Option<Description>,
    /// A picture for the product page.
    pub cover_image_url: Option<WebUrl>,
    /// What it costs.
    pub pricing: Pricing,
    /// Selling points for the product page.
    pub features: Vec<Feature>,
    /// What is agreed with buyers.
    pub terms: Terms,
}

/// A repository that is for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Who sells it.
    pub company: CompanyId,
    /// Its id.
    pub id: RepositoryId,
    /// Its name in addresses: unique, and never changed (ruling 12).
    pub slug: String,
    /// Where it is on GitHub.
    pub github: GithubPath,
    /// What buyers see.
    pub display_name: DisplayName,
    /// What buyers read.
    pub description: Option<Description>,
    /// A picture for the product page.
    pub cover_image_url: Option<WebUrl>,
    /// What it costs.
    pub pricing: Pricing,
    /// The company's currency when it was listed.
    pub currency: String,
    /// Selling points for the product page.
    pub features: Vec<Feature>,
    /// What is agreed with buyers from now on.
    #[serde(default)]
    pub terms: Terms,
    /// What its buyers may install with Composer, too, from now on.
    #[serde(default, skip_serializing_if = "Packages::is_empty")]
    pub packages: Packages,
    /// What GitHub says of it, once it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_github: Option<OnGithub>,
    /// The price as Stripe knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe: Option<StripePrice>,
    /// Whether it can be bought.
    pub active: bool,
    /// Since when it is not for sale because GitHub lets us do nothing there: the App was uninstalled or suspended.
    #[serde(with = "maybe_seconds", default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// That it was taken off the market because of what became of it on GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
    /// Stars on GitHub when last looked.
    pub github_stars: Option<u64>,
    /// Last change on GitHub when last looked.
    pub github_last_updated: Option<Timestamp>,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes of this item: whoever writes it must have read its newest state.
    #[serde(default)]
    pub rev: u64,
}

impl Repository {
    /// Lists a repository.
    pub fn list(
        company: CompanyId,
        id: RepositoryId,
        slug: String,
        currency: String,
        new: NewRepository,
        now: Timestamp,
    ) -> Self {
        let NewRepository { github, display_name, description, cover_image_url, pricing, features, terms } = new;
        Self {
            company,
            id,
            slug,
            github,
            display_name,
            description,
            cover_image_url,
            pricing,
            currency,
            features,
            terms,
            packages: Packages::new(),
            on_github: None,
            stripe: None,
            active: true,
            paused_at: None,
            withdrawn: None,
            github_stars: None,
            github_last_updated: None,
            created_at: now,
            updated_at: now,
            rev: 0,
        }
    }
}

/// A text that can be a slug. No other is looked for: the table's keys have a separator and a length, a stranger's text
/// has neither in mind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

/// The text cannot be a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a slug")]
pub struct NotASlug;

impl Slug {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = NotASlug;

    fn from_str(text: &str) -> Result<Self, NotASlug> {
        let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if plain && (1..=LONGEST_SLUG).contains(&text.len()) { Ok(Self(text.to_owned())) } else { Err(NotASlug) }
    }
}

/// The slug that a display name asks for: lower-case ASCII letters, digits and single hyphens (ruling 12).
/// The `taken`th repeat of it gets a number: `theme`, `theme-2`, `theme-3`.
pub fn slug(display_name: &DisplayName, taken: usize) -> String {
    let mut slug = String::new();
    for c in display_name.as_str().chars() {
        if slug.len() >= LONGEST_WORDS {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() { "repository" } else { slug };
    if taken == 0 { slug.to_owned() } else { format!("{slug}-{}", taken + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_ascii_words_and_repeats_are_numbered() {
        let of = |name: &str, taken| slug(&DisplayName::parse(name).unwrap(), taken);
        assert_eq!(of("Premium Astro Theme", 0), "premium-astro-theme");
        assert_eq!(of("Premium Astro Theme", 1), "premium-astro-theme-2");
        assert_eq!(of("  C++ / Rust -- Kit!  ", 0), "c-rust-kit");
        assert_eq!(of("日本語", 0), "repository");
        assert_eq!(of(&"a ".repeat(60), 0).len(), 79);
    }

    #[test]
    fn a_slug_that_is_given_out_is_one_that_is_looked_for() {
        let name = DisplayName::parse(&"a".repeat(120)).unwrap();
        for slug in [slug(&name, 0), slug(&name, 999_999), slug(&DisplayName::parse("C++ / Kit").unwrap(), 2)] {
            assert_eq!(slug.parse::<Slug>().unwrap().as_str(), slug);
        }
        for other in ["", "Theme", "a b", "a#b", "a/b", "ä", "a\0", &"a".repeat(101)] {
            assert_eq!(other.parse::<Slug>(), Err(NotASlug), "{other:?}");
        }
    }
}
