//! Begins a purchase, or takes up one that its account has not paid yet.

use api::{ApiError, Kind};
use auth::Visitor;
use domain::{
    PurchaseId,
    log::{Action, Actor, LogEntry},
    purchase::{Gate, Purchase},
};
use store::{Begun, Change};

use crate::App;

/// How often it is looked at again because another checkout of the same account came in between.
const TRIES: usize = 3;

/// Writes the purchase, or answers with the one of its account that it takes up again (ruling 21).
pub(super) async fn begin(
    app: &App,
    visitor: &Visitor,
    offer: Purchase,
    github_id: Option<u64>,
) -> Result<Purchase, ApiError> {
    let entry = line(app, visitor, &offer, Action::CheckoutCreated);
    let mut latest = None;
    for _ in 0..TRIES {
        let others = match app.store.begin_purchase(&offer, latest, github_id, &entry).await? {
            Begun::Yes => return Ok(offer),
            Begun::HasOthers(others) => others,
        };
        latest = Some(others.latest);
        let others = others_of(app, &offer, others.purchases.iter().copied()).await?;
        if others.iter().any(|other| other.gate() == Gate::Open) {
            return Err(ApiError::new(Kind::Conflict, "This GitHub account has access to the repository already"));
        }
        let unpaid = others.into_iter().filter(Purchase::can_be_resumed).max_by_key(|other| other.id);
        let Some(before) = unpaid else { continue };
        if let Some(resumed) = resume(app, visitor, before, &offer).await? {
            return Ok(resumed);
        }
    }
    Err(ApiError::new(Kind::Conflict, "Another checkout of the same account is under way"))
}

/// The account's other purchases; one that was moved to another account since is not among them.
async fn others_of(
    app: &App,
    offer: &Purchase,
    ids: impl IntoIterator<Item = PurchaseId>,
) -> Result<Vec<Purchase>, ApiError> {
    let mut others = app.store.purchases_by_id(offer.company, ids).await?;
    others.retain(|other| other.buyer.id == offer.buyer.id);
    Ok(others)
}

/// `None` when it was changed meanwhile.
async fn resume(
    app: &App,
    visitor: &Visitor,
    before: Purchase,
    offer: &Purchase,
) -> Result<Option<Purchase>, ApiError> {
    let after = before.resumed(offer, app.clock.now());
    if after == before { Ok(Some(before)) } else { attempt_again(app, visitor, before, after).await }
}

/// Closes the session of `before` and writes `after`, which has another. One that was completed is being paid: then nobody
/// is to pay again.
pub(super) async fn attempt_again(
    app: &App,
    visitor: &Visitor,
    before: Purchase,
    after: Purchase,
) -> Result<Option<Purchase>, ApiError> {
    if let Some(id) = before.session.as_ref().and_then(|session| session.id.as_deref()) {
        let session = app.stripe.expire_session(id).await.map_err(ApiError::unavailable)?;
        if session.is_some_and(|session| session["status"] == "complete") {
            return Err(ApiError::new(Kind::Conflict, "A payment for this GitHub account is under way"));
        }
    }
    let entry = line(app, visitor, &after, Action::CheckoutResumed)
        .changing("amountCents", &before.amount_cents, &after.amount_cents)
        .changing("email", &before.email, &after.email);
    match app.store.change_purchase(&before, &after, &[entry]).await? {
        Change::Made => Ok(Some(Purchase { rev: before.rev + 1, ..after })),
        Change::Stale => Ok(None),
    }
}

fn line(app: &App, visitor: &Visitor, purchase: &Purchase, action: Action) -> LogEntry {
    visitor.request().record(Actor::Buyer, action, app.clock.now(), &app.random).about(purchase)
}
