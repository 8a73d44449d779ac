//! Guards: the first argument of a handler says who may call it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// Says who may call. Every handler begins with one; a handler without does not compile.
pub trait Guard {
    /// Its name in the route inventory.
    const NAME: &'static str;
}

/// Anybody may call: openness is written down, too.
#[derive(Debug, Clone, Copy)]
pub struct Public;

impl Guard for Public {
    const NAME: &'static str = "Public";
}

impl<S: Sync> FromRequestParts<S> for Public {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// The same guard, whose refusal the handler puts into its own words.
impl<G: Guard, E> Guard for Result<G, E> {
    const NAME: &'static str = G::NAME;
}

/// The arguments of a handler that begins with a guard. `Arguments` is axum's own tuple of a handler's arguments.
#[diagnostic::on_unimplemented(
    message = "an endpoint's first argument must say who may call it",
    label = "its first argument is not a guard"
)]
pub trait GuardFirst {
    /// The guard.
    type Guard: Guard;
}

macro_rules! guard_first {
    ($($argument:ident)*) => {
        impl<Marker, First: Guard, $($argument),*> GuardFirst for (Marker, First, $($argument,)*) {
            type Guard = First;
        }
    };
}

guard_first!();
guard_first!(A);
guard_first!(A B);
guard_first!(A B C);
guard_first!(A B C D);
