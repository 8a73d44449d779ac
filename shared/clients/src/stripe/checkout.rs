//! Checkout Sessions: what is asked for, how it is encoded, and what became of one.

use serde::Deserialize;
use serde_json::Value;

use super::{NewPrice, Stripe, StripeError, is_id, pair};

/// A sale to be made on Stripe's page. The price is always given here, never taken from the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckoutSession {
    /// Once, or again and again.
    pub mode: CheckoutMode,
    /// What is sold, one piece of it. Its price recurs just when the mode does; Stripe refuses anything else.
    pub item: Item,
    /// Who buys.
    pub customer: Customer,
    /// Whether the buyer may enter a promotion code of the vendor's.
    pub allow_promotion_codes: bool,
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
    /// Every period of the price, until it is cancelled.
    Subscription {
        /// So many days are free at first, 1 to 730. A card is asked for all the same.
        trial_days: Option<u32>,
    },
}

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// At a price that Stripe keeps: `price_…`.
    Price(String),
    /// At a price of this session alone.
    New(NewPrice),
}

/// Who buys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Customer {
    /// Somebody new, who becomes a customer by paying. The receipt goes to this address, which the buyer can't change
    /// on the page.
    Email(String),
    /// A customer that Stripe knows: `cus_…`.
    Known(String),
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

impl Stripe {
    /// Opens a Checkout Session. The same `idempotency_key` with the same values answers the same session for at
    /// least 24 hours; with other values it is refused.
    ///
    /// # Errors
    /// `Invalid` when repeating cannot help; see [`StripeError`] for the others.
    pub async fn create_checkout_session(
        &self,
        session: &NewCheckoutSession,
        idempotency_key: &str,
    ) -> Result<CheckoutSession, StripeError> {
        self.post("/v1/checkout/sessions", &session.form(), Some(idempotency_key)).await
    }

    /// A session as an event about it would carry it, or `None` if there is no such session. Its `status` is `open`,
    /// `complete` or `expired`; only an open one has a `url`.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn checkout_session(&self, id: &str) -> Result<Option<Value>, StripeError> {
        if is_id(id) { self.get(&format!("/v1/checkout/sessions/{id}"), &[]).await } else { Ok(None) }
    }

    /// Closes a session, and answers it as it is then: `expired`, or `complete` when the buyer was quicker. `None` if
    /// there is no such session.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn expire_session(&self, id: &str) -> Result<Option<Value>, StripeError> {
        if !is_id(id) {
            return Ok(None);
        }
        match self.post(&format!("/v1/checkout/sessions/{id}/expire"), &[], None).await {
            Ok(session) => Ok(Some(session)),
            // It is not open any more, or not there.
            Err(refusal @ StripeError::Invalid { .. }) => match self.checkout_session(id).await? {
                Some(session) if session["status"] == "open" => Err(refusal),
                other => Ok(other),
            },
            Err(error) => Err(error),
        }
    }
}

