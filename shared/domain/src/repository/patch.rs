//! Changing what is for sale. Nobody who bought is concerned: a purchase keeps the price and the terms under which it was
//! made.

use super::{Packages, RefundPolicy, Repository, Terms};
use crate::{
    Problem, Timestamp,
    log::LogEntry,
    pricing::{Cadence, CadenceName, Pricing, PricingKind, PricingType},
    text::{Description, DisplayName, Feature, WebUrl},
};

/// What a change does to a field that may be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes empty.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// What becomes of the old value.
    pub fn over(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }
}

/// What a vendor changes (contract "Update Repository"). What is not among it cannot be changed: the slug never is (ruling 12).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryPatch {
    /// What buyers see.
    pub display_name: Option<DisplayName>,
    /// What buyers read.
    pub description: Patch<Description>,
    /// A picture for the product page.
    pub cover_image_url: Patch<WebUrl>,
    /// Selling points for the product page.
    pub features: Option<Vec<Feature>>,
    /// What it costs from now on.
    pub price_cents: Option<i64>,
    /// Whether that is paid once or again and again.
    pub pricing_type: Option<PricingType>,
    /// How often.
    pub cadence: Patch<CadenceName>,
    /// How often, for the cadence that is counted in days.
    pub cadence_days: Patch<u32>,
    /// What a refund in full does for those who buy from now on.
    pub refund_policy: Option<RefundPolicy>,
    /// The grace of those who buy from now on.
    pub grace_days: Patch<u32>,
    /// What is sold with it from now on.
    pub packages: Option<Packages>,
    /// Whether it is for sale again, if it was not.
    pub sell_again: bool,
}

impl RepositoryPatch {
    /// How often is paid after this change. A cadence, or its days, that the new price cannot have ends by itself.
    fn kind(&self, old: PricingKind) -> Result<PricingKind, (&'static str, Problem)> {
        let (old_type, old_cadence) = match old {
            PricingKind::OneTime => (PricingType::OneTime, None),
            PricingKind::Subscription(cadence) => (PricingType::Subscription, Some(cadence)),
        };
        let pricing_type = self.pricing_type.unwrap_or(old_type);
        let kept = old_cadence.filter(|_| pricing_type == PricingType::Subscription);
        let cadence = self.cadence.over(kept.map(Cadence::kind));
        let kept_days = kept.filter(|_| cadence == Some(CadenceName::Custom)).and_then(Cadence::custom_days);
        PricingKind::combine(pricing_type, cadence, self.cadence_days.over(kept_days))
    }
}

impl Repository {
    /// As it is after a change; the same when the change changes nothing.
    ///
    /// # Errors
    /// The contract's name of the field that does not go with the others, with its problem.
    pub fn patched(&self, patch: &RepositoryPatch, now: Timestamp) -> Result<Self, (&'static str, Problem)> {
        let patch = patch.clone();
        let kind = patch.kind(self.pricing.kind)?;
        let after = Self {
            display_name: patch.display_name.unwrap_or_else(|| self.display_name.clone()),
            description: patch.description.over(self.description.clone()),
            cover_image_url: patch.cover_image_url.over(self.cover_image_url.clone()),
            features: patch.features.unwrap_or_else(|| self.features.clone()),
            pricing: Pricing { price_cents: patch.price_cents.unwrap_or(self.pricing.price_cents), kind },
            terms: Terms {
                refund_policy: patch.refund_policy.unwrap_or(self.terms.refund_policy),
                grace_days: patch.grace_days.over(self.terms.grace_days),
            },
            packages: patch.packages.unwrap_or_else(|| self.packages.clone()),
            active: self.active || patch.sell_again,
            withdrawn: self.withdrawn.filter(|_| !patch.sell_again),
            ..self.clone()
        };
        Ok(after.changed(self, now))
    }

    /// As it is once it is not for sale any more. Who bought it keeps it.
    #[must_use]
    pub fn deactivated(&self, now: Timestamp) -> Self {
        Self { active: false, ..self.clone() }.changed(self, now)
    }
}

impl LogEntry {
    /// With what a change of a repository changed, but for its price.
    #[must_use]
    pub fn of_listing(self, before: &Repository, after: &Repository) -> Self {
        let days = |repository: &Repository| or_none(repository.terms.grace_days);
        let on = |repository: &Repository| or_none(repository.on_github.map(|it| it.id));
        self.about_repository(after.id)
            .changing("displayName", &before.display_name, &after.display_name)
            .changing("description", &brief(before.description.as_ref()), &brief(after.description.as_ref()))
            .changing("coverImageUrl", &brief(before.cover_image_url.as_ref()), &brief(after.cover_image_url.as_ref()))
            .changing("features", &features(before), &features(after))
            .changing("refundPolicy", before.terms.refund_policy.name(), after.terms.refund_policy.name())
            .changing("graceDays", &days(before), &days(after))
            .changing("packages", &packages(before), &packages(after))
            .changing("active", &before.active, &after.active)
            .changing("githubStars", &or_none(before.github_stars), &or_none(after.github_stars))
            .changing("githubLastUpdated", &or_none(before.github_last_updated), &or_none(after.github_last_updated))
            .changing("githubId", &on(before), &on(after))
    }

    /// With what a change of a repository changed of its price.
    #[must_use]
    pub fn of_price(self, before: &Repository, after: &Repository) -> Self {
        let (before, after) = (before.pricing, after.pricing);
        let cadence = |pricing: Pricing| or_none(pricing.kind.cadence().map(Cadence::name));
        let days = |pricing: Pricing| or_none(pricing.kind.cadence().and_then(Cadence::custom_days));
        self.changing("priceCents", &before.price_cents, &after.price_cents)
            .changing("pricingType", before.kind.name(), after.kind.name())
            .changing("subscriptionCadence", &cadence(before), &cadence(after))
            .changing("customCadenceDays", &days(before), &days(after))
    }
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// The beginning of a text, and how long it is: the log is no second copy of the shop.
fn brief(text: Option<&impl ToString>) -> String {
    const LONGEST: usize = 80;
    let text = or_none(text.map(ToString::to_string));
    match (text.char_indices().nth(LONGEST), text.chars().count()) {
        (Some((end, _)), characters) => format!("{}… ({characters} characters)", &text[..end]),
        (None, _) => text,
    }
}

fn packages(repository: &Repository) -> String {
    brief(Some(&super::packages_in_words(&repository.packages)))
}

fn features(repository: &Repository) -> String {
    let texts: Vec<_> = repository.features.iter().map(ToString::to_string).collect();
    brief(Some(&texts.join("; ")))
}

#[cfg(test)]
mod tests;
