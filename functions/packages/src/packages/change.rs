//! Changing a package, an extension of the contract.

use api::{ApiError, Check, Input, Json, PackagePath, Valid};
use auth::{Admin, Confirmed};
use axum::extract::State;
use domain::{
    forge::{ForgeHosts, ForgeKind},
    log::Action,
    package::{Package, Source},
};

use super::{
    contended, get,
    source::{self, Address},
};
use crate::{App, TRIES, views::PackageDetail};

/// `PATCH /api/v1/packages/{name}`: other branches, or another repository. What it has now stays until a sync, which is asked
/// for, finds something else.
pub(crate) async fn change(
    admin: Admin,
    State(app): State<App>,
    PackagePath(name): PackagePath,
    Valid(patch): Valid<Patch>,
) -> Result<Json<PackageDetail>, ApiError> {
    let (caller, mut found) = admin.confirmed_reading(|company| app.store.package(company, &name)).await?;
    for _ in 0..TRIES {
        let before = found.ok_or_else(ApiError::not_found)?;
        let (source, places) = patch.source(&app.hosts, &before)?;
        let mut after = before.changed(source, patch.dev_branches.unwrap_or(before.dev_branches));
        if after == before || write(&app, &caller, (&before, &after), &places).await? {
            if after != before {
                after.rev += 1;
                super::ask(&app, caller.company, &name).await;
            }
            let (package, index) = get::versions(&app, caller.company, after).await?;
            return Ok(Json(PackageDetail::of(&package, &index, app.clock.now())));
        }
        found = app.store.package(caller.company, &name).await?;
    }
    Err(contended())
}

/// Writes it, unless somebody was faster. Where it was found before it is found no longer; a place that is left too late only
/// leads to a sync too many.
async fn write(
    app: &App,
    caller: &Confirmed,
    (before, after): (&Package, &Package),
    places: &Places,
) -> Result<bool, ApiError> {
    let entry = caller
        .record(Action::PackageUpdated, app.clock.now(), &app.random)
        .with("package", Some(after.name.as_str()))
        .changing("repositoryUrl", &before.source.repository_url, &after.source.repository_url)
        .changing("type", before.source.forge.name(), after.source.forge.name())
        .changing("devBranches", &before.dev_branches, &after.dev_branches);
    if !app.store.change_package(caller.company, before, after, &places.new, &[entry]).await? {
        return Ok(false);
    }
    for place in &places.old {
        app.store.leave_place(caller.company, &after.name, place).await?;
    }
    Ok(true)
}

/// Where a package is found from now on, and where no longer.
#[derive(Debug, Default)]
struct Places {
    new: Vec<String>,
    old: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Patch {
    address: Option<Address>,
    forge: Option<ForgeKind>,
    dev_branches: Option<bool>,
}

impl Patch {
    /// The source after the change. The forge's own id of the repository is kept while it is the same repository; when it
    /// cannot be synced and its address is given again, it may be another one that was made there since.
    fn source(&self, hosts: &ForgeHosts, before: &Package) -> Result<(Source, Places), ApiError> {
        if self.address.is_none() && self.forge.is_none() {
            return Ok((before.source.clone(), Places::default()));
        }
        let old = Address::parse(&before.source.repository_url).ok();
        let address = self.address.as_ref().or(old.as_ref());
        let address = address.ok_or_else(|| ApiError::field("repository_url", domain::Problem::Required))?;
        let (mut source, repository) = source::at(hosts, self.forge, address)?;
        let known = old.and_then(|old| source::at(hosts, Some(before.source.forge), &old).ok());
        let known = known.map(|(_, repository)| repository.key());
        let by_id = before.source.repository_id.as_ref().map(|id| Source::place_of_id(before.source.forge, id));
        if known.as_ref() == Some(&repository.key()) {
            if self.address.is_some() && before.sync.error.is_some() {
                return Ok((source, Places { new: Vec::new(), old: by_id.into_iter().collect() }));
            }
            source.repository_id.clone_from(&before.source.repository_id);
            return Ok((source, Places::default()));
        }
        Ok((source, Places { new: vec![repository.key()], old: known.into_iter().chain(by_id).collect() }))
    }
}

impl Input for Patch {
    fn check(c: &mut Check) -> Option<Self> {
        let address = c.text_if_given("repository_url", Address::parse);
        let forge = c.text_if_given("type", source::parse_kind);
        let dev_branches = c.flag_if_given("dev_branches");
        Some(Self { address: address?, forge: forge?, dev_branches: dev_branches? })
    }
}
