//! What Stripe's refusals mean.

use domain::SecretUnavailable;
use serde::Deserialize;

use crate::http::{Answer, NoAnswer};

/// A call to Stripe that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// Stripe will not do this with these values. Repeating does not help.
    #[error("Stripe refuses: {message} (parameter {param:?})")]
    Invalid {
        /// Stripe's words.
        message: String,
        /// The parameter at fault, if Stripe names one.
        param: Option<String>,
    },
    /// The key is not accepted, or lacks the permission.
    #[error("Stripe does not accept the key")]
    Unauthorized,
    /// Too many calls. Stripe's limits are per second.
    #[error("Stripe limits the rate of calls")]
    RateLimited,
    /// Not reached, timed out, out of order, or not understood, after all retries. Worth another try later.
    #[error("Stripe is unavailable")]
    Unavailable {
        /// What happened in the last try.
        #[source]
        source: NoAnswer,
    },
    /// The key could not be read.
    #[error("the key for Stripe is not available")]
    Credentials(#[from] SecretUnavailable),
}

impl StripeError {
    pub(super) fn no_answer(source: NoAnswer) -> Self {
        Self::Unavailable { source }
    }
}

/// What an answer means that is not a success. See <https://docs.stripe.com/api/errors>.
pub(super) fn classify(answer: &Answer) -> StripeError {
    match answer.status.as_u16() {
        401 | 403 => StripeError::Unauthorized,
        429 => StripeError::RateLimited,
        // A conflict with a concurrent use of the idempotency key passes; so does a slow upload.
        status @ 400..=499 if status != 408 && status != 409 => invalid(&answer.body),
        status => StripeError::no_answer(NoAnswer::Status(status)),
    }
}

fn invalid(body: &[u8]) -> StripeError {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        error: Refusal,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Refusal {
        message: Option<String>,
        param: Option<String>,
    }

    let Envelope { error } = serde_json::from_slice(body).unwrap_or_default();
    StripeError::Invalid { message: error.message.unwrap_or_default(), param: error.param }
}
