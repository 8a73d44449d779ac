//! Flag Customer.

use api::{ApiError, Check, Id, Input, Json, ValidOrNone};
use auth::Admin;
use axum::extract::State;
use domain::{PurchaseId, log::Action, text::Reason};
use serde::Serialize;

use crate::{App, decide::decide};

/// `POST /api/admin/customers/{id}/flag`: marks a purchase for somebody to look at, and takes nothing away (ruling 16).
pub(crate) async fn flag(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    ValidOrNone(Flag { reason }): ValidOrNone<Flag>,
) -> Result<Json<Flagged>, ApiError> {
    let reason = reason.map(|reason| reason.to_string());
    let now = app.clock.now();
    decide(&app, &admin, id, Action::CustomerFlagged, reason.as_deref(), |before, by| {
        before.flagging(by, reason.clone(), now)
    })
    .await?;
    Ok(Json(Flagged { message: "Customer flagged successfully", purchase_id: id }))
}

#[derive(Debug)]
pub(crate) struct Flag {
    reason: Option<Reason>,
}

impl Input for Flag {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { reason: c.text_or_none("reason", Reason::parse)? })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flagged {
    message: &'static str,
    purchase_id: PurchaseId,
}
