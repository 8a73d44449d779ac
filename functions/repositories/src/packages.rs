//! Packages for Composer that are sold with a repository.

use api::{ApiError, Check};
use domain::{
    CompanyId, Failure, Problem,
    package::PackageName,
    repository::{MOST_PACKAGES, Packages},
    text::ConstraintText,
};
use store::Store;

const FIELD: &str = "packages";

/// `[{"package": "acme/widget", "constraint": "^2.0"}]`, or names alone; none when missing or null.
pub(crate) fn check(c: &mut Check) -> Option<Packages> {
    c.spell_out(FIELD, "package");
    let sold = c.objects_or_none(FIELD, MOST_PACKAGES, |c| {
        let package = c.text("package", PackageName::parse);
        let constraint = c.text_or_none("constraint", ConstraintText::parse);
        Some((package?, constraint?.unwrap_or_else(ConstraintText::any)))
    })?;
    let sold = sold.unwrap_or_default();
    let given = sold.len();
    let packages: Packages = sold.into_iter().collect();
    if packages.len() < given {
        return c.problem(FIELD, Problem::Conflicting { rule: "A package can be named only once" });
    }
    Some(packages)
}

/// Those that the company does not have.
pub(crate) async fn missing(
    store: &Store,
    company: CompanyId,
    packages: &Packages,
) -> Result<Vec<PackageName>, Failure> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let found = store.packages_named(company, packages.keys()).await?;
    let is_missing = |name: &&PackageName| !found.iter().any(|package| package.name == **name);
    Ok(packages.keys().filter(is_missing).cloned().collect())
}

/// Nothing is sold that there is not.
pub(crate) fn all_there(missing: &[PackageName]) -> Result<(), ApiError> {
    let Some(first) = missing.first() else { return Ok(()) };
    let names = missing.iter().skip(1).fold(first.to_string(), |all, name| format!("{all}, {name}"));
    Err(ApiError::field(FIELD, Problem::Explained { message: format!("There is no package {names}") }))
}
