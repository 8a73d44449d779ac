//! Checkout Sessions: what is asked for and how it is encoded.

use serde::Deserialize;

/// A sale to be made on Stripe's page. The price is always given here, never taken from the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckoutSession {
    /// Once, or again and again.
    pub mode: CheckoutMode,
    /// The price in the currency's smallest unit, per interval if it is a subscription.
    pub amount_cents: i64,
    /// Three letters of ISO 4217, lower-case.
    pub currency: String,
    /// What the buyer sees on the page and on the receipt.
    pub product_name: String,
    /// Where the receipt goes. The buyer can't change it on the page.
    pub customer_email: String,
    /// Where the buyer goes having paid. `{CHECKOUT_SESSION_ID}` in it is replaced by the session's id.
    pub success_url: String,
    /// Where the buyer goes on turning back.
    pub cancel_url: String,
    /// When the page closes, in Unix seconds: 30 minutes to 24 hours from the first attempt.
    pub expires_at: i64,
    /// Our own id of the sale, which comes back in the session's events.
    pub client_reference_id: String,
    /// Comes back in the events of the session and of the payment or the subscription, invoices included.
    pub metadata: Vec<(String, String)>,
}

/// How often the price is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutMode {
    /// Once.
    Payment,
    /// Every `interval_count` intervals, until it is cancelled.
    Subscription {
        /// The unit.
        interval: Interval,
        /// How many of it; at most three years in all.
        interval_count: u32,
    },
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

/// An open Checkout Session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`
    pub id: String,
    /// The page to send the buyer to.
    pub url: String,
    /// Whether it takes real money.
    pub livemode: bool,
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

impl NewCheckoutSession {
    /// The request's form.
    ///
    /// Neither payments nor subscriptions inherit the session's metadata, so they are given their own; Stripe refuses
    /// the one's parameters in the other's mode.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        let mut form = Vec::new();
        let mut add = |key: &str, value: &str| form.push((key.to_owned(), value.to_owned()));

        add("success_url", &self.success_url);
        add("cancel_url", &self.cancel_url);
        add("customer_email", &self.customer_email);
        add("client_reference_id", &self.client_reference_id);
        add("expires_at", &self.expires_at.to_string());
        add("line_items[0][quantity]", "1");
        add("line_items[0][price_data][currency]", &self.currency);
        add("line_items[0][price_data][unit_amount]", &self.amount_cents.to_string());
        add("line_items[0][price_data][product_data][name]", &self.product_name);
        let inheritor = match self.mode {
            CheckoutMode::Payment => {
                add("mode", "payment");
                // Without it the buyer is a guest, whom later events do not name.
                add("customer_creation", "always");
                add("invoice_creation[enabled]", "true");
                "payment_intent_data"
            }
            CheckoutMode::Subscription { interval, interval_count } => {
                add("mode", "subscription");
                add("line_items[0][price_data][recurring][interval]", interval.as_str());
                add("line_items[0][price_data][recurring][interval_count]", &interval_count.to_string());
                "subscription_data"
            }
        };
        for (key, value) in &self.metadata {
            add(&format!("metadata[{key}]"), value);
            add(&format!("{inheritor}[metadata][{key}]"), value);
        }
        form
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::stripe) fn session(mode: CheckoutMode) -> NewCheckoutSession {
        NewCheckoutSession {
            mode,
            amount_cents: 4900,
            currency: "usd".to_owned(),
            product_name: "Rock & Roll".to_owned(),
            customer_email: "buyer+1@example.com".to_owned(),
            success_url: "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: "https://shop.example/back".to_owned(),
            expires_at: 1_790_003_600,
            client_reference_id: "purchase-1".to_owned(),
            metadata: vec![("purchase_id".to_owned(), "purchase-1".to_owned())],
        }
    }

    const COMMON: [(&str, &str); 10] = [
        ("success_url", "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://shop.example/back"),
        ("customer_email", "buyer+1@example.com"),
        ("client_reference_id", "purchase-1"),
        ("expires_at", "1790003600"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "4900"),
        ("line_items[0][price_data][product_data][name]", "Rock & Roll"),
        ("metadata[purchase_id]", "purchase-1"),
    ];

    /// Holds the form to exactly these fields: what is forbidden in a mode is not among them.
    fn assert_form(mode: CheckoutMode, of_the_mode: &[(&str, &str)]) {
        let mut expected = [COMMON.as_slice(), of_the_mode].concat();
        let form = session(mode).form();
        let mut actual: Vec<(&str, &str)> = form.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        expected.sort_unstable();
        actual.sort_unstable();
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_single_payment_names_its_purchase_and_makes_a_customer_and_an_invoice() {
        let of_the_mode = [
            ("mode", "payment"),
            ("customer_creation", "always"),
            ("invoice_creation[enabled]", "true"),
            ("payment_intent_data[metadata][purchase_id]", "purchase-1"),
        ];
        assert_form(CheckoutMode::Payment, &of_the_mode);
    }

    #[test]
    fn a_subscription_names_its_purchase_and_its_period() {
        let intervals =
            [(Interval::Day, "day"), (Interval::Week, "week"), (Interval::Month, "month"), (Interval::Year, "year")];
        for (interval, name) in intervals {
            let of_the_mode = [
                ("mode", "subscription"),
                ("line_items[0][price_data][recurring][interval]", name),
                ("line_items[0][price_data][recurring][interval_count]", "90"),
                ("subscription_data[metadata][purchase_id]", "purchase-1"),
            ];
            let mode = CheckoutMode::Subscription { interval, interval_count: 90 };
            assert_form(mode, &of_the_mode);
        }
    }
}
