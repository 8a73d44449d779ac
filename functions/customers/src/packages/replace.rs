//! Update Package Access.

use std::collections::{BTreeMap, BTreeSet};

use api::{ApiError, Check, Id, Input, Json, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    Problem,
    customer::CustomerId,
    grant::{Grant, MOST_GRANTS},
    log::{Action, LogEntry},
    package::{Package, PackageName},
};
use serde::Serialize;
use store::Holder;

use super::{Granted, grant::New};
use crate::{App, change, limits::in_words};

/// How many packages a line of the log names; it tells how many more there are.
const MOST_NAMED: usize = 20;

/// `PUT /api/v1/customers/{id}/packages`: the packages that are granted by themselves are these, and no others, each with
/// the limits that are named. What comes with bundles and purchases stays.
pub(crate) async fn replace(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<CustomerId>,
    Valid(Packages(wanted)): Valid<Packages>,
) -> Result<Json<Direct>, ApiError> {
    let names: BTreeSet<&PackageName> = wanted.iter().map(|new| &new.package).collect();
    let read = |company| {
        let (store, names) = (app.store.clone(), names.clone());
        async move { futures::try_join!(store.holder(company, id), store.packages_named(company, names)) }
    };
    let (_, after) = change::grants(&app, &admin, Action::AccessChanged, read, |before, found, line| {
        all_known(&wanted, &found)?;
        let grant = |new: &New| (new.package.clone(), new.limits.grant(line.created_at));
        let grants = before.grants.of_these(&found).with_direct(wanted.iter().map(grant).collect());
        let line = told(line, &before.grants.direct, &grants.direct);
        Ok((Holder { grants, ..before.clone() }, line))
    })
    .await?;
    let packages = after.grants.direct.iter().map(|(name, grant)| Granted::of(name, grant)).collect();
    Ok(Json(Direct { packages }))
}

fn all_known(wanted: &[New], found: &[Package]) -> Result<(), ApiError> {
    let found: BTreeSet<&PackageName> = found.iter().map(|package| &package.name).collect();
    match wanted.iter().position(|new| !found.contains(&new.package)) {
        None => Ok(()),
        Some(place) => Err(change::unknown(format!("packages[{place}].package"), "There is no such package")),
    }
}

fn told(line: LogEntry, before: &BTreeMap<PackageName, Grant>, after: &BTreeMap<PackageName, Grant>) -> LogEntry {
    let names: BTreeSet<&PackageName> = before.keys().chain(after.keys()).collect();
    let changed: Vec<_> = names.into_iter().filter(|name| before.get(name) != after.get(name)).collect();
    let more = changed.len().saturating_sub(MOST_NAMED);
    let line = line.with("more", (more > 0).then(|| more.to_string()));
    changed
        .into_iter()
        .take(MOST_NAMED)
        .fold(line, |line, name| line.changing(name.as_str(), &in_words(before.get(name)), &in_words(after.get(name))))
}

#[derive(Debug)]
pub(crate) struct Packages(Vec<New>);

impl Input for Packages {
    fn check(c: &mut Check) -> Option<Self> {
        let packages = c.objects_or_none("packages", MOST_GRANTS, New::check)?;
        let Some(packages) = packages else { return c.problem("packages", Problem::Required) };
        let mut seen = BTreeSet::new();
        let again: Vec<_> =
            packages.iter().enumerate().filter(|(_, new)| !seen.insert(&new.package)).map(|(place, _)| place).collect();
        for place in &again {
            let reason = "It is in the list already";
            c.problem::<()>(format!("packages[{place}].package"), Problem::Unusable { reason });
        }
        again.is_empty().then_some(Self(packages))
    }
}

/// What is granted by itself.
#[derive(Debug, Serialize)]
pub(crate) struct Direct {
    packages: Vec<Granted>,
}
