//! Webhooks of GitHub's sandbox.

use axum::body::Body;
use http::header;
use testkit::github::Delivery;

use crate::{Answer, TestStack};

impl TestStack {
    /// Delivers what GitHub's sandbox has to tell, in the order in which it happened; each must be taken.
    pub async fn deliver_github(&self) {
        for delivery in self.github().undelivered() {
            let answer = self.post_github(&delivery).await;
            assert_eq!(answer.status, 200, "{answer}");
            self.github().delivered(delivery.id, answer.status);
        }
    }

    /// Posts to GitHub's webhook.
    pub async fn post_github(&self, delivery: &Delivery) -> Answer {
        let request = http::Request::post("/api/webhooks/github")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-github-event", &delivery.event)
            .header("x-github-delivery", &delivery.guid)
            .header("x-hub-signature-256", &delivery.signature);
        self.send(request.body(Body::from(delivery.body.clone())).unwrap()).await
    }
}
