//! Prices: what something costs and how often. Stripe's prices never change; a new amount is a new price, and whoever
//! subscribed at the old one keeps it.

use domain::pricing::{Cadence, PricingKind};
use serde::Deserialize;

use super::{Stripe, StripeError, pair};

/// A price to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrice {
    /// What is sold.
    pub product: Product,
    /// The amount in the currency's smallest unit, per period if it is paid again and again.
    pub amount_cents: i64,
    /// Three letters of ISO 4217, lower-case.
    pub currency: String,
    /// How often it is paid; once if `None`.
    pub recurring: Option<Every>,
}

/// What a price is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Product {
    /// One that Stripe knows already: `prod_…`.
    Existing(String),
    /// A new one of this name, which the buyer sees on the page and on the receipt.
    Named(String),
}

/// A billing period; at most three years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    /// The unit.
    pub interval: Interval,
    /// How many of it.
    pub count: u32,
}

/// A unit of Stripe's billing periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Interval {
    Day,
    Week,
    Month,
    Year,
}

/// A price that Stripe keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Price {
    /// `price_…`
    pub id: String,
    /// `prod_…`: give it to the next price of the same thing.
    pub product: String,
}

#[derive(Deserialize)]
struct Renamed {}

impl Stripe {
    /// Makes a price, and its product if that is new. The same `idempotency_key` with the same values answers the same
    /// price for at least 24 hours; with other values it is refused.
    ///
    /// # Errors
    /// `Invalid` when repeating cannot help; see [`StripeError`] for the others.
    pub async fn create_price(&self, price: &NewPrice, idempotency_key: &str) -> Result<Price, StripeError> {
        self.post("/v1/prices", &price.form(""), Some(idempotency_key)).await
    }

    /// Gives a product another name. Repeating it does no harm.
    ///
    /// # Errors
    /// `Invalid` when there is no such product; see [`StripeError`] for the others.
    pub async fn rename_product(&self, id: &str, name: &str) -> Result<(), StripeError> {
        let Renamed {} = self.post(&format!("/v1/products/{id}"), &[pair("name", name)], None).await?;
        Ok(())
    }
}

impl Every {
    /// How often a price of this kind is paid; `None` for once.
    pub fn of(kind: PricingKind) -> Option<Self> {
        let every = |interval, count| Some(Self { interval, count });
        match kind {
            PricingKind::OneTime => None,
            PricingKind::Subscription(Cadence::Monthly) => every(Interval::Month, 1),
            PricingKind::Subscription(Cadence::Yearly) => every(Interval::Year, 1),
            PricingKind::Subscription(Cadence::Custom { days }) => every(Interval::Day, days),
        }
    }
}

impl Interval {
    fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl NewPrice {
    /// The fields below the parameter `at`, or at the top if it is empty.
    pub(super) fn form(&self, at: &str) -> Vec<(String, String)> {
        let name = |field: &str| match (at, field.split_once('[')) {
            ("", _) => field.to_owned(),
            (at, Some((parent, rest))) => format!("{at}[{parent}][{rest}"),
            (at, None) => format!("{at}[{field}]"),
        };
        let mut form = vec![
            pair(&name("currency"), &self.currency),
            pair(&name("unit_amount"), self.amount_cents.to_string()),
            match &self.product {
                Product::Existing(id) => pair(&name("product"), id),
                Product::Named(text) => pair(&name("product_data[name]"), text),
            },
        ];
        if let Some(Every { interval, count }) = self.recurring {
            form.push(pair(&name("recurring[interval]"), interval.as_str()));
            form.push(pair(&name("recurring[interval_count]"), count.to_string()));
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(price: &NewPrice) -> Vec<(String, String)> {
        let mut form = price.form("");
        form.sort_unstable();
        form
    }

    fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(key, value)| pair(key, *value)).collect()
    }

    #[test]
    fn a_price_names_its_new_product_or_the_one_it_has() {
        let named = Product::Named("Theme".to_owned());
        let mut price = NewPrice { product: named, amount_cents: 4900, currency: "usd".to_owned(), recurring: None };
        let expected = [("currency", "usd"), ("product_data[name]", "Theme"), ("unit_amount", "4900")];
        assert_eq!(form(&price), owned(&expected));
        price.product = Product::Existing("prod_1".to_owned());
        let expected = [("currency", "usd"), ("product", "prod_1"), ("unit_amount", "4900")];
        assert_eq!(form(&price), owned(&expected));
    }

    #[test]
    fn a_recurring_price_names_its_period() {
        let names =
            [(Interval::Day, "day"), (Interval::Week, "week"), (Interval::Month, "month"), (Interval::Year, "year")];
        for (interval, name) in names {
            let price = NewPrice {
                product: Product::Existing("prod_1".to_owned()),
                amount_cents: 900,
                currency: "eur".to_owned(),
                recurring: Some(Every { interval, count: 3 }),
            };
            let fields: &[(&str, &str)] = &[
                ("currency", "eur"),
                ("product", "prod_1"),
                ("recurring[interval]", name),
                ("recurring[interval_count]", "3"),
                ("unit_amount", "900"),
            ];
            assert_eq!(form(&price), owned(fields));
        }
    }
}
