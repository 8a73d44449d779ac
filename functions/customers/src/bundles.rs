//! The bundles of a customer: an extension of the contract, which has bundles and does not say how they are granted.

pub(crate) mod grant;
pub(crate) mod list;
pub(crate) mod revoke;

use domain::{grant::Grant, text::BundleName};
use serde::Serialize;

use crate::limits::LimitsView;

/// A bundle that was granted.
#[derive(Debug, Serialize)]
pub(crate) struct Granted {
    bundle: String,
    #[serde(flatten)]
    limits: LimitsView,
}

impl Granted {
    fn of(bundle: &BundleName, grant: &Grant) -> Self {
        Self { bundle: bundle.to_string(), limits: grant.into() }
    }
}
