//! What Composer is told: the envelope of `cargoman.md`, and beside it a text that Composer prints for whoever runs it
//! (composer/composer, `HttpDownloader::outputWarnings`).

use http::StatusCode;
use serde_json::Value;

use crate::{ApiError, Kind};

/// Composer sends what it has stored for the host; a person with a browser or curl is asked for it.
pub(super) const SCHEME: &str = "Basic realm=\"Composer repository: any user name, and your token as the password\"";

pub(super) fn render(error: &ApiError) -> (StatusCode, Value) {
    let (status, mut body) = super::repopass::render(error);
    // Composer asks for packages that we never had; nobody needs to be warned of that, unless there is more to say.
    if error.kind != Kind::NotFound || error.message != ApiError::not_found().message {
        body["warning"] = body["error"]["message"].clone();
    }
    (status, body)
}
