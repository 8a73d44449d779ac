//! Bitbucket Webhook: a repository or a workspace of Bitbucket Cloud, or a project of Data Center, tells of pushes and tags.

use api::{ApiError, Json};
use axum::extract::State;
use domain::forge::ForgeKind;
use http::HeaderMap;

use crate::{
    App, Receipt,
    forge::{self, Names},
    signed::SignedByBitbucket,
};

/// The numbers of a delivery are those of Cloud and of Data Center.
const NAMES: Names = Names { event: "x-event-key", delivery: &["x-request-uuid", "x-request-id"] };

/// `POST /api/webhooks/bitbucket`: take a webhook. Answered 200 only when the queue has it, or when there is nothing to do.
/// Of a repository that nobody sells packages from, too: hooks of workspaces tell of all they have.
pub(crate) async fn receive(
    SignedByBitbucket(body): SignedByBitbucket,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Receipt>, ApiError> {
    forge::receive(&app, ForgeKind::Bitbucket, NAMES, &headers, &body).await
}
