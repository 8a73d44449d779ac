//! The invitation once more.

use api::{Accepted, ApiError, Id, Kind};
use auth::Buyer;
use axum::extract::State;
use domain::{PurchaseId, log::Action, purchase::Purchase};
use jobs::Job;
use serde::Serialize;
use store::Change;

use super::{TRIES, line, read};
use crate::App;

/// `POST /api/purchases/{id}/invitation`: send the invitation again. The one that waits is taken back, so that there is one.
pub(crate) async fn resend(
    buyer: Buyer,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Accepted<Asked>, ApiError> {
    ask(&app, &buyer, id).await?;
    Ok(Accepted(Asked { message: "The invitation is sent again", purchase_id: id }))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    message: &'static str,
    purchase_id: PurchaseId,
}

/// Writes down that the invitation is wanted again, and asks for it.
pub(super) async fn ask(app: &App, buyer: &Buyer, id: PurchaseId) -> Result<Purchase, ApiError> {
    for _ in 0..TRIES {
        let (now, before) = (app.clock.now(), read(app, buyer, id).await?);
        if !before.at(now).can_be_invited_again(now) {
            let reason = "No invitation can be sent now: none waits, or it was sent again three times today";
            return Err(ApiError::new(Kind::Conflict, reason));
        }
        let after = before.asking_for_invitation(now);
        let entry = line(app, buyer, &before, &after, Action::InvitationResent)
            .with("githubUsername", Some(before.buyer.login.as_str()));
        if app.store.change_purchase(&before, &after, &[entry]).await? == Change::Made {
            app.access.send(&Job::sync(after.entitlement())).await?;
            return Ok(after);
        }
    }
    Err(ApiError::new(Kind::Conflict, "The purchase is being changed by others"))
}
