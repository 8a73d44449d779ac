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
    /// How often that is, for people.
    pub fn words(self) -> String {
        match self {
            Self::Monthly => "every month".to_owned(),
            Self::Yearly => "every year".to_owned(),
            Self::Custom { days: 1 } => "every day".to_owned(),
            Self::Custom { days } => format!("every {days} days"),
        }
    }

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
            Self::Custom { .. } => "custom",
        }
    }

    /// Which one it is, whatever its days.
    pub fn kind(self) -> CadenceName {
        match self {
            Self::Monthly => CadenceName::Monthly,
            Self::Yearly => CadenceName::Yearly,
            Self::Custom { .. } => CadenceName::Custom,
        }
    }

    /// The contract's `customCadenceDays`, for the cadence that has them.
    pub fn custom_days(self) -> Option<u32> {
        match self {
            Self::Monthly | Self::Yearly => None,
            Self::Custom { days } => Some(days),
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

    /// What the fields `pricingType`, `subscriptionCadence` and `customCadenceDays` say together (ruling 14).
    ///
    /// # Errors
    /// The contract's name of the field that does not go with the others, with its problem.
    pub fn combine(
        pricing_type: PricingType,
        cadence: Option<CadenceName>,
        days: Option<u32>,
    ) -> Result<Self, (&'static str, Problem)> {
        let unwanted = |rule| Problem::Conflicting { rule };
        let cadence = match (pricing_type, cadence, days) {
            (PricingType::OneTime, Some(_), _) => {
                return Err(("subscriptionCadence", unwanted("Must be null for a one-time price")));
            }
            (PricingType::OneTime, None, Some(_)) => {
                return Err(("customCadenceDays", unwanted("Must be null for a one-time price")));
            }
            (PricingType::OneTime, None, None) => return Ok(Self::OneTime),
            (PricingType::Subscription, None, _) => return Err(("subscriptionCadence", Problem::Required)),
            (PricingType::Subscription, Some(CadenceName::Custom), None) => {
                return Err(("customCadenceDays", Problem::Required));
            }
            (PricingType::Subscription, Some(CadenceName::Custom), Some(days)) => Cadence::Custom { days },
            (PricingType::Subscription, Some(_), Some(_)) => {
                return Err(("customCadenceDays", unwanted("Only the cadence custom has days")));
            }
            (PricingType::Subscription, Some(CadenceName::Monthly), None) => Cadence::Monthly,
            (PricingType::Subscription, Some(CadenceName::Yearly), None) => Cadence::Yearly,
        };
        Ok(Self::Subscription(cadence))
    }
}

/// The contract's `pricingType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PricingType {
    /// Paid once.
    OneTime,
    /// Paid each period.
    Subscription,
}

impl PricingType {
    /// Reads its name in the contract.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "one-time" => Ok(Self::OneTime),
            "subscription" => Ok(Self::Subscription),
            _ => Err(Problem::NotOneOf { allowed: "one-time, subscription" }),
        }
    }
}

/// The contract's `subscriptionCadence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CadenceName {
    /// A month.
    Monthly,
    /// A year.
    Yearly,
    /// As many days as `customCadenceDays` says.
    Custom,
}

impl CadenceName {
    /// Reads its name in the contract.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "monthly" => Ok(Self::Monthly),
            "yearly" => Ok(Self::Yearly),
            "custom" => Ok(Self::Custom),
            _ => Err(Problem::NotOneOf { allowed: "monthly, yearly, custom" }),
        }
    }
}

/// A cadence's number of days that may be asked for.
///
/// # Errors
/// When it is outside what Stripe bills.
pub fn parse_cadence_days(days: i64) -> Result<u32, Problem> {
    let problem = Problem::OutOfRange { min: 1, max: MAX_CADENCE_DAYS };
    if (1..=MAX_CADENCE_DAYS).contains(&days) { u32::try_from(days).map_err(|_| problem) } else { Err(problem) }
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
        use CadenceName::{Custom, Monthly};
        use PricingType::{OneTime, Subscription};
        assert_eq!(PricingKind::combine(OneTime, None, None), Ok(PricingKind::OneTime));
        assert_eq!(
            PricingKind::combine(Subscription, Some(Custom), Some(14)),
            Ok(PricingKind::Subscription(Cadence::Custom { days: 14 }))
        );
        let field = |kind, cadence, days| PricingKind::combine(kind, cadence, days).map_err(|(field, _)| field);
        assert_eq!(field(Subscription, None, None), Err("subscriptionCadence"));
        assert_eq!(field(Subscription, Some(Custom), None), Err("customCadenceDays"));
        assert_eq!(field(Subscription, Some(Monthly), Some(3)), Err("customCadenceDays"));
        assert_eq!(field(OneTime, Some(Monthly), None), Err("subscriptionCadence"));
        assert_eq!(field(OneTime, None, Some(3)), Err("customCadenceDays"));
    }

    #[test]
    fn the_names_are_the_contracts_and_the_days_are_stripes() {
        for kind in [PricingKind::OneTime, PricingKind::Subscription(Cadence::Monthly)] {
            assert!(PricingType::parse(kind.name()).is_ok());
        }
        for cadence in [Cadence::Monthly, Cadence::Yearly, Cadence::Custom { days: 1 }] {
            assert!(CadenceName::parse(cadence.name()).is_ok());
        }
        assert!(PricingType::parse("free").is_err() && CadenceName::parse("weekly").is_err());
        assert_eq!((parse_cadence_days(1), parse_cadence_days(1095)), (Ok(1), Ok(1095)));
        assert!(parse_cadence_days(0).is_err() && parse_cadence_days(1096).is_err());
    }
}
