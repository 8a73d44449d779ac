//! Subscriptions and their invoices, and the page where buyers manage them.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::{Stripe, StripeError, error, is_id, pair};

/// So many open invoices of one subscription are voided. Stripe stops billing long before there are more.
const MAX_OPEN_INVOICES: u32 = 100;

#[derive(Deserialize)]
struct Invoice {
    id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    hosted_invoice_url: Option<String>,
}

#[derive(Deserialize)]
struct Invoices {
    data: Vec<Invoice>,
}

#[derive(Deserialize)]
struct PortalSession {
    url: String,
}

impl Stripe {
    /// A subscription as an event about it would carry it, or `None` if there is no such subscription. One that has
    /// ended is still there.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn subscription(&self, id: &str) -> Result<Option<Value>, StripeError> {
        if is_id(id) { self.get(&format!("/v1/subscriptions/{id}"), &[]).await } else { Ok(None) }
    }

    /// The metadata of a subscription, or `None` if there is no such subscription.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn subscription_metadata(&self, id: &str) -> Result<Option<BTreeMap<String, String>>, StripeError> {
        #[derive(Deserialize)]
        struct Subscription {
            #[serde(default)]
            metadata: BTreeMap<String, String>,
        }

        if !is_id(id) {
            return Ok(None);
        }
        let found: Option<Subscription> = self.get(&format!("/v1/subscriptions/{id}"), &[]).await?;
        Ok(found.map(|it| it.metadata))
    }

    /// Ends a subscription at once, without a last invoice or anything paid back. One that has ended already, or never
    /// was, is fine.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn cancel_subscription(&self, id: &str) -> Result<(), StripeError> {
        if !is_id(id) {
            return Ok(());
        }
        let answer = self.send(self.request(Method::DELETE, &format!("/v1/subscriptions/{id}")).await?).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(error::classify(&answer)),
        }
    }

    /// Voids what a subscription still wants paid, so that it can't be paid any more. Cancelling alone leaves these
    /// invoices open. Nothing to void is fine. Answers how many were voided.
    ///
    /// # Errors
    /// See [`StripeError`]. Whatever was voided before the failure stays so.
    pub async fn void_open_invoices(&self, subscription: &str) -> Result<usize, StripeError> {
        let invoices = self.open_invoices(subscription, MAX_OPEN_INVOICES).await?;
        let mut voided = 0;
        for invoice in invoices {
            voided += usize::from(self.void(&invoice.id).await?);
        }
        Ok(voided)
    }

    /// The page where the newest unpaid invoice of a subscription can be paid, or `None` if nothing is to be paid.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn open_invoice_url(&self, subscription: &str) -> Result<Option<String>, StripeError> {
        let invoices = self.open_invoices(subscription, 1).await?;
        Ok(invoices.into_iter().find_map(|it| it.hosted_invoice_url))
    }

    /// The page of an invoice, which is also its receipt once it is paid; `None` if there is no such invoice, or it has
    /// no page.
    ///
    /// # Errors
    /// See [`StripeError`].
    pub async fn invoice_url(&self, invoice: &str) -> Result<Option<String>, StripeError> {
        Ok(self.invoice(invoice).await?.and_then(|it| it.hosted_invoice_url))
    }

    /// A link to Stripe's page where the customer manages subscriptions, cards and invoices, and from where they come
    /// back to `return_url`. It works for a few minutes, so make it when it is clicked.
    ///
    /// # Errors
    /// `Invalid` when there is no such customer or the account has no portal set up; see [`StripeError`] for the others.
    pub async fn billing_portal(&self, customer: &str, return_url: &str) -> Result<String, StripeError> {
        let form = [pair("customer", customer), pair("return_url", return_url)];
        // A session more than needed does no harm, so no idempotency key.
        let session: PortalSession = self.post("/v1/billing_portal/sessions", &form, None).await?;
        Ok(session.url)
    }

    /// Whether it was this call that voided it: somebody may have been quicker, or have paid.
    async fn void(&self, invoice: &str) -> Result<bool, StripeError> {
        // No idempotency key: Stripe would repeat a failure of its own under it for a day, and nothing is voided twice.
        match self.post::<Invoice>(&format!("/v1/invoices/{invoice}/void"), &[], None).await {
            Ok(_) => Ok(true),
            Err(refusal @ StripeError::Invalid { .. }) => match self.invoice(invoice).await? {
                Some(it) if it.status.as_deref() == Some("open") => Err(refusal),
                _ => Ok(false),
            },
            Err(error) => Err(error),
        }
    }

    async fn invoice(&self, id: &str) -> Result<Option<Invoice>, StripeError> {
        if is_id(id) { self.get(&format!("/v1/invoices/{id}"), &[]).await } else { Ok(None) }
    }

    async fn open_invoices(&self, subscription: &str, limit: u32) -> Result<Vec<Invoice>, StripeError> {
        if !is_id(subscription) {
            return Ok(Vec::new());
        }
        let query = [pair("subscription", subscription), pair("status", "open"), pair("limit", limit.to_string())];
        let found: Option<Invoices> = self.get("/v1/invoices", &query).await?;
        Ok(found.map(|it| it.data).unwrap_or_default())
    }
}
