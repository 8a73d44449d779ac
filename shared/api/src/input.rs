//! What comes in, already checked.

use std::{collections::HashMap, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequestParts, Path, Query},
};
use domain::text::BundleName;
use http::request::Parts;
use serde_json::Value;

use crate::{ApiError, Check, Kind};

/// A request's input that is checked field by field.
pub trait Input: Sized {
    /// Takes the fields; `None` when one of them is wrong, which the check has noted.
    fn check(check: &mut Check) -> Option<Self>;
}

/// The body's bytes as they came.
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

/// A JSON body that passed its checks.
#[derive(Debug)]
pub struct Valid<T>(pub T);

impl<T: Input, S: Sync> FromRequestParts<S> for Valid<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if !media_type(parts).eq_ignore_ascii_case("application/json") {
            return Err(ApiError::new(Kind::Invalid, "The content type must be application/json"));
        }
        json(parts).map(Self)
    }
}

/// A body that passed its checks and comes from a program, as JSON, or from a page's form.
#[derive(Debug)]
pub struct Posted<T> {
    /// What came.
    pub input: T,
    /// Whether a form sent it, so that a person waits for the answer.
    pub by_form: bool,
}

impl<T: Input, S: Sync> FromRequestParts<S> for Posted<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if !media_type(parts).eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let Valid(input) = Valid::from_request_parts(parts, state).await?;
            return Ok(Self { input, by_form: false });
        }
        let fields = serde_urlencoded::from_bytes(&body(parts));
        let fields = fields.map_err(|_| ApiError::new(Kind::Invalid, "The form cannot be read"))?;
        let mut check = Check::query(fields);
        let value = T::check(&mut check);
        Ok(Self { input: check.finish(value)?, by_form: true })
    }
}

fn media_type(parts: &Parts) -> &str {
    let content_type = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

fn body(parts: &Parts) -> Bytes {
    parts.extensions.get::<RawBody>().map(|body| body.0.clone()).unwrap_or_default()
}

fn json<T: Input>(parts: &Parts) -> Result<T, ApiError> {
    match serde_json::from_slice(&body(parts)) {
        Ok(Value::Object(fields)) => {
            let mut check = Check::body(fields);
            let value = T::check(&mut check);
            check.finish(value)
        }
        Ok(_) => Err(ApiError::new(Kind::Invalid, "The body must be a JSON object")),
        Err(_) => Err(ApiError::new(Kind::Invalid, "The body is not valid JSON")),
    }
}

/// A JSON body that passed its checks, all of whose fields may be missing: so may the body.
#[derive(Debug)]
pub struct ValidOrNone<T>(pub T);

impl<T: Input, S: Sync> FromRequestParts<S> for ValidOrNone<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.extensions.get::<RawBody>().is_none_or(|body| body.0.is_empty()) {
            let mut check = Check::body(serde_json::Map::new());
            let value = T::check(&mut check);
            return check.finish(value).map(Self);
        }
        Valid::from_request_parts(parts, state).await.map(|Valid(input)| Self(input))
    }
}

/// A query string that passed its checks.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: Input, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = query.map_err(|_| ApiError::new(Kind::Invalid, "The query string cannot be read"))?;
        let mut check = Check::query(pairs);
        let value = T::check(&mut check);
        check.finish(value).map(Self)
    }
}

/// The one parameter of the path, or that called `id` where there are more. A text that cannot be such an id names
/// nothing: 404.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(parameters) = path.map_err(|_| ApiError::not_found())?;
        let named = parameters.get("id").or_else(|| parameters.values().next());
        let text = named.ok_or_else(ApiError::not_found)?;
        text.parse().map(Self).map_err(|_| ApiError::not_found())
    }
}

/// The bundle that the path names. A text that cannot be a bundle's name names nothing: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundlePath(pub BundleName);

impl<S: Send + Sync> FromRequestParts<S> for BundlePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(parameters) = path.map_err(|_| ApiError::not_found())?;
        let name = parameters.get("bundle").or_else(|| parameters.get("name")).ok_or_else(ApiError::not_found)?;
        BundleName::parse(name).map(Self).map_err(|_| ApiError::not_found())
    }
}
