//! A forge told that a repository changed.

use std::collections::BTreeSet;

use domain::{
    forge::{ForgeRepository, RepositoryUrl},
    forge_event::ForgeEvent,
    package::Source,
};
use jobs::Job;
use store::PackageAt;

use crate::{App, Error};

/// Has the packages synced that are made from a repository which changed. Most repositories make none: hooks of whole
/// organisations tell of all of theirs.
pub(crate) async fn pushed(app: &App, event: &ForgeEvent) -> Result<(), Error> {
    let mut packages: BTreeSet<PackageAt> = BTreeSet::new();
    for place in places(app, event) {
        packages.extend(app.store.packages_of_forge(&place).await?);
    }
    for PackageAt { company, package } in packages {
        if app.store.want_sync(company, &package).await?.is_some() {
            app.packages.send(&Job::SyncPackage { company, package }).await?;
        }
    }
    Ok(())
}

/// Under what its packages may be found: what the forge calls it, which survives renames, and its addresses.
fn places(app: &App, event: &ForgeEvent) -> BTreeSet<String> {
    let by_id = event.repository_id.iter().map(|id| Source::place_of_id(event.forge, id));
    let by_path = event.path.iter().map(|path| {
        let repository = ForgeRepository { kind: event.forge, path: path.clone(), id: None };
        repository.key()
    });
    let url = |text: &String| {
        let url = RepositoryUrl::parse(text).ok()?;
        Some(app.forge_hosts.locate(event.forge, &url).ok()?.key())
    };
    by_id.chain(by_path).chain(event.urls.iter().filter_map(url)).collect()
}
