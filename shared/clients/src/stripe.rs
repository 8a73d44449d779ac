//! Stripe: selling through Checkout, ending what was sold, and looking up what became of it.
//!
//! See <https://docs.stripe.com/api>. A restricted key suffices: Checkout Sessions, Prices, Products, Subscriptions,
//! Invoices and Customer portal write; Payment Intents, Charges and Events read.

mod billing;
mod checkout;
mod error;
mod events;
mod payments;
mod price;
#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::{Secret, SecretSource, SecretUnavailable};
use reqwest::{Method, Request, StatusCode};
use serde::de::DeserializeOwned;

pub use self::{
    checkout::{CheckoutMode, CheckoutSession, Customer, Item, NewCheckoutSession},
    error::StripeError,
    events::{EventPage, MAX_EVENTS, MAX_TYPES},
    price::{Every, Interval, NewPrice, Price, Product},
};
use crate::http::{Answer, Http, NoAnswer};

/// The API version that requests ask for, which fixes the shape of the answers. Events have the version of the
/// webhook endpoint instead: create it with this one.
pub const API_VERSION: &str = "2026-09-30.endive";

/// How often a call that failed is repeated, as Stripe's own clients do.
const MAX_RETRIES: u32 = 2;

/// The fields of a form or a query.
type Pairs = [(String, String)];

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

    /// Whether the key moves real money, told from its prefix. Events of the other mode are not ours.
    ///
    /// # Errors
    /// When the key is not available.
    pub async fn livemode(&self) -> Result<bool, SecretUnavailable> {
        let key = self.key.read().await?;
        let key = key.reveal().trim_start();
        Ok(key.starts_with("sk_live_") || key.starts_with("rk_live_"))
    }

    /// Reads the object at `path`, or `None` if there is no such thing.
    async fn get<T: DeserializeOwned>(&self, path: &str, query: &Pairs) -> Result<Option<T>, StripeError> {
        let answer = self.send(self.request(Method::GET, path).await?.query(query)).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(read(&answer)?)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(error::classify(&answer)),
        }
    }

    /// Reads what is always there, a list.
    async fn require<T: DeserializeOwned>(&self, path: &str, query: &Pairs) -> Result<T, StripeError> {
        let answer = self.send(self.request(Method::GET, path).await?.query(query)).await?;
        if answer.status == StatusCode::OK { read(&answer) } else { Err(error::classify(&answer)) }
    }

    /// Posts a form. Without an idempotency key only what may be done twice.
    async fn post<T: DeserializeOwned>(&self, path: &str, form: &Pairs, key: Option<&str>) -> Result<T, StripeError> {
        let mut request = self.request(Method::POST, path).await?.form(form);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = self.send(request).await?;
        if answer.status.is_success() { read(&answer) } else { Err(error::classify(&answer)) }
    }

    async fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder, StripeError> {
        let key: Secret = self.key.read().await?;
        let url = format!("{}{path}", self.base_url);
        let request = self.http.request(method, &url).map_err(StripeError::no_answer)?;
        Ok(request.bearer_auth(key.reveal().trim()).header("stripe-version", API_VERSION))
    }

    /// Sends a request until there is an answer that is not worth another try, or three were made. Repeating is safe:
    /// it either reads, or carries an idempotency key, or asks for what may be done twice.
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

/// Whether `text` could be an id of Stripe's, and so be put into a path.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn pair(key: &str, value: impl Into<String>) -> (String, String) {
    (key.to_owned(), value.into())
}

/// The body of a success.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, StripeError> {
    answer.json().map_err(StripeError::no_answer)
}
