//! Who asks, and for what: read together, so that deciding takes one round trip.

use std::collections::BTreeSet;

use api::ApiError;
use auth::Customer;
use domain::package::{Package, PackageName};
use futures::future::try_join;
use store::Holder;

use crate::App;

/// The customer, once its token was found good, with the package that it asks for.
///
/// # Errors
/// 401 and 403 as [`Customer::confirm`] says. That there is no package is told to nobody else.
pub(crate) async fn admit(
    app: &App,
    customer: &Customer,
    package: Option<&PackageName>,
) -> Result<(Holder, Option<Package>), ApiError> {
    let (company, id) = (customer.claimed_company(), customer.claimed_customer());
    let (holder, package) = match package {
        Some(name) => {
            let admission = app.store.admission(company, id, name).await?;
            (admission.holder, admission.package)
        }
        None => (app.store.holder(company, id).await?, None),
    };
    Ok((customer.confirm(holder, app.clock.now())?, package))
}

/// The names of the packages that a customer has a right to, be it that its time is over. They exist, or did a moment ago:
/// the customer, its grants and its bundles are read strongly, as they decide; the packages are not, as `p2` and `dist`
/// decide anew.
pub(crate) async fn granted_names(
    app: &App,
    customer: &Customer,
    holder: &Holder,
) -> Result<BTreeSet<PackageName>, ApiError> {
    let (company, grants) = (customer.claimed_company(), &holder.grants);
    let (packages, bundles) = try_join(
        app.store.packages_listed(company, grants.named()),
        app.store.bundles_named(company, grants.named_bundles()),
    )
    .await?;
    let now = app.clock.now();
    let named = packages.into_iter().filter(|package| grants.access(package, now).is_some()).map(|it| it.name);
    Ok(named.chain(bundles.into_iter().flat_map(|bundle| bundle.packages)).collect())
}

/// The packages that a customer may install something of, by name. They are read as those of [`granted_names`] are.
pub(crate) async fn installable(app: &App, customer: &Customer, holder: &Holder) -> Result<Vec<Package>, ApiError> {
    let company = customer.claimed_company();
    let bundles = app.store.bundles_named(company, holder.grants.named_bundles()).await?;
    let mut names = holder.grants.named();
    names.extend(bundles.iter().flat_map(|bundle| &bundle.packages));
    let mut packages = app.store.packages_listed(company, names).await?;
    let now = app.clock.now();
    packages.retain(|package| holder.grants.access(package, now).is_some_and(|access| !access.has_ended()));
    Ok(packages)
}
