//! Webhooks of Stripe's sandbox.

use axum::body::Body;
use http::header;
use serde_json::Value;

use crate::{Answer, TestStack, WEBHOOK_SECRET};

impl TestStack {
    /// Delivers what Stripe's sandbox has to tell, in the order in which it happened; each must be taken.
    pub async fn deliver(&self) {
        for delivery in self.stripe().undelivered() {
            let answer = self.post_event(delivery.body, &delivery.signature).await;
            assert_eq!(answer.status, 200, "{answer}");
            self.stripe().delivered(&delivery.event_id);
        }
    }

    /// Delivers an event, freshly signed with [`WEBHOOK_SECRET`].
    pub async fn deliver_event(&self, event: &Value) -> Answer {
        let body = event.to_string().into_bytes();
        let signature = signatures::stripe::sign(&body, WEBHOOK_SECRET, self.now().as_second());
        self.post_event(body, &signature).await
    }

    /// Posts to the webhook.
    pub async fn post_event(&self, body: Vec<u8>, signature: &str) -> Answer {
        let request = http::Request::post("/api/webhooks/stripe")
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("stripe-signature", signature);
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}
