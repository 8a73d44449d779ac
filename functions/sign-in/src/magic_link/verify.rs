//! The button of a mailed link.

use api::{ApiError, Json, Kind, OnPage, Posted};
use auth::Visitor;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Problem, member::Proof, rate, text::NextPath};
use http::HeaderMap;

use super::page::Link;
use crate::{
    App,
    admission::{Admitted, admit},
    views::{SignedIn, on_to},
};

/// `POST /api/auth/magic-link/verify`: sign in by a link. A program gets a token, our page's form a cookie.
pub(crate) async fn verify(
    visitor: Visitor,
    State(app): State<App>,
    headers: HeaderMap,
    Posted { input, by_form }: Posted<Link>,
) -> Response {
    if by_form {
        return by_browser(&visitor, &app, &headers, &input).await.map_err(OnPage).into_response();
    }
    let signed_in = finish(&visitor, &app, &input).await.map(|(admitted, _)| Json(SignedIn::from(admitted)));
    signed_in.into_response()
}

/// A form of another site's would sign its reader in as somebody else.
async fn by_browser(visitor: &Visitor, app: &App, headers: &HeaderMap, link: &Link) -> Result<Response, ApiError> {
    if !app.authenticator.sessions().is_from_our_page(headers) {
        return Err(ApiError::new(Kind::Forbidden, "Open the link from the mail, and use the button there."));
    }
    let (admitted, next) = finish(visitor, app, link).await?;
    Ok(on_to(next.as_ref(), [app.authenticator.sessions().cookie(&admitted.session)]))
}

async fn finish(visitor: &Visitor, app: &App, link: &Link) -> Result<(Admitted, Option<NextPath>), ApiError> {
    visitor.allowed(&rate::ANONYMOUS).await?;
    let reason =
        "This link was used, is older than 15 minutes, or was followed by a newer one. Please ask for another.";
    let used = app.volatile.take_sign_in_link(&link.token, app.clock.now()).await?;
    let used = used.ok_or_else(|| ApiError::field("token", Problem::Unusable { reason }))?;
    let admitted = admit(app, visitor.request(), Proof { github: None, email: Some(used.email) }).await?;
    Ok((admitted, used.next))
}
