//! Revoke Access.

use api::{ApiError, Check, Id, Input, Json, Time, ValidOrNone};
use auth::Admin;
use axum::extract::State;
use domain::{Failure, PurchaseId, log::Action, purchase::Purchase, text::Reason};
use jobs::Job;
use serde::Serialize;

use crate::{App, decide::decide};

/// `PATCH /api/admin/customers/{id}/revoke`, or `POST` (ruling 15): takes access back. That is so from the decision on,
/// GitHub and Stripe follow (rulings 27 and 28). A second time it changes nothing, but what follows is asked for again.
pub(crate) async fn revoke(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    ValidOrNone(Revocation { reason }): ValidOrNone<Revocation>,
) -> Result<Json<AccessRevoked>, ApiError> {
    let reason = reason.map(|reason| reason.to_string());
    let now = app.clock.now();
    let purchase = decide(&app, &admin, id, Action::AccessRevoked, reason.as_deref(), |before, by| {
        before.revoking(by, reason.clone(), now)
    })
    .await?;
    follow_up(&app, &purchase).await?;
    let revoked_at = purchase.decisions.revoked.as_ref().map_or(now, |decision| decision.at);
    Ok(Json(AccessRevoked { message: "Access revoked successfully", purchase_id: id, revoked_at: Time(revoked_at) }))
}

/// Asks for GitHub to be made to match, for the subscription or the checkout to end, and for the buyer to be told.
async fn follow_up(app: &App, purchase: &Purchase) -> Result<(), Failure> {
    let (company, id) = (purchase.company, purchase.id);
    let sync = Job::sync(purchase.entitlement());
    let cancel = purchase.subscription_to_cancel().map(|_| Job::CancelSubscription { company, purchase: id });
    let expire = purchase.session_to_expire().map(|_| Job::ExpireSession { company, purchase: id });
    let end = async {
        for job in cancel.iter().chain(&expire) {
            app.access.send(job).await?;
        }
        Ok(())
    };
    let tell = Job::deliver(purchase);
    futures::try_join!(app.access.send(&sync), app.deliveries.send(&tell), end).map(drop)
}

#[derive(Debug)]
pub(crate) struct Revocation {
    reason: Option<Reason>,
}

impl Input for Revocation {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { reason: c.text_or_none("reason", Reason::parse)? })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessRevoked {
    message: &'static str,
    purchase_id: PurchaseId,
    revoked_at: Time,
}
