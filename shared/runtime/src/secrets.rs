//! Secrets from Secrets Manager: cached for a while, so that a rotated one is noticed and a call costs nothing; the last
//! good value is kept while the store cannot be reached.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueError};
use domain::{Clock, Secret, SecretSource, SecretUnavailable, Timestamp};

/// How long a value is used before it is read again.
const FRESH: Duration = Duration::from_mins(1);

struct Reader {
    client: Box<dyn Fn() -> Client + Send + Sync>,
    name: String,
    clock: Clock,
    known: Mutex<Option<(Secret, Timestamp)>>,
}

/// The secret called `name`.
pub(crate) fn source(client: impl Fn() -> Client + Send + Sync + 'static, name: &str, clock: Clock) -> SecretSource {
    let reader = Arc::new(Reader { client: Box::new(client), name: name.to_owned(), clock, known: Mutex::new(None) });
    SecretSource::new(move || {
        let reader = reader.clone();
        async move { reader.read().await }
    })
}

/// A secret that need not be there: that it is missing is remembered as long as a value would be, so that it is not asked for
/// with each request.
pub(crate) fn optional(source: SecretSource, clock: Clock) -> SecretSource {
    let known: Arc<Mutex<Option<(SecretUnavailable, Timestamp)>>> = Arc::default();
    SecretSource::new(move || {
        let (source, now, known) = (source.clone(), clock.now(), known.clone());
        async move {
            let missing = known.lock().unwrap_or_else(PoisonError::into_inner).take();
            let fresh = missing.filter(|(_, read_at)| now.duration_since(*read_at).unsigned_abs() < FRESH);
            let (answer, read_at) = match fresh {
                Some((missing, read_at)) => (Err(missing), read_at),
                None => (source.read().await, now),
            };
            if let Err(missing @ SecretUnavailable::Missing { .. }) = &answer {
                *known.lock().unwrap_or_else(PoisonError::into_inner) = Some((missing.clone(), read_at));
            }
            answer
        }
    })
}

impl Reader {
    async fn read(&self) -> Result<Secret, SecretUnavailable> {
        let now = self.clock.now();
        let known = self.known().clone();
        if let Some((secret, read_at)) = &known
            && now.duration_since(*read_at).unsigned_abs() < FRESH
        {
            return Ok(secret.clone());
        }
        match (self.fetch().await, known) {
            (Ok(secret), _) => {
                *self.known() = Some((secret.clone(), now));
                Ok(secret)
            }
            (Err(SecretUnavailable::Unreachable { source, .. }), Some((secret, _))) => {
                tracing::warn!(
                    name = self.name,
                    error = &*source as &dyn std::error::Error,
                    "using the last known value of a secret"
                );
                Ok(secret)
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch(&self) -> Result<Secret, SecretUnavailable> {
        let missing = || SecretUnavailable::Missing { name: self.name.clone() };
        match (self.client)().get_secret_value().secret_id(&self.name).send().await {
            Ok(answer) => answer.secret_string.and_then(Secret::new).ok_or_else(missing),
            Err(error)
                if matches!(error.as_service_error(), Some(GetSecretValueError::ResourceNotFoundException(_))) =>
            {
                Err(missing())
            }
            Err(error) => Err(SecretUnavailable::Unreachable { name: self.name.clone(), source: Arc::new(error) }),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<(Secret, Timestamp)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
