//! The route table of a function: `Api` is the only way to make a router, so no endpoint lacks a guard or its family's envelope.

use crate::{ApiError, Family, Guard, GuardFirst, Kind, layers};
use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};

/// One endpoint, for the inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// HTTP method.
    pub method: &'static str,
    /// Path, with parameters in braces.
    pub path: &'static str,
    /// The name of the guard.
    pub guard: &'static str,
}

/// A function's endpoints.
#[derive(Debug)]
pub struct Api<S> {
    family: Family,
    router: Router<S>,
    endpoints: Vec<Endpoint>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// No endpoints yet, in the envelope of `family`.
    pub fn new(family: Family) -> Self {
        Self { family, router: Router::new(), endpoints: Vec::new() }
    }

    /// Adds a `GET` endpoint.
    #[must_use]
    pub fn get<H: Handler<A, S>, A: GuardFirst + 'static>(self, path: &'static str, handler: H) -> Self {
        self.endpoint("GET", MethodFilter::GET, path, handler)
    }

    /// Adds a `POST` endpoint.
    #[must_use]
    pub fn post<H: Handler<A, S>, A: GuardFirst + 'static>(self, path: &'static str, handler: H) -> Self {
        self.endpoint("POST", MethodFilter::POST, path, handler)
    }

    /// Adds a `PUT` endpoint.
    #[must_use]
    pub fn put<H: Handler<A, S>, A: GuardFirst + 'static>(self, path: &'static str, handler: H) -> Self {
        self.endpoint("PUT", MethodFilter::PUT, path, handler)
    }

    /// Adds a `PATCH` endpoint.
    #[must_use]
    pub fn patch<H: Handler<A, S>, A: GuardFirst + 'static>(self, path: &'static str, handler: H) -> Self {
        self.endpoint("PATCH", MethodFilter::PATCH, path, handler)
    }

    /// Adds a `DELETE` endpoint.
    #[must_use]
    pub fn delete<H: Handler<A, S>, A: GuardFirst + 'static>(self, path: &'static str, handler: H) -> Self {
        self.endpoint("DELETE", MethodFilter::DELETE, path, handler)
    }

    fn endpoint<H: Handler<A, S>, A: GuardFirst + 'static>(
        mut self,
        method: &'static str,
        filter: MethodFilter,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.router = self.router.route(path, on(filter, handler));
        self.endpoints.push(Endpoint { method, path, guard: A::Guard::NAME });
        self
    }

    /// The inventory.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The router that serves the endpoints; unknown paths and wrong methods are answered in the family's envelope, too.
    pub fn into_router(self, state: S) -> Router {
        let family = self.family;
        let router = self
            .router
            .fallback(async || ApiError::not_found())
            .method_not_allowed_fallback(async || ApiError::new(Kind::MethodNotAllowed, "Method not allowed"))
            .with_state(state);
        layers::wrap(router, family)
    }
}
