//! Change a member's role.

use api::{ApiError, Check, Id, Input, Json, Valid};
use auth::Owner;
use axum::extract::State;
use domain::{UserId, company::Role, log::Action};
use store::MemberChange;

use super::{about, refusal};
use crate::{App, TRIES, views::MemberView};

/// `PATCH /api/admin/members/{id}`: another role, from the member's next request on. The last owner stays one.
pub(crate) async fn change(
    owner: Owner,
    State(app): State<App>,
    Id(id): Id<UserId>,
    Valid(patch): Valid<Patch>,
) -> Result<Json<MemberView>, ApiError> {
    let (caller, mut found) = owner.confirmed_reading(|company| app.store.member(company, id)).await?;
    let company = caller.company;
    let mut refused = MemberChange::Stale;
    for _ in 0..TRIES {
        let before = found.ok_or_else(ApiError::not_found)?;
        if before.role == patch.role {
            return Ok(Json(before.into()));
        }
        let after = before.with_role(patch.role);
        let entry = caller.record(Action::MemberChanged, app.clock.now(), &app.random);
        let entry = about(entry, &after).changing("role", before.role.name(), after.role.name());
        refused = app.store.replace_member(company, &before, &after, Some(&entry)).await?;
        match refused {
            MemberChange::Made => return Ok(Json(after.into())),
            MemberChange::Stale => found = app.store.member(company, id).await?,
            MemberChange::Owners | MemberChange::Taken => break,
        }
    }
    Err(refusal(refused))
}

#[derive(Debug)]
pub(crate) struct Patch {
    role: Role,
}

impl Input for Patch {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { role: c.text("role", Role::parse)? })
    }
}
