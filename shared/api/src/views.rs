//! What goes out.

use axum::response::{IntoResponse, Response};
use domain::{Timestamp, repository::Packages};
use serde::{Serialize, Serializer};

/// 200 with a JSON body.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// 201 with a JSON body.
#[derive(Debug, Clone)]
pub struct Created<T>(pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (http::StatusCode::CREATED, axum::Json(self.0)).into_response()
    }
}

/// 204: it is done, and there is nothing to say of it.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        http::StatusCode::NO_CONTENT.into_response()
    }
}

/// 201 with a JSON body when it is new, 200 when it took the place of an older one.
#[derive(Debug, Clone)]
pub enum Written<T> {
    /// It is new.
    New(T),
    /// It took the place of an older one.
    Changed(T),
}

impl<T: Serialize> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        match self {
            Self::New(body) => Created(body).into_response(),
            Self::Changed(body) => Json(body).into_response(),
        }
    }
}

/// 202 with a JSON body: it is done later.
#[derive(Debug, Clone)]
pub struct Accepted<T>(pub T);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (http::StatusCode::ACCEPTED, axum::Json(self.0)).into_response()
    }
}

/// Packages that are sold with a repository: `[{"package": "acme/widget", "constraint": "^2.0"}]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoldPackages(pub Packages);

impl SoldPackages {
    /// Whether there are none: then they are not shown.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for SoldPackages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Sold<'a> {
            package: &'a str,
            constraint: &'a str,
        }
        let sold =
            self.0.iter().map(|(name, constraint)| Sold { package: name.as_str(), constraint: constraint.as_str() });
        serializer.collect_seq(sold)
    }
}

/// A time as the contracts write it: RFC 3339, UTC, whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Timestamp::from_second(self.0.as_second()).unwrap_or(self.0))
    }
}
