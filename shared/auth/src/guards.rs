//! The guards: who may call, as a handler's first argument.

use std::marker::PhantomData;

use api::{ApiError, Guard, Kind, RequestId, Unconfirmed};
use axum::extract::{FromRef, FromRequestParts};
use domain::{CompanyId, company::Role, rate};
use http::request::Parts;

use crate::{
    authenticator::{Authenticator, Confirmed},
    credential::Credential,
    limits::{Counted, Limiter},
};

/// A caller who presents a credential of the right form and needs at least the role `R`.
#[derive(Debug)]
pub struct Caller<R> {
    claim: Claim,
    unconfirmed: Unconfirmed,
    role: PhantomData<fn() -> R>,
}

/// Who a caller claims to be, and what confirms it.
#[derive(Debug, Clone)]
struct Claim {
    credential: Credential,
    authenticator: Authenticator,
    counted: Counted,
    request: RequestId,
}

/// May read.
pub type Viewer = Caller<AsViewer>;
/// May change what is sold and who has access.
pub type Admin = Caller<AsAdmin>;
/// May also change who is a member.
pub type Owner = Caller<AsOwner>;
/// A member who signed in, with whatever role. An operator's token is none: it is refused with 403.
pub type SignedIn = Caller<AsSignedIn>;

/// The role that a guard asks for.
pub trait AtLeast: 'static {
    /// The role.
    const ROLE: Role;
    /// The guard's name in the route inventory.
    const GUARD: &'static str;
    /// Whether only sessions are let in, and no operators' tokens.
    const SESSIONS_ONLY: bool = false;
}

/// Asks for [`Role::Viewer`].
#[derive(Debug)]
pub enum AsViewer {}

/// Asks for [`Role::Admin`].
#[derive(Debug)]
pub enum AsAdmin {}

/// Asks for [`Role::Owner`].
#[derive(Debug)]
pub enum AsOwner {}

/// Asks for a session.
#[derive(Debug)]
pub enum AsSignedIn {}

impl AtLeast for AsOwner {
    const ROLE: Role = Role::Owner;
    const GUARD: &'static str = "Owner";
}

impl AtLeast for AsSignedIn {
    const ROLE: Role = Role::Viewer;
    const GUARD: &'static str = "SignedIn";
    const SESSIONS_ONLY: bool = true;
}

impl AtLeast for AsViewer {
    const ROLE: Role = Role::Viewer;
    const GUARD: &'static str = "Viewer";
}

impl AtLeast for AsAdmin {
    const ROLE: Role = Role::Admin;
    const GUARD: &'static str = "Admin";
}

impl<R: AtLeast> Caller<R> {
    /// Reads from the caller's company while the credential is being confirmed and the request counted: one round trip
    /// instead of three. What was read is given out only if the credential was good.
    ///
    /// # Errors
    /// When the caller has made too many requests, else when the credential is not good, else when the read fails.
    pub async fn reading<T, F>(&self, read: impl FnOnce(CompanyId) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, domain::Failure>>,
    {
        Ok(self.confirmed_reading(read).await?.1)
    }

    /// The same, with who is calling.
    ///
    /// # Errors
    /// As [`Caller::reading`].
    pub async fn confirmed_reading<T, F>(&self, read: impl FnOnce(CompanyId) -> F) -> Result<(Confirmed, T), ApiError>
    where
        F: Future<Output = Result<T, domain::Failure>>,
    {
        self.claim.counted.not_refused()?;
        let (confirmed, read) = futures::join!(self.confirmed(), read(self.claim.credential.claimed_company()));
        Ok((confirmed?, read?))
    }

    /// Who is calling and for which company, once the credential was found good: before anything is written.
    ///
    /// # Errors
    /// When it is not, or when the caller has made too many requests.
    pub async fn confirmed(&self) -> Result<Confirmed, ApiError> {
        self.unconfirmed.is_asked();
        self.claim.confirmed::<R>().await
    }

    /// A key that only this caller's requests have, to sign what the caller is to bring back. It follows from the
    /// credential, so nothing has to be kept.
    pub fn key(&self) -> [u8; 32] {
        self.claim.credential.key()
    }
}

impl Claim {
    async fn confirmed<R: AtLeast>(&self) -> Result<Confirmed, ApiError> {
        self.counted.not_refused()?;
        let confirm = self.authenticator.confirm(&self.credential, R::ROLE, self.request.clone());
        let (allowed, confirmed) = futures::join!(self.counted.allowed(), confirm);
        allowed?;
        let confirmed = confirmed?;
        if R::SESSIONS_ONLY && !self.credential.is_session() {
            return Err(ApiError::new(Kind::Forbidden, "This is for members who signed in"));
        }
        Ok(confirmed)
    }
}

impl<R: AtLeast> Guard for Caller<R> {
    const NAME: &'static str = R::GUARD;
}

impl<R: AtLeast, S: Sync> FromRequestParts<S> for Caller<R>
where
    Authenticator: FromRef<S>,
    Limiter: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let authenticator = Authenticator::from_ref(state);
        let credential = authenticator.read(parts).await?;
        let slot = parts.extensions.get().cloned().unwrap_or_default();
        let counted = Limiter::from_ref(state).counted(&rate::CALLER, &credential.counted_as(), slot);
        let request = RequestId::of(&parts.extensions);
        let claim = Claim { credential, authenticator, counted, request };
        let unconfirmed: Unconfirmed = parts.extensions.get().cloned().unwrap_or_default();
        let later = claim.clone();
        unconfirmed.ask_later(async move { later.confirmed::<R>().await.map(drop) });
        Ok(Self { claim, unconfirmed, role: PhantomData })
    }
}
