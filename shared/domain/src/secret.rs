//! Secrets: values that never print, and where they are read from.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// A secret value. It is never blank, and `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret, or `None` for a blank one: an empty key is a key that everybody knows.
    pub fn new(value: impl Into<String>) -> Option<Self> {
        let value = value.into();
        (!value.trim().is_empty()).then_some(Self(value))
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretUnavailable {
    /// It is not configured, or blank.
    #[error("the secret {name} is missing or blank")]
    Missing {
        /// What the secret is called in the configuration.
        name: String,
    },
    /// Its store could not be reached and no earlier value is known.
    #[error("the secret {name} could not be read")]
    Unreachable {
        /// What the secret is called in the configuration.
        name: String,
        /// What the store said.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

type Reading = Pin<Box<dyn Future<Output = Result<Secret, SecretUnavailable>> + Send>>;

/// Where a secret is read from each time it is needed, so that a rotated one is noticed.
#[derive(Clone)]
pub struct SecretSource(Arc<dyn Fn() -> Reading + Send + Sync>);

impl SecretSource {
    /// A source that asks `read` each time.
    pub fn new<F, R>(read: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Secret, SecretUnavailable>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(read())))
    }

    /// A source that always answers `value`; a blank one is missing.
    pub fn fixed(name: &str, value: &str) -> Self {
        let answer = Secret::new(value).ok_or_else(|| SecretUnavailable::Missing { name: name.to_owned() });
        Self::new(move || std::future::ready(answer.clone()))
    }

    /// The secret as it is now.
    ///
    /// # Errors
    /// When it is missing or blank, or cannot be read and never could be.
    pub async fn read(&self) -> Result<Secret, SecretUnavailable> {
        (self.0)().await
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSource")
    }
}
