//! What a guard still has to ask: a credential is confirmed by its handler, together with what that reads anyway.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use crate::ApiError;

type Question = Pin<Box<dyn Future<Output = Result<(), ApiError>> + Send>>;

/// Whether the caller is good, as long as that was not asked. An extension of each request; clones share it.
///
/// Of a request that is refused before its handler runs, or by a handler that did not ask, the question is asked before the
/// answer is given: nobody learns what is wrong with a request who may not make it, and no request goes uncounted for
/// being wrong. On the way of a good request it costs nothing.
#[derive(Clone, Default)]
pub struct Unconfirmed(Arc<Mutex<Option<Question>>>);

impl Unconfirmed {
    /// This is to be asked, unless the handler does.
    pub fn ask_later(&self, question: impl Future<Output = Result<(), ApiError>> + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(question));
    }

    /// The handler asks.
    pub fn is_asked(&self) {
        self.take();
    }

    /// Asks, if nobody did.
    pub(crate) async fn ask(&self) -> Result<(), ApiError> {
        match self.take() {
            Some(question) => question.await,
            None => Ok(()),
        }
    }

    fn take(&self) -> Option<Question> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Unconfirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unconfirmed").finish_non_exhaustive()
    }
}
