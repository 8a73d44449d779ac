//! The page that a mailed link opens.

use api::{ApiError, Check, Input, OnPage, Page, Params, Public};
use domain::Problem;
use store::is_link_token;

/// `GET /api/auth/magic-link`: a button. Looking at the page uses nothing up, however often and by whom.
pub(crate) async fn page(_: Public, link: Result<Params<Link>, ApiError>) -> Result<Page, OnPage> {
    let Params(Link { token }) = link?;
    let page = Page::new("Sign in to Tollgate").paragraph("You asked for this link. It works once.");
    Ok(page.button("/api/auth/magic-link/verify", &[("token", &token)], "Sign in"))
}

/// A text in the form of a link's token.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) token: String,
}

impl Input for Link {
    fn check(c: &mut Check) -> Option<Self> {
        let token = c.text("token", |text| {
            let whole = is_link_token(text).then(|| text.to_owned());
            whole.ok_or(Problem::Unusable { reason: "This link is not whole. Copy all of it from the mail." })
        });
        Some(Self { token: token? })
    }
}
