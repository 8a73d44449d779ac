//! Requests that change or end what is there.

use axum::body::Body;
use http::{Method, header};
use serde_json::Value;

use crate::{Answer, TestStack};

impl TestStack {
    /// `PATCH` of JSON, with company 1's token where the path is an operator's.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::PATCH, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// `PUT` of JSON, with company 1's token where the path is an operator's.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::PUT, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// `DELETE`, with company 1's token where the path is an operator's.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }
}
