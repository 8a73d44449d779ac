//! Looking for packages: `search`.

use api::{ApiError, Check, Input, Params};
use auth::Customer;
use axum::extract::State;
use domain::{CompanyId, package::Package};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::{
    App,
    admit::{admit, installable},
    answer::{Conditions, Document},
};

/// What a package is whose `composer.json` does not say what it is.
const LIBRARY: &str = "library";
/// Indexes that are read at once.
const AT_ONCE: usize = 8;

/// `GET /search.json`: what the customer may install and has all words of `q` in its name or description, of the Composer type
/// `type` if that is given.
pub(crate) async fn search(
    customer: Customer,
    State(app): State<App>,
    query: Result<Params<Query>, ApiError>,
    conditions: Conditions,
) -> Result<Document, ApiError> {
    let (holder, _) = admit(&app, &customer, None).await?;
    let Params(Query { words, kind }) = query?;
    let mut packages = installable(&app, &customer, &holder).await?;
    packages.retain(|package| has_words(package, &words));
    if let Some(kind) = kind {
        packages = of_type(&app, customer.claimed_company(), packages, &kind).await?;
    }
    let results: Vec<Value> = packages.iter().map(shown).collect();
    Document::new(&json!({"total": results.len(), "results": results}), conditions)
}

#[derive(Debug)]
pub(crate) struct Query {
    words: Vec<String>,
    kind: Option<String>,
}

impl Input for Query {
    fn check(c: &mut Check) -> Option<Self> {
        let words = c.text_or_none("q", |text| Ok(text.split_whitespace().map(str::to_lowercase).collect()))?;
        let kind = c.text_or_none("type", |text| Ok(text.to_owned()))?.filter(|kind| !kind.is_empty());
        Some(Self { words: words.unwrap_or_default(), kind })
    }
}

fn has_words(package: &Package, words: &[String]) -> bool {
    let description = package.description.as_ref().map(|text| text.as_str().to_lowercase()).unwrap_or_default();
    words.iter().all(|word| package.name.as_str().contains(word) || description.contains(word))
}

/// The newest version says what a package is.
async fn of_type(app: &App, company: CompanyId, packages: Vec<Package>, kind: &str) -> Result<Vec<Package>, ApiError> {
    let known = stream::iter(packages).map(async |package: Package| {
        let index = app.indexes.load(company, &package).await?;
        let newest = index.versions.first().and_then(|version| version.composer.get("type")?.as_str());
        Ok::<_, ApiError>((newest.unwrap_or(LIBRARY) == kind).then_some(package))
    });
    let found: Vec<_> = known.buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

fn shown(package: &Package) -> Value {
    json!({"name": package.name, "description": package.description.as_ref().map(ToString::to_string).unwrap_or_default()})
}
