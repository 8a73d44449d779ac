//! What the dashboard shows (contract "Dashboard"; rulings 17 to 19).

use crate::{
    Problem,
    tally::{Day, Tally},
};

/// The time that the figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The last 7 days, today included.
    Week,
    /// The last 30 days.
    Month,
    /// The last 90 days.
    Quarter,
    /// The last 365 days.
    Year,
    /// All the time there was.
    All,
}

impl Period {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Week, Self::Month, Self::Quarter, Self::Year, Self::All];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "1y",
            Self::All => "all",
        }
    }

    /// How many days it has; `None`: all there were.
    pub fn days(self) -> Option<i64> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::Year => Some(365),
            Self::All => None,
        }
    }

    /// The period with this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(name: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|period| period.name() == name);
        found.ok_or(Problem::NotOneOf { allowed: "7d, 30d, 90d, 1y, all" })
    }
}

/// The figures of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Payments received less refunds in the period, renewals included, in cents (ruling 17).
    pub total_revenue_cents: i64,
    /// Purchases that were paid in the period, or found to cost nothing.
    pub total_purchases: i64,
    /// Purchases that have access now.
    pub active_purchases: i64,
    /// Subscriptions that have access now.
    pub active_subscriptions: i64,
    /// Of a hundred purchases that had access at the beginning of the period or got it since, how many lost it in the period
    /// (ruling 18). One decimal; 0 when there were none.
    pub churn_rate: f64,
    /// Of a hundred checkouts that began in the period, how many purchases were completed in it (ruling 19). Visits are not
    /// counted. One decimal; 0 when there were none.
    pub conversion_rate: f64,
    /// Revenue by purchases of the period, in whole cents; 0 when there were none.
    pub average_order_value_cents: i64,
}

impl Metrics {
    /// The figures that follow from what there is `now` and what happened in the `period`.
    pub fn of(now: &Tally, period: &Day) -> Self {
        let active_before = now.active - period.activated + period.lost;
        Self {
            total_revenue_cents: period.revenue_cents,
            total_purchases: period.completed,
            active_purchases: now.active,
            active_subscriptions: now.subscriptions,
            churn_rate: percent(period.lost, active_before.max(0) + period.activated),
            conversion_rate: percent(period.completed, period.checkouts),
            average_order_value_cents: if period.completed > 0 { period.revenue_cents / period.completed } else { 0 },
        }
    }
}

/// One decimal.
fn percent(part: i64, whole: i64) -> f64 {
    let tenths = if whole > 0 { (part * 2000 + whole) / (whole * 2) } else { 0 };
    f64::from(i32::try_from(tenths).unwrap_or(i32::MAX)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_example() {
        let now = Tally { active: 48, subscriptions: 12, ..Tally::default() };
        let period = Day { checkouts: 400, completed: 50, revenue_cents: 245_000, activated: 50, lost: 2 };
        let metrics = Metrics::of(&now, &period);
        let expected = Metrics {
            total_revenue_cents: 245_000,
            total_purchases: 50,
            active_purchases: 48,
            active_subscriptions: 12,
            churn_rate: 4.0,
            conversion_rate: 12.5,
            average_order_value_cents: 4900,
        };
        assert_eq!(metrics, expected);
    }

    #[test]
    fn what_was_active_before_the_period_can_be_lost_in_it() {
        let now = Tally { active: 9, ..Tally::default() };
        let period = Day { lost: 3, activated: 2, ..Day::default() };
        // 10 before, 2 new ones.
        assert!((Metrics::of(&now, &period).churn_rate - 25.0).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let metrics = Metrics::of(&Tally::default(), &Day::default());
        assert_eq!((metrics.churn_rate.to_bits(), metrics.conversion_rate.to_bits()), (0, 0));
        assert_eq!(metrics.average_order_value_cents, 0);
    }

    #[test]
    fn rates_are_rounded_to_one_decimal() {
        assert_eq!(
            [(1, 3), (2, 3), (1, 1)].map(|(part, whole)| percent(part, whole).to_string()),
            ["33.3", "66.7", "100"]
        );
    }

    #[test]
    fn periods_are_known_by_their_names_alone() {
        for period in Period::ALL {
            assert_eq!(Period::parse(period.name()), Ok(period));
        }
        assert!(["", "7D", "30", "2y"].iter().all(|name| Period::parse(name).is_err()));
    }
}
