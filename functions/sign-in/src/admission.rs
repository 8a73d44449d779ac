//! From a proof of who somebody is to a member, and to a session.

use api::{ApiError, Kind, RequestId};
use auth::Issued;
use domain::{
    CompanyId, Timestamp, UserId,
    company::Role,
    log::{Action, Actor, LogEntry},
    member::{Identity, Member, Membership, Proof},
};
use store::MemberChange;

use crate::{App, TRIES, members::about};

/// Somebody who was let in.
pub(crate) struct Admitted {
    pub(crate) company: CompanyId,
    pub(crate) member: Member,
    pub(crate) session: Issued,
}

/// Lets somebody in who is a member of a company; the one with the lowest number, if there are several.
pub(crate) async fn admit(app: &App, request: &RequestId, proof: Proof) -> Result<Admitted, ApiError> {
    for _ in 0..TRIES {
        let Some((company, member)) = attempt(app, request, &proof).await? else { continue };
        let session = app.authenticator.sessions().issue(company, &member, &app.random).await?;
        tracing::info!(metric = "sign_in", company = company.0, member = %member.id, "signed in");
        return Ok(Admitted { company, member, session });
    }
    Err(ApiError::new(Kind::Conflict, "Others changed this member at the same time; please sign in again"))
}

/// `None` when somebody else changed the member meanwhile.
async fn attempt(app: &App, request: &RequestId, proof: &Proof) -> Result<Option<(CompanyId, Member)>, ApiError> {
    let now = app.clock.now();
    for Membership { company, member } in memberships(app, proof).await? {
        let Some(before) = app.store.member(company, member).await? else { continue };
        let Some(after) = before.signing_in(proof, now) else { continue };
        let entry = learned(app, request, &before, &after, now);
        return match app.store.replace_member(company, &before, &after, entry.as_ref()).await? {
            MemberChange::Made => Ok(Some((company, after))),
            MemberChange::Stale | MemberChange::Owners => Ok(None),
            // The account or the address that would be learned is another member's: then it is not learned.
            MemberChange::Taken => {
                let known = Member { github: before.github.clone(), email: before.email.clone(), ..after };
                let change = app.store.replace_member(company, &before, &known, None).await?;
                Ok((change == MemberChange::Made).then_some((company, known)))
            }
        };
    }
    first_owner(app, request, proof).await
}

/// A line of the log on what a sign-in taught us of who the member is; that somebody signed in changes nothing.
fn learned(app: &App, request: &RequestId, before: &Member, after: &Member, now: Timestamp) -> Option<LogEntry> {
    if before.identities() == after.identities() {
        return None;
    }
    let actor = Actor::User { id: after.id.to_string(), name: after.name() };
    let login = |member: &Member| member.github.as_ref().map(|github| github.login.clone()).unwrap_or_default();
    let email = |member: &Member| member.email.as_ref().map(ToString::to_string).unwrap_or_default();
    let entry = about(request.record(actor, Action::MemberChanged, now, &app.random), after)
        .changing("githubUsername", &login(before), &login(after))
        .changing("email", &email(before), &email(after));
    Some(entry)
}

/// An account's own memberships come before those of its address: the number is who it is.
async fn memberships(app: &App, proof: &Proof) -> Result<Vec<Membership>, ApiError> {
    let mut found = Vec::new();
    if let Some(github) = &proof.github {
        found = app.store.memberships(&Identity::Github(github.id)).await?;
    }
    if let (true, Some(email)) = (found.is_empty(), &proof.email) {
        found = app.store.memberships(&Identity::Email(email.clone())).await?;
    }
    Ok(found)
}

/// The configured owner of a company that has no member yet; everybody else is refused.
async fn first_owner(app: &App, request: &RequestId, proof: &Proof) -> Result<Option<(CompanyId, Member)>, ApiError> {
    let refused =
        || ApiError::new(Kind::Forbidden, "You are not a member of any company here. Ask an owner to invite you.");
    if !app.first_owner.as_ref().is_some_and(|owner| owner.is_proved_by(proof)) {
        return Err(refused());
    }
    let now = app.clock.now();
    let invited = Member::invite(UserId::generate(now, &app.random), Role::Owner, proof.clone(), now);
    let owner = Member { signed_in_at: Some(now), ..invited };
    // The configuration says so, and whoever signs in only happens to be the one.
    let entry = about(request.record(Actor::Tollgate, Action::MemberAdded, now, &app.random), &owner);
    let entry = entry.with("role", Some(owner.role.name()));
    match app.store.insert_first_owner(CompanyId::FIRST, &owner, &entry).await? {
        MemberChange::Made => Ok(Some((CompanyId::FIRST, owner))),
        MemberChange::Owners => Err(refused()),
        MemberChange::Stale | MemberChange::Taken => Ok(None),
    }
}
