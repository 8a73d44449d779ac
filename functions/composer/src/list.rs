//! The names of packages: `list`.

use api::{ApiError, Check, Input, Params};
use auth::Customer;
use axum::extract::State;
use serde_json::json;

use crate::{
    App,
    admit::{admit, installable},
    answer::{Conditions, Document},
};

/// `GET /list.json`: the names of what the customer may install. `filter` has `*` for anything; `vendor` is a vendor's name.
pub(crate) async fn list(
    customer: Customer,
    State(app): State<App>,
    query: Result<Params<Query>, ApiError>,
    conditions: Conditions,
) -> Result<Document, ApiError> {
    let (holder, _) = admit(&app, &customer, None).await?;
    let Params(Query { filter, vendor }) = query?;
    let packages = installable(&app, &customer, &holder).await?;
    let of_vendor = |name: &str| vendor.as_ref().is_none_or(|vendor| name.split('/').next() == Some(vendor));
    let fits_filter = |name: &str| filter.as_ref().is_none_or(|filter| fits(filter, name));
    let names = packages.iter().map(|package| package.name.as_str());
    let names: Vec<&str> = names.filter(|name| of_vendor(name) && fits_filter(name)).collect();
    Document::new(&json!({"packageNames": names}), conditions)
}

#[derive(Debug)]
pub(crate) struct Query {
    filter: Option<String>,
    vendor: Option<String>,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        let lower = |text: &str| Ok(text.to_ascii_lowercase());
        let filter = c.text_or_none("filter", lower)?.filter(|filter| !filter.is_empty());
        let vendor = c.text_or_none("vendor", lower)?.filter(|vendor| !vendor.is_empty());
        Some(Self { filter, vendor })
    }
}

/// Whether a name fits a pattern in which `*` stands for anything. Each part between two of them is looked for once.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for yes in ["*", "acme/widget", "acme/*", "*/widget", "a*e/w*t", "**", "acme/widget*", "*acme/widget", "a*/*"] {
            assert!(fits(yes, "acme/widget"), "{yes}");
        }
        for no in ["", "acme", "acme/", "widget", "*/widge", "b*", "acme/widget*t", "*x*", "acme/widget/*"] {
            assert!(!fits(no, "acme/widget"), "{no}");
        }
        assert!(!fits(&"a*".repeat(100_000), &"a".repeat(200)));
    }
}
