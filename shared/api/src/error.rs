//! What can go wrong in an endpoint: a meaning, never a status. The family gives it its shape.

use std::{borrow::Cow, error::Error, sync::Arc};

use axum::response::{IntoResponse, Response};
use domain::{Failure, Problem, SecretUnavailable};

/// What kind of error it is, for a client to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What was sent is wrong.
    Invalid,
    /// Nobody is known to be calling.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or not for this caller.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// It collides with what there is.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The caller has made too many requests.
    RateLimited,
    /// Something that is needed does not answer; later it may.
    Unavailable,
    /// A defect of ours.
    Internal,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::RateLimited,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Whether it is our side that failed. Then the client learns a fixed text and the log the cause.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Unavailable | Self::Internal)
    }
}

/// One field's problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field, as the contract spells it: `email`, or `versions[3].version` within a list.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub problem: Problem,
}

/// An endpoint's error.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// What kind.
    pub kind: Kind,
    /// What the client is told, unless the kind is ours.
    pub message: Cow<'static, str>,
    /// The fields that are wrong.
    pub fields: Vec<FieldProblem>,
    /// In how many seconds another try makes sense, where that is known.
    pub retry_after: Option<u32>,
    /// What caused it, for the log.
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// An error with a message for the client.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), fields: Vec::new(), retry_after: None, source: None }
    }

    /// These fields are wrong.
    pub fn fields(fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..Self::new(Kind::Invalid, "Invalid request parameters") }
    }

    /// This field is wrong.
    pub fn field(field: impl Into<Cow<'static, str>>, problem: Problem) -> Self {
        Self::fields(vec![FieldProblem { field: field.into(), problem }])
    }

    /// There is no such thing, or not for this caller: nobody learns which.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "Resource not found")
    }

    /// Nobody is known to be calling.
    pub fn unauthenticated() -> Self {
        Self::new(Kind::Unauthenticated, "Missing or invalid authentication")
    }

    /// The caller has made too many requests, and may make the next in so many seconds.
    pub fn rate_limited(retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Kind::RateLimited, "Too many requests") }
    }

    /// Something that is needed does not answer.
    pub fn unavailable(source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..Self::new(Kind::Unavailable, "Service temporarily unavailable") }
    }

    /// A defect of ours.
    pub fn internal(source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..Self::new(Kind::Internal, "Server error") }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        if failure.transient { Self::unavailable(failure) } else { Self::internal(failure) }
    }
}

/// A missing secret is an unfinished configuration: refuse, and say so in the log.
impl From<SecretUnavailable> for ApiError {
    fn from(error: SecretUnavailable) -> Self {
        Self::unavailable(error)
    }
}

/// The answer is empty but for the error in its extensions, which the family's layer renders. Without the layer it leaks nothing.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
