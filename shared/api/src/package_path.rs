//! The name of a package in a path. Contract `cargoman.md`: `{name}` stands for `vendor/package`.
//!
//! Some clients write the slash as `%2F` and some write it as it is; some gateways decode the path before they look for its
//! route and some do not, so some clients encode it twice. All of them mean the same package: each endpoint has a route with
//! `{name}` (or `{package}`) and one with `{vendor}/{package}`, both with the same handler.
//!
//! A word of ours in a route goes before a parameter: `/packages/acme/sync` is no package called `acme/sync`. Such a one is
//! reached with its name in one piece: `/packages/acme%252Fsync`.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use domain::package::PackageName;
use http::request::Parts;

use crate::ApiError;

/// The package that the path names, in whichever form. What cannot be a package's name names nothing: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePath(pub PackageName);

impl<S: Send + Sync> FromRequestParts<S> for PackagePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(parameters) = path.map_err(|_| ApiError::not_found())?;
        named(&parameters).and_then(|name| PackageName::parse(&name).ok()).map(Self).ok_or_else(ApiError::not_found)
    }
}

/// The parameters are decoded once already.
fn named(parameters: &HashMap<String, String>) -> Option<String> {
    let package = parameters.get("package").or_else(|| parameters.get("name"))?;
    match parameters.get("vendor") {
        Some(vendor) => Some(format!("{vendor}/{package}")),
        None => Some(package.replace("%2F", "/").replace("%2f", "/")),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use http::{Request, StatusCode};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::{Api, Family, Public};

    fn router() -> Router {
        async fn show(_: Public, PackagePath(name): PackagePath) -> String {
            name.to_string()
        }
        async fn sync(_: Public, PackagePath(name): PackagePath) -> String {
            format!("sync of {name}")
        }
        Api::new(Family::Cargoman)
            .get("/packages/{name}", show)
            .get("/packages/{vendor}/{package}", show)
            .get("/packages/{name}/sync", sync)
            .get("/packages/{vendor}/{package}/sync", sync)
            .get("/customers/{id}/packages/{package}", show)
            .get("/customers/{id}/packages/{vendor}/{package}", show)
            .into_router(())
    }

    async fn answer(path: &str) -> (StatusCode, String) {
        let answer = router().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        (parts.status, String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap())
    }

    #[tokio::test]
    async fn every_spelling_is_the_same_package() {
        for name in
            ["acme/widget", "acme%2Fwidget", "acme%2fwidget", "acme%252Fwidget", "acme%252fwidget", "Acme/Widget"]
        {
            for (path, found) in [
                (format!("/packages/{name}"), "acme/widget"),
                (format!("/packages/{name}/sync"), "sync of acme/widget"),
                (format!("/customers/7/packages/{name}"), "acme/widget"),
            ] {
                assert_eq!(answer(&path).await, (StatusCode::OK, found.to_owned()), "{path}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_name_is_not_found() {
        let long = format!("/packages/acme/{}", "a".repeat(60_000));
        for path in [
            "/packages/acme",
            "/packages/acme%2F",
            "/packages/%2Fwidget",
            "/packages/acme%2Fwidget%2Fmore",
            "/packages/acme%25252Fwidget",
            "/packages/acme/wid%2Fget",
            "/packages/acme/wid%00get",
            "/packages/acme%FF/widget",
            "/packages/acme%2Fwidget%C3%28",
            "/packages/../widget",
            "/packages/acme/widget/more/and/more",
            &long,
        ] {
            assert_eq!(answer(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_package_that_is_called_like_a_word_of_ours_is_reached_in_one_piece() {
        assert_eq!(answer("/packages/acme/sync").await.0, StatusCode::NOT_FOUND);
        for path in ["/packages/acme%2Fsync", "/packages/acme%252Fsync"] {
            assert_eq!(answer(path).await, (StatusCode::OK, "acme/sync".to_owned()), "{path}");
        }
        assert_eq!(answer("/packages/acme/sync/sync").await, (StatusCode::OK, "sync of acme/sync".to_owned()));
    }

    /// The two forms have parameters of different names in the same place.
    #[test]
    fn both_forms_fit_into_one_router() {
        let _: Router = Router::new()
            .route("/packages/{name}/sync/{task}", get(async || ""))
            .route("/packages/{vendor}/{package}/sync/{task}", get(async || ""))
            .route("/packages/{vendor}/{package}/customers", get(async || ""));
    }
}
