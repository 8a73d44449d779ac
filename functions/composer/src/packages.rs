//! The root of the repository.

use api::ApiError;
use auth::Customer;
use axum::extract::State;
use serde_json::json;

use crate::{
    App,
    admit::{admit, granted_names},
    answer::{Conditions, Document},
};

/// A pattern that no name fits: where nothing else says what there is, Composer asks for every package that it needs.
const NOTHING: &str = "-/-";

/// `GET /packages.json`: where everything is, and what the customer has a right to, so that Composer asks for nothing else.
/// Packages to which the right has ended are among it: whoever asks for them learns why they are gone.
pub(crate) async fn packages(
    customer: Customer,
    State(app): State<App>,
    conditions: Conditions,
) -> Result<Document, ApiError> {
    let (holder, _) = admit(&app, &customer, None).await?;
    let available = granted_names(&app, &customer, &holder).await?;
    let mut root = json!({
        "packages": [],
        "metadata-url": "/p2/%package%.json",
        "available-packages": available,
        "notify-batch": "/downloads",
        "search": "/search.json?q=%query%&type=%type%",
        "list": "/list.json",
    });
    if available.is_empty() {
        root["available-package-patterns"] = json!([NOTHING]);
    }
    Document::new(&root, conditions)
}
