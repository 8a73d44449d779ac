//! Clears away what deleted packages and bundles left behind. From their deletion on it led nowhere; it is cleared so that
//! another one with the same name begins with nothing.

use domain::{
    CompanyId, LogId,
    customer::CustomerId,
    grant::Grants,
    log::{Action, Actor, LogEntry, LogStatus},
    package::{PackageId, PackageName},
    text::BundleName,
};
use store::{CustomerChange, Holder, Leftover, keys};

use crate::{App, Error, TRIES};

/// Clears away a deleted package: grants that name it, its versions, its archives.
pub(crate) async fn forget_package(
    app: &App,
    company: CompanyId,
    name: &PackageName,
    id: &PackageId,
) -> Result<(), Error> {
    // One that has the name again is another package; its own grants and versions stay.
    if app.store.package(company, name).await?.is_none() {
        for customer in app.store.package_customers_now(company, name).await? {
            let about = ("package", name.as_str());
            take_from(app, company, customer, about, |grants| grants.without(name)).await?;
        }
    }
    let mut versions = app.store.versions_now(company, name).await?;
    versions.retain(|version| version.package_id == *id);
    app.store.forget_versions(company, name, &versions).await?;
    for prefix in [keys::blob_archives(company, id.as_str()), keys::blob_indexes(company, id.as_str())] {
        app.blobs.delete_prefix(&prefix).await?;
    }
    let leftover = Leftover::Package { package: name.clone(), package_id: id.clone() };
    Ok(app.store.cleared(company, &leftover).await?)
}

/// Clears away the grants that name a deleted bundle.
pub(crate) async fn forget_bundle(app: &App, company: CompanyId, name: &BundleName) -> Result<(), Error> {
    if app.store.bundle(company, name).await?.is_some() {
        return Ok(());
    }
    for customer in app.store.bundle_customers_now(company, name).await? {
        let without = |grants: &Grants| grants.without_bundle(name);
        take_from(app, company, customer, ("bundle", name.as_str()), without).await?;
    }
    Ok(app.store.cleared(company, &Leftover::Bundle { bundle: name.clone() }).await?)
}

async fn take_from(
    app: &App,
    company: CompanyId,
    customer: CustomerId,
    (kind, name): (&str, &str),
    without: impl Fn(&Grants) -> Option<Grants>,
) -> Result<(), Error> {
    for _ in 0..TRIES {
        let Some(before) = app.store.holder(company, customer).await? else { return Ok(()) };
        let Some(grants) = without(&before.grants) else { return Ok(()) };
        let now = app.clock.now();
        let entry = LogEntry::new(
            LogId::generate(now, &app.random),
            now,
            Actor::Tollgate,
            Action::AccessChanged,
            LogStatus::Success,
        );
        let entry = entry.with("customerId", Some(customer.to_string())).with(kind, Some(name));
        let after = Holder { grants, customer: before.customer.clone() };
        if app.store.change_grants(company, &before, &after, &[entry]).await? == CustomerChange::Made {
            return Ok(());
        }
    }
    Err(Error::Contended)
}
