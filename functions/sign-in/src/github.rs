//! Signing in with GitHub: the authorisation code flow, with a state that is bound to the browser, and PKCE.

pub(crate) mod begin;
pub(crate) mod callback;

use crate::App;

/// The cookie that holds the state: who comes back has to be who was sent.
const STATE_COOKIE: &str = "tollgate-state";

/// Where GitHub sends browsers back to. It has to be registered there, to the letter.
fn redirect_uri(app: &App) -> String {
    format!("{}/api/auth/github/callback", app.public_url)
}
