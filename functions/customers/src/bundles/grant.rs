//! Grant a bundle.

use api::{ApiError, Check, Id, Input, Valid, Written};
use auth::Admin;
use axum::extract::State;
use domain::{customer::CustomerId, log::Action, text::BundleName};

use super::Granted;
use crate::{
    App, change,
    limits::{Limits, few_enough, in_words},
};

/// `POST /api/v1/customers/{id}/bundles`: grants each package that is in a bundle, now or later, or changes those limits
/// of that grant that are given; null takes one away.
pub(crate) async fn grant(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    Valid(New { bundle, limits }): Valid<New>,
) -> Result<Written<Granted>, ApiError> {
    let name = &bundle;
    let read = |company| {
        let store = app.store.clone();
        async move { futures::try_join!(store.holder(company, id), store.bundle(company, name)) }
    };
    let (before, after) = change::grants(&app, &admin, Action::AccessChanged, read, |before, found, line| {
        found.ok_or_else(|| change::unknown("bundle", "There is no such bundle"))?;
        let mut after = before.clone();
        let old = before.grants.bundles.get(name);
        let new = limits.changed(old, line.created_at);
        let line = line.with("bundle", Some(name.as_str())).changing("grant", &in_words(old), &in_words(Some(&new)));
        after.grants.bundles.insert(name.clone(), new);
        few_enough(after.grants.bundles.len())?;
        Ok((after, line))
    })
    .await?;
    let granted = after.grants.bundles.get(name).map(|grant| Granted::of(name, grant)).ok_or_else(change::contended)?;
    let existed = before.grants.bundles.contains_key(name);
    Ok(if existed { Written::Changed(granted) } else { Written::New(granted) })
}

#[derive(Debug)]
pub(crate) struct New {
    bundle: BundleName,
    limits: Limits,
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let bundle = c.text("bundle", BundleName::parse);
        let limits = Limits::check(c);
        Some(Self { bundle: bundle?, limits: limits? })
    }
}
