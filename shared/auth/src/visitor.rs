//! The guard of what is open to anybody: who comes too often is known by the address.

use std::convert::Infallible;

use api::{ApiError, ClientAddress, Guard, RateSlot, RequestId};
use axum::extract::{FromRef, FromRequestParts};
use domain::{
    Failure,
    rate::{self, Bucket},
};
use http::request::Parts;

use crate::limits::Limiter;

/// What the requests are counted under whose address is not known: all of them together, so that a missing address is no
/// way around a limit.
const NOWHERE: &str = "unknown";

/// Anybody, as long as there are not too many requests from one address.
#[derive(Debug)]
pub struct Visitor {
    limiter: Limiter,
    address: String,
    slot: RateSlot,
    request: RequestId,
}

impl Visitor {
    /// Reads while the request is being counted: one round trip instead of two. What was read is given out only if the
    /// visitor has not come too often; of one that is known to have, nothing is read.
    ///
    /// # Errors
    /// When the visitor has, or when a request that must not go uncounted cannot be counted; else when the read fails.
    pub async fn reading<T>(
        &self,
        bucket: &'static Bucket,
        read: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, ApiError> {
        let counted = self.limiter.counted(bucket, &self.address, self.slot.clone());
        counted.not_refused()?;
        let (allowed, read) = futures::join!(counted.allowed(), read);
        allowed?;
        Ok(read?)
    }

    /// Which request it is, for the log lines of what it does.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// Counts the request, before anything is done.
    ///
    /// # Errors
    /// When there are too many from there, or when a request that must not go uncounted cannot be counted.
    pub async fn allowed(&self, bucket: &'static Bucket) -> Result<(), ApiError> {
        self.allowed_as(bucket, &self.address).await
    }

    /// The same, by something other than the address: an e-mail address, in lower case.
    ///
    /// # Errors
    /// Those of [`Visitor::allowed`].
    pub async fn allowed_as(&self, bucket: &'static Bucket, key: &str) -> Result<(), ApiError> {
        self.limiter.allow(bucket, key, &self.slot).await
    }
}

impl Guard for Visitor {
    const NAME: &'static str = "Visitor";
}

impl<S: Sync> FromRequestParts<S> for Visitor
where
    Limiter: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get().map(|ClientAddress(address)| rate::address_key(*address));
        if address.is_none() {
            tracing::error!("a request has no address; nothing set api::ClientAddress");
        }
        Ok(Self {
            limiter: Limiter::from_ref(state),
            address: address.unwrap_or_else(|| NOWHERE.to_owned()),
            slot: parts.extensions.get().cloned().unwrap_or_default(),
            request: RequestId::of(&parts.extensions),
        })
    }
}
