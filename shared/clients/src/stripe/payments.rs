//! Payments: which sale they belong to, and their receipts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Stripe, StripeError, is_id, pair};

#[derive(Deserialize)]
struct PaymentIntent {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    latest_charge: Option<Value>,
}

impl Stripe {
    /// The metadata of a payment, or `None` if there is no such payment. One for an invoice has none: see
    /// [`Self::subscription_of_payment`].
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn payment_metadata(
        &self,
        payment_intent: &str,
    ) -> Result<Option<BTreeMap<String, String>>, StripeError> {
        Ok(self.payment_intent(payment_intent, &[]).await?.map(|it| it.metadata))
    }

    /// The page with the receipt of a payment, or `None` if nothing was paid by it.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn receipt_url(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let expand = [pair("expand[]", "latest_charge")];
        let payment = self.payment_intent(payment_intent, &expand).await?;
        let url = payment.as_ref().and_then(|it| it.latest_charge.as_ref()?.get("receipt_url")?.as_str());
        Ok(url.map(str::to_owned))
    }

    /// The subscription that a payment was for, or `None` if it was for none: a `PaymentIntent` does not name its invoice
    /// (since version 2025-03-31), so the way is from the payment to the invoice to the subscription.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn subscription_of_payment(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let query = [
            pair("payment[type]", "payment_intent"),
            pair("payment[payment_intent]", payment_intent),
            pair("expand[]", "data.invoice"),
        ];
        let payments: Option<Value> = self.get("/v1/invoice_payments", &query).await?;
        Ok(payments.as_ref().and_then(subscription_of))
    }

    async fn payment_intent(&self, id: &str, query: &super::Pairs) -> Result<Option<PaymentIntent>, StripeError> {
        if is_id(id) { self.get(&format!("/v1/payment_intents/{id}"), query).await } else { Ok(None) }
    }
}

/// The subscription named by the first invoice of the list that has one.
fn subscription_of(invoice_payments: &Value) -> Option<String> {
    let payments = invoice_payments.get("data")?.as_array()?;
    payments.iter().find_map(|payment| {
        let invoice = payment.get("invoice")?;
        // Invoices had it at the top until version 2025-03-31. Either is an id, or the object if it was expanded.
        ["/parent/subscription_details/subscription", "/subscription"].iter().find_map(|place| {
            let subscription = invoice.pointer(place)?;
            let id = subscription.as_str().or_else(|| subscription.get("id")?.as_str())?;
            Some(id.to_owned())
        })
    })
}
