//! Remove a member.

use api::{ApiError, Id, Json};
use auth::Owner;
use axum::extract::State;
use domain::{UserId, log::Action};
use serde::Serialize;
use store::MemberChange;

use super::{about, refusal};
use crate::{App, TRIES};

/// `DELETE /api/admin/members/{id}`: from the answer on, none of the member's sessions is accepted. The last owner stays.
pub(crate) async fn remove(
    owner: Owner,
    State(app): State<App>,
    Id(id): Id<UserId>,
) -> Result<Json<Removed>, ApiError> {
    let (caller, mut found) = owner.confirmed_reading(|company| app.store.member(company, id)).await?;
    let mut refused = MemberChange::Stale;
    for _ in 0..TRIES {
        let member = found.ok_or_else(ApiError::not_found)?;
        let entry = caller.record(Action::MemberRemoved, app.clock.now(), &app.random);
        let entry = about(entry, &member).with("role", Some(member.role.name()));
        refused = app.store.remove_member(caller.company, &member, &entry).await?;
        match refused {
            MemberChange::Made => return Ok(Json(Removed { message: "Member removed successfully", id })),
            MemberChange::Stale => found = app.store.member(caller.company, id).await?,
            MemberChange::Owners | MemberChange::Taken => break,
        }
    }
    Err(refusal(refused))
}

#[derive(Debug, Serialize)]
pub(crate) struct Removed {
    message: &'static str,
    id: UserId,
}
