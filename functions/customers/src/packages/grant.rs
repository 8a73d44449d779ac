//! Grant Package Access.

use api::{ApiError, Check, Id, Input, Valid, Written};
use auth::Admin;
use axum::extract::State;
use domain::{customer::CustomerId, log::Action, package::PackageName};
use store::Holder;

use super::Granted;
use crate::{
    App, change,
    limits::{Limits, few_enough, in_words},
};

/// `POST /api/v1/customers/{id}/packages`: grants a package by itself, or changes those limits of the grant that are
/// given; null takes one away.
pub(crate) async fn grant(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    Valid(New { package, limits }): Valid<New>,
) -> Result<Written<Granted>, ApiError> {
    let name = &package;
    let read = |company| {
        let store = app.store.clone();
        async move {
            let found = store.admission(company, id, name).await?;
            Ok((found.holder, found.package))
        }
    };
    let (before, after) = change::grants(&app, &admin, Action::AccessChanged, read, |before, found, line| {
        let package = found.ok_or_else(|| change::unknown("package", "There is no such package"))?;
        let grants = before.grants.of_these(std::slice::from_ref(&package));
        let mut after = Holder { grants, ..before.clone() };
        let old = after.grants.direct.get(name).cloned();
        let old = old.as_ref();
        let new = limits.changed(old, line.created_at);
        let line = line.with("package", Some(name.as_str())).changing("grant", &in_words(old), &in_words(Some(&new)));
        after.grants.direct.insert(name.clone(), new);
        few_enough(after.grants.direct.len())?;
        Ok((after, line))
    })
    .await?;
    let granted = after.grants.direct.get(name).map(|grant| Granted::of(name, grant)).ok_or_else(change::contended)?;
    let existed = before.grants.direct.contains_key(name);
    Ok(if existed { Written::Changed(granted) } else { Written::New(granted) })
}

#[derive(Debug)]
pub(crate) struct New {
    pub(super) package: PackageName,
    pub(super) limits: Limits,
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let package = c.text("package", PackageName::parse);
        let limits = Limits::check(c);
        Some(Self { package: package?, limits: limits? })
    }
}
