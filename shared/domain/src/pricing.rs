//! What a repository costs, and how often.

use serde::{Deserialize, Serialize};

use crate::Problem;

/// The least a repository may cost, in cents: Stripe charges nothing smaller (ruling 14).
pub const MIN_PRICE_CENTS: i64 = 50;
/// The most a repository may cost, in cents: Stripe's own limit of eight digits (ruling 14).
pub const MAX_PRICE_CENTS: i64 = 99_999_999;
/// The longest own cadence in days: Stripe allows three years (ruling 14).
pub const MAX_CADENCE_DAYS: i64 = 1095;

/// A price in cents of the company's currency, and what it buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    /// The price of the purchase, or of each period of a subscription.
    pub price_cents: i64,
    /// Whether it is paid once or again and again.
    pub kind: PricingKind,
}

/// Paid once, or each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PricingKind {
    /// Paid once.
    OneTime,
    /// Paid each period.
    Subscription(Cadence),
}

/// How long a subscription's period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cadence {
    /// A month.
    Monthly,
    /// A year.
    Yearly,
    /// So many days.
    Custom {
        /// From 1 to [`MAX_CADENCE_DAYS`].
        days: u32,
    },
}

impl Cadence {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
            Self::Custom { .. } => "custom",
        }
    }
}

impl PricingKind {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneTime => "one-time",
            Self::Subscription(_) => "subscription",
        }
    }

    /// The cadence, for a subscription.
    pub fn cadence(self) -> Option<Cadence> {
        match self {
            Self::OneTime => None,
            Self::Subscription(cadence) => Some(cadence),
        }
    }

    /// The kind that `pricingType`, `subscriptionCadence` and `customCadenceDays` describe together (ruling 14).
    ///
    /// # Errors
    /// The contract's name of the field that is wrong, with its problem.
    pub fn from_fields(
        pricing_type: &str,
        cadence: Option<&str>,
        days: Option<i64>,
    ) -> Result<Self, (&'static str, Problem)> {
        let unwanted = |rule| Problem::Conflicting { rule };
        match (pricing_type, cadence, days) {
            ("one-time", Some(_), _) => Err(("subscriptionCadence", unwanted("Must be null for a one-time price"))),
            ("one-time", None, Some(_)) => Err(("customCadenceDays", unwanted("Must be null for a one-time price"))),
            ("one-time", None, None) => Ok(Self::OneTime),
            ("subscription", None, _) => Err(("subscriptionCadence", Problem::Required)),
            ("subscription", Some("custom"), None) => Err(("customCadenceDays", Problem::Required)),
            ("subscription", Some("custom"), Some(days)) => match u32::try_from(days) {
                Ok(count) if (1..=MAX_CADENCE_DAYS).contains(&days) => {
                    Ok(Self::Subscription(Cadence::Custom { days: count }))
                }
                _ => Err(("customCadenceDays", Problem::OutOfRange { min: 1, max: MAX_CADENCE_DAYS })),
            },
            ("subscription", Some("monthly" | "yearly"), Some(_)) => {
                Err(("customCadenceDays", unwanted("Only the cadence custom has days")))
            }
            ("subscription", Some("monthly"), None) => Ok(Self::Subscription(Cadence::Monthly)),
            ("subscription", Some("yearly"), None) => Ok(Self::Subscription(Cadence::Yearly)),
            ("subscription", Some(_), _) => {
                Err(("subscriptionCadence", Problem::NotOneOf { allowed: "monthly, yearly, custom" }))
            }
            _ => Err(("pricingType", Problem::NotOneOf { allowed: "one-time, subscription" })),
        }
    }
}

/// A price that may be asked.
///
/// # Errors
/// When it is outside what Stripe charges.
pub fn parse_price_cents(cents: i64) -> Result<i64, Problem> {
    if (MIN_PRICE_CENTS..=MAX_PRICE_CENTS).contains(&cents) {
        Ok(cents)
    } else {
        Err(Problem::OutOfRange { min: MIN_PRICE_CENTS, max: MAX_PRICE_CENTS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_needs_a_cadence_and_a_one_time_price_must_have_none() {
        assert_eq!(PricingKind::from_fields("one-time", None, None), Ok(PricingKind::OneTime));
        assert_eq!(
            PricingKind::from_fields("subscription", Some("custom"), Some(14)),
            Ok(PricingKind::Subscription(Cadence::Custom { days: 14 }))
        );
        let field = |kind, cadence, days| PricingKind::from_fields(kind, cadence, days).map_err(|(field, _)| field);
        assert_eq!(field("subscription", None, None), Err("subscriptionCadence"));
        assert_eq!(field("subscription", Some("weekly"), None), Err("subscriptionCadence"));
        assert_eq!(field("subscription", Some("custom"), None), Err("customCadenceDays"));
        assert_eq!(field("subscription", Some("custom"), Some(1096)), Err("customCadenceDays"));
        assert_eq!(field("subscription", Some("monthly"), Some(3)), Err("customCadenceDays"));
        assert_eq!(field("one-time", Some("monthly"), None), Err("subscriptionCadence"));
        assert_eq!(field("free", None, None), Err("pricingType"));
    }
}
