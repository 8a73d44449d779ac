//! Who has a package, an extension of the contract.

use api::{ApiError, Cursors, Json, Listing, PackagePath, Params, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    CompanyId, Failure, Timestamp,
    customer::CustomerId,
    grant::{Grant, Origin},
    package::{Package, PackageName},
};
use serde::Serialize;
use store::{Holder, Through};

use super::list::Query;
use crate::App;

/// `GET /api/v1/packages/{name}/customers`: who was given the package and how, the oldest customers first. A customer is there
/// once for each way.
pub(crate) async fn customers(
    viewer: Viewer,
    State(app): State<App>,
    PackagePath(name): PackagePath,
    Params(Query(page)): Params<Query>,
) -> Result<Json<Listing<Row>>, ApiError> {
    let list = format!("customers of {name}");
    let cursors = Cursors::new(&viewer.key(), &list, &[]);
    let (caller, found) = viewer.confirmed_reading(|company| read(&app, company, &name)).await?;
    let (package, granted) = found.ok_or_else(ApiError::not_found)?;
    let (page, pagination) = page.of_all(granted, &cursors, place)?;
    let mut ids: Vec<CustomerId> = page.iter().map(|(customer, _)| *customer).collect();
    ids.dedup();
    let holders = app.store.holders(caller.company, &ids).await?;
    let now = app.clock.now();
    let row = |(id, through): &(CustomerId, Through)| {
        let holder = holders.iter().find(|holder| holder.customer.id == *id)?;
        Row::of(holder, &package, through, now)
    };
    Ok(Json(Listing::of(page.iter().filter_map(row), pagination)))
}

async fn read(
    app: &App,
    company: CompanyId,
    name: &PackageName,
) -> Result<Option<(Package, Vec<(CustomerId, Through)>)>, Failure> {
    let Some(package) = app.store.package(company, name).await? else { return Ok(None) };
    let granted = app.store.granted(company, name, &package.bundles).await?;
    Ok(Some((package, granted)))
}

/// What a row is known by to a cursor.
fn place((customer, through): &(CustomerId, Through)) -> String {
    let way = match through {
        Through::Direct => String::new(),
        Through::Bundle(bundle) => format!("b{bundle}"),
        Through::Purchase => "p".to_owned(),
    };
    format!("{}:{way}", customer.number())
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    id: String,
    name: String,
    email: String,
    status: &'static str,
    /// `direct`, `bundle`, `purchase`, or `frozen` at a version that no grant covers any more.
    via: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase: Option<String>,
    constraint: Option<String>,
    granted_at: Option<Time>,
    expires_at: Option<Time>,
}

impl Row {
    /// `None` when the customer does not have it so any more.
    fn of(holder: &Holder, package: &Package, through: &Through, now: Timestamp) -> Option<Self> {
        let mut granted = holder.grants.of_package(&package.name, &package.bundles);
        let found = granted.find(|(origin, _)| match (origin, through) {
            (Origin::Direct, Through::Direct) | (Origin::Purchase(_), Through::Purchase) => true,
            (Origin::Bundle(name), Through::Bundle(wanted)) => *name == wanted,
            _ => false,
        });
        let (via, bundle, purchase, grant) = match found {
            Some((Origin::Direct, grant)) => ("direct", None, None, Some(grant)),
            Some((Origin::Bundle(name), grant)) => ("bundle", Some(name.to_string()), None, Some(grant)),
            Some((Origin::Purchase(id), grant)) => ("purchase", None, Some(id.to_string()), Some(grant)),
            None if *through == Through::Direct && holder.grants.linked_packages().contains(&package.name) => {
                ("frozen", None, None, None)
            }
            None => return None,
        };
        let customer = &holder.customer;
        Some(Self {
            id: customer.id.to_string(),
            name: customer.name.to_string(),
            email: customer.email.to_string(),
            status: customer.status(now).name(),
            via,
            bundle,
            purchase,
            constraint: grant.map(|grant| grant.constraint.to_string()),
            granted_at: grant.map(|grant| Time(grant.granted_at)),
            expires_at: grant.and_then(|grant: &Grant| grant.expires_at).map(Time),
        })
    }
}
