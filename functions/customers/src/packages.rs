//! Package Access: the packages of a customer.

pub(crate) mod grant;
pub(crate) mod list;
pub(crate) mod replace;
pub(crate) mod revoke;

use domain::{grant::Grant, package::PackageName};
use serde::Serialize;

use crate::limits::LimitsView;

/// A package that was granted by itself.
#[derive(Debug, Serialize)]
pub(crate) struct Granted {
    package: String,
    #[serde(flatten)]
    limits: LimitsView,
}

impl Granted {
    pub(crate) fn of(package: &PackageName, grant: &Grant) -> Self {
        Self { package: package.to_string(), limits: grant.into() }
    }
}
