//! GitLab Webhook: a project, a group or a whole instance tells of pushes and tags.

use api::{ApiError, Json};
use axum::extract::State;
use domain::forge::ForgeKind;
use http::HeaderMap;

use crate::{
    App, Receipt,
    forge::{self, Names},
    signed::SignedByGitlab,
};

/// The numbers of a delivery: the first is that of the event, the other is also sent by what has no events.
const NAMES: Names = Names { event: "x-gitlab-event", delivery: &["x-gitlab-event-uuid", "idempotency-key"] };

/// `POST /api/webhooks/gitlab`: take a webhook. Answered 200 only when the queue has it, or when there is nothing to do. Of
/// a repository that nobody sells packages from, too: hooks of groups tell of all they have.
pub(crate) async fn receive(
    SignedByGitlab(body): SignedByGitlab,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Receipt>, ApiError> {
    forge::receive(&app, ForgeKind::Gitlab, NAMES, &headers, &body).await
}