impl NewCheckoutSession {
    /// The request's form.
    ///
    /// Neither payments nor subscriptions inherit the session's metadata, so they are given their own; Stripe refuses
    /// the one's parameters in the other's mode.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        let mut form = vec![
            pair("success_url", &self.success_url),
            pair("cancel_url", &self.cancel_url),
            pair("client_reference_id", &self.client_reference_id),
            pair("expires_at", self.expires_at.to_string()),
            pair("line_items[0][quantity]", "1"),
        ];
        match &self.item {
            Item::Price(id) => form.push(pair("line_items[0][price]", id)),
            Item::New(price) => form.extend(price.form("line_items[0][price_data]")),
        }
        form.push(match &self.customer {
            Customer::Email(address) => pair("customer_email", address),
            Customer::Known(id) => pair("customer", id),
        });
        if self.allow_promotion_codes {
            form.push(pair("allow_promotion_codes", "true"));
        }
        let inheritor = self.mode_fields(&mut form);
        for (key, value) in &self.metadata {
            form.push(pair(&format!("metadata[{key}]"), value));
            form.push(pair(&format!("{inheritor}[metadata][{key}]"), value));
        }
        form
    }

    /// Adds what only the mode's own sessions have. Answers the parameter of what the session leads to.
    fn mode_fields(&self, form: &mut Vec<(String, String)>) -> &'static str {
        match self.mode {
            CheckoutMode::Payment => {
                form.push(pair("mode", "payment"));
                // Without it the buyer is a guest, whom later events do not name. Stripe refuses it for a customer.
                if matches!(self.customer, Customer::Email(_)) {
                    form.push(pair("customer_creation", "always"));
                }
                form.push(pair("invoice_creation[enabled]", "true"));
                "payment_intent_data"
            }
            CheckoutMode::Subscription { trial_days } => {
                form.push(pair("mode", "subscription"));
                if let Some(days) = trial_days {
                    form.push(pair("subscription_data[trial_period_days]", days.to_string()));
                }
                "subscription_data"
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{
        super::{Every, Interval, Product},
        *,
    };

    pub(in crate::stripe) fn session(mode: CheckoutMode) -> NewCheckoutSession {
        let recurring =
            matches!(mode, CheckoutMode::Subscription { .. }).then_some(Every { interval: Interval::Day, count: 90 });
        NewCheckoutSession {
            mode,
            item: Item::New(NewPrice {
                product: Product::Named("Rock & Roll".to_owned()),
                amount_cents: 4900,
                currency: "usd".to_owned(),
                recurring,
            }),
            customer: Customer::Email("buyer+1@example.com".to_owned()),
            allow_promotion_codes: false,
            success_url: "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: "https://shop.example/back".to_owned(),
            expires_at: 1_790_003_600,
            client_reference_id: "purchase-1".to_owned(),
            metadata: vec![("purchase_id".to_owned(), "purchase-1".to_owned())],
        }
    }

    const COMMON: &[(&str, &str)] = &[
        ("success_url", "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://shop.example/back"),
        ("client_reference_id", "purchase-1"),
        ("expires_at", "1790003600"),
        ("line_items[0][quantity]", "1"),
        ("metadata[purchase_id]", "purchase-1"),
    ];
    const BUYER: &[(&str, &str)] = &[("customer_email", "buyer+1@example.com")];
    const INLINE: &[(&str, &str)] = &[
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "4900"),
        ("line_items[0][price_data][product_data][name]", "Rock & Roll"),
    ];
    const PAYMENT: &[(&str, &str)] = &[
        ("mode", "payment"),
        ("invoice_creation[enabled]", "true"),
        ("payment_intent_data[metadata][purchase_id]", "purchase-1"),
    ];
    const SUBSCRIPTION: &[(&str, &str)] =
        &[("mode", "subscription"), ("subscription_data[metadata][purchase_id]", "purchase-1")];
    const GUEST: &[(&str, &str)] = &[("customer_creation", "always")];
    const SUBSCRIBED: CheckoutMode = CheckoutMode::Subscription { trial_days: None };

    /// Holds the form to exactly these fields: what is forbidden in a mode is not among them.
    fn assert_form(session: &NewCheckoutSession, parts: &[&[(&str, &str)]]) {
        let mut expected = [COMMON, &parts.concat()].concat();
        let form = session.form();
        let mut actual: Vec<(&str, &str)> = form.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        expected.sort_unstable();
        actual.sort_unstable();
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_single_payment_names_its_purchase_and_makes_a_customer_and_an_invoice() {
        assert_form(&session(CheckoutMode::Payment), &[BUYER, INLINE, PAYMENT, GUEST]);
    }

    #[test]
    fn a_subscription_names_its_purchase_and_its_period() {
        let period = [
            ("line_items[0][price_data][recurring][interval]", "day"),
            ("line_items[0][price_data][recurring][interval_count]", "90"),
        ];
        assert_form(&session(SUBSCRIBED), &[BUYER, INLINE, SUBSCRIPTION, &period]);
    }

    #[test]
    fn a_kept_price_stands_instead_of_an_inline_one() {
        let price = [("line_items[0][price]", "price_1")];
        for (mode, parts) in [(CheckoutMode::Payment, [PAYMENT, GUEST]), (SUBSCRIBED, [SUBSCRIPTION, &[]])] {
            let session = NewCheckoutSession { item: Item::Price("price_1".to_owned()), ..session(mode) };
            assert_form(&session, &[BUYER, &price, parts[0], parts[1]]);
        }
    }

    #[test]
    fn a_known_customer_is_named_instead_of_an_address_and_not_made_again() {
        let known = Customer::Known("cus_1".to_owned());
        let session = NewCheckoutSession { customer: known, ..session(CheckoutMode::Payment) };
        assert_form(&session, &[INLINE, PAYMENT, &[("customer", "cus_1")]]);
    }

    #[test]
    fn trials_and_promotion_codes_are_offered_when_the_vendor_wants_them() {
        let mode = CheckoutMode::Subscription { trial_days: Some(14) };
        let item = Item::Price("price_1".to_owned());
        let session = NewCheckoutSession { item, allow_promotion_codes: true, ..session(mode) };
        let offers = [
            ("line_items[0][price]", "price_1"),
            ("subscription_data[trial_period_days]", "14"),
            ("allow_promotion_codes", "true"),
        ];
        assert_form(&session, &[BUYER, SUBSCRIPTION, &offers]);
    }
}
