//! Stripe: selling through Checkout, and looking up what a payment belongs to.
//!
//! See <https://docs.stripe.com/api>. A restricted key suffices: Checkout Sessions write; Subscriptions and Invoices
//! read.

mod checkout;
mod error;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use domain::{Secret, SecretSource, SecretUnavailable};
use reqwest::{Method, Request, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

pub use self::{
    checkout::{CheckoutMode, CheckoutSession, Interval, NewCheckoutSession},
    error::StripeError,
};
use crate::http::{Answer, Http, NoAnswer};

/// The API version that requests ask for, which fixes the shape of the answers. Events have the version of the
/// webhook endpoint instead: create it with this one.
pub const API_VERSION: &str = "2026-09-30.endive";

/// How often a call that failed is repeated, as Stripe's own clients do.
const MAX_RETRIES: u32 = 2;

/// A client of Stripe's API. Clones share connections.
#[derive(Debug, Clone)]
pub struct Stripe {
    http: Http,
    base_url: String,
    key: SecretSource,
    first_backoff: Duration,
}

impl Stripe {
    /// A client of the API at `base_url`, without a trailing slash: `https://api.stripe.com`, or a double.
    ///
    /// `first_backoff` is the wait before the first retry; it doubles for the second. Stripe's own clients begin with
    /// half a second.
    pub fn new(http: Http, base_url: String, key: SecretSource, first_backoff: Duration) -> Self {
        Self { http, base_url, key, first_backoff }
    }

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
        let url = format!("{}/v1/checkout/sessions", self.base_url);
        let request =
            self.request(Method::POST, &url).await?.header("idempotency-key", idempotency_key).form(&session.form());
        let answer = self.send(request).await?;
        if answer.status.is_success() { read(&answer) } else { Err(error::classify(&answer)) }
    }

    /// The metadata of a subscription, or `None` if there is no such subscription.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn subscription_metadata(
        &self,
        subscription_id: &str,
    ) -> Result<Option<BTreeMap<String, String>>, StripeError> {
        #[derive(Deserialize)]
        struct Subscription {
            #[serde(default)]
            metadata: BTreeMap<String, String>,
        }

        if !is_id(subscription_id) {
            return Ok(None);
        }
        let url = format!("{}/v1/subscriptions/{subscription_id}", self.base_url);
        let answer = self.send(self.request(Method::GET, &url).await?).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(read::<Subscription>(&answer)?.metadata)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(error::classify(&answer)),
        }
    }

    /// The subscription that a payment was for, or `None` if it was for none: a `PaymentIntent` does not name its invoice
    /// (since version 2025-03-31), so the way is from the payment to the invoice to the subscription.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn subscription_of_payment(&self, payment_intent: &str) -> Result<Option<String>, StripeError> {
        let url = format!("{}/v1/invoice_payments", self.base_url);
        let request = self.request(Method::GET, &url).await?.query(&[
            ("payment[type]", "payment_intent"),
            ("payment[payment_intent]", payment_intent),
            ("expand[]", "data.invoice"),
        ]);
        let answer = self.send(request).await?;
        match answer.status {
            StatusCode::OK => Ok(subscription_of(&read(&answer)?)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(error::classify(&answer)),
        }
    }

    /// Whether the key moves real money, told from its prefix. Events of the other mode are not ours.
    ///
    /// # Errors
    /// When the key is not available.
    pub async fn livemode(&self) -> Result<bool, SecretUnavailable> {
        let key = self.key.read().await?;
        let key = key.reveal().trim_start();
        Ok(key.starts_with("sk_live_") || key.starts_with("rk_live_"))
    }

    async fn request(&self, method: Method, url: &str) -> Result<reqwest::RequestBuilder, StripeError> {
        let key: Secret = self.key.read().await?;
        let request = self.http.request(method, url).map_err(StripeError::no_answer)?;
        Ok(request.bearer_auth(key.reveal().trim()).header("stripe-version", API_VERSION))
    }

    /// Sends a request until there is an answer that is not worth another try, or three were made. Repeating is safe:
    /// it either reads, or carries an idempotency key.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, StripeError> {
        let request = request.build().map_err(|error| StripeError::no_answer(error.into()))?;
        let mut backoff = self.first_backoff;
        for _ in 0..MAX_RETRIES {
            // A request whose body is in memory can always be cloned.
            let Some(attempt) = request.try_clone() else { break };
            let outcome = self.attempt(attempt).await;
            if !is_worth_repeating(&outcome) {
                return outcome.map_err(StripeError::no_answer);
            }
            tokio::time::sleep(backoff).await;
            backoff *= 2;
        }
        self.attempt(request).await.map_err(StripeError::no_answer)
    }

    async fn attempt(&self, request: Request) -> Result<Answer, NoAnswer> {
        let outcome = self.http.send(request).await;
        match &outcome {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => {
                let request_id = answer.header("request-id").unwrap_or_default();
                tracing::warn!(status = answer.status.as_u16(), request_id, "Stripe refused a call");
            }
            Err(error) => tracing::warn!(?error, "Stripe did not answer"),
        }
        outcome
    }
}

/// The rule of Stripe's own clients: do as the answer says; if it says nothing, repeat what failed on the way, conflicts
/// with a concurrent use of the key, and faults of the server. 429 is not repeated: that would add to the load.
fn is_worth_repeating(outcome: &Result<Answer, NoAnswer>) -> bool {
    match outcome {
        Err(error) => matches!(error, NoAnswer::Failed(_)),
        Ok(answer) => match answer.header("stripe-should-retry") {
            Some("true") => true,
            Some("false") => false,
            _ => answer.status == StatusCode::CONFLICT || answer.status.is_server_error(),
        },
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

/// Whether `text` could be an id of Stripe's, and so be put into a path.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The body of a success.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, StripeError> {
    answer.json().map_err(StripeError::no_answer)
}
