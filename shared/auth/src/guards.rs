//! The guards: who may call, as a handler's first argument.

use std::marker::PhantomData;

use api::{ApiError, Guard};
use axum::extract::{FromRef, FromRequestParts};
use domain::{CompanyId, company::Role};
use http::request::Parts;

use crate::{authenticator::Authenticator, credential::Credential};

/// A caller who presents a credential of the right form and needs at least the role `R`.
#[derive(Debug)]
pub struct Caller<R> {
    credential: Credential,
    authenticator: Authenticator,
    role: PhantomData<fn() -> R>,
}

/// May read.
pub type Viewer = Caller<AsViewer>;
/// May change what is sold and who has access.
pub type Admin = Caller<AsAdmin>;

/// The role that a guard asks for.
pub trait AtLeast {
    /// The role.
    const ROLE: Role;
    /// The guard's name in the route inventory.
    const GUARD: &'static str;
}

/// Asks for [`Role::Viewer`].
#[derive(Debug)]
pub enum AsViewer {}

/// Asks for [`Role::Admin`].
#[derive(Debug)]
pub enum AsAdmin {}

impl AtLeast for AsViewer {
    const ROLE: Role = Role::Viewer;
    const GUARD: &'static str = "Viewer";
}

impl AtLeast for AsAdmin {
    const ROLE: Role = Role::Admin;
    const GUARD: &'static str = "Admin";
}

impl<R: AtLeast> Caller<R> {
    /// Reads from the caller's company while the credential is being confirmed: one round trip instead of two.
    /// What was read is given out only if the credential was good.
    ///
    /// # Errors
    /// When the credential is not good, else when the read fails.
    pub async fn reading<T, F>(&self, read: impl FnOnce(CompanyId) -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, domain::Failure>>,
    {
        let (confirmed, read) = futures::join!(
            self.authenticator.confirm(&self.credential, R::ROLE),
            read(self.credential.claimed_company())
        );
        confirmed?;
        Ok(read?)
    }

    /// The caller's company, once the credential was found good: before anything is written.
    ///
    /// # Errors
    /// When it is not.
    pub async fn confirmed(&self) -> Result<CompanyId, ApiError> {
        self.authenticator.confirm(&self.credential, R::ROLE).await?;
        Ok(self.credential.claimed_company())
    }
}

impl<R: AtLeast> Guard for Caller<R> {
    const NAME: &'static str = R::GUARD;
}

impl<R: AtLeast, S: Sync> FromRequestParts<S> for Caller<R>
where
    Authenticator: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let credential = Credential::from_headers(&parts.headers)?;
        Ok(Self { credential, authenticator: Authenticator::from_ref(state), role: PhantomData })
    }
}
