//! Get Package.

use std::sync::Arc;

use api::{ApiError, Json, PackagePath};
use auth::Viewer;
use axum::extract::State;
use domain::{
    CompanyId, Failure,
    package::{Index, Package, PackageName},
};

use crate::{App, views::PackageDetail};

/// `GET /api/v1/packages/{name}`: a package, its versions, and how its sync stands.
pub(crate) async fn get(
    viewer: Viewer,
    State(app): State<App>,
    PackagePath(name): PackagePath,
) -> Result<Json<PackageDetail>, ApiError> {
    let found = viewer.reading(|company| read(&app, company, &name)).await?;
    let (package, index) = found.ok_or_else(ApiError::not_found)?;
    Ok(Json(PackageDetail::of(&package, &index, app.clock.now())))
}

async fn read(app: &App, company: CompanyId, name: &PackageName) -> Result<Option<(Package, Arc<Index>)>, Failure> {
    match app.store.package(company, name).await? {
        Some(package) => versions(app, company, package).await.map(Some),
        None => Ok(None),
    }
}

/// A package with its versions. An index may be cleared away between the two readings; then there is another one.
pub(crate) async fn versions(
    app: &App,
    company: CompanyId,
    package: Package,
) -> Result<(Package, Arc<Index>), Failure> {
    let failure = match app.indexes.load(company, &package).await {
        Ok(index) => return Ok((package, index)),
        Err(failure) => failure,
    };
    match app.store.package(company, &package.name).await? {
        Some(again) if again.found.index != package.found.index => {
            let index = app.indexes.load(company, &again).await?;
            Ok((again, index))
        }
        _ => Err(failure),
    }
}
