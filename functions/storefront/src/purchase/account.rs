//! Another GitHub account.

use api::{ApiError, Check, Id, Input, Json, Kind, Valid};
use auth::Buyer;
use axum::extract::State;
use domain::{
    PurchaseId,
    access::Entitlement,
    log::Action,
    purchase::{self, Gate, Purchase},
    rate,
    text::GithubLogin,
};
use jobs::Job;
use serde::Serialize;
use store::Moved;

use super::{TRIES, line, read};
use crate::{
    App,
    account::{self, GithubAccount},
};

/// `POST /api/purchases/{id}/account`: use another GitHub account. The one that has access loses it first.
pub(crate) async fn change(
    buyer: Buyer,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    Valid(NewAccount { login }): Valid<NewAccount>,
) -> Result<Json<Changed>, ApiError> {
    let purchase = ask(&app, &buyer, id, &login).await?;
    Ok(Json(Changed { purchase_id: id, github_account: GithubAccount::from(&purchase.buyer) }))
}

#[derive(Debug)]
pub(crate) struct NewAccount {
    pub(super) login: GithubLogin,
}

impl Input for NewAccount {
    fn check(c: &mut Check) -> Option<Self> {
        Some(Self { login: c.text("githubUsername", GithubLogin::parse)? })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changed {
    purchase_id: PurchaseId,
    github_account: GithubAccount,
}

/// Writes down the account that is wanted, and asks for the old one's access to be closed; what follows that is the new one's.
pub(super) async fn ask(app: &App, buyer: &Buyer, id: PurchaseId, login: &GithubLogin) -> Result<Purchase, ApiError> {
    let before = read(app, buyer, id).await?;
    let now = app.clock.now();
    if !before.at(now).can_be_moved(now) {
        let reason = "The account cannot be changed now: there is no access, or it was changed three times in 30 days";
        return Err(ApiError::new(Kind::Conflict, reason));
    }
    // Not before: GitHub limits our calls. And as rarely as checkouts, which ask GitHub the same.
    buyer.allowed(&rate::CHECKOUT).await?;
    let account = account::resolve(app, login).await?;
    if account.id == before.buyer.id {
        return Err(ApiError::new(Kind::Conflict, "This is the account that the purchase has already"));
    }
    let after = move_to(app, buyer, before.clone(), account).await?;
    app.access.send(&Job::sync(before.entitlement())).await?;
    Ok(after)
}

async fn move_to(app: &App, buyer: &Buyer, before: Purchase, account: purchase::Buyer) -> Result<Purchase, ApiError> {
    let after = before.moved_to(account, app.clock.now());
    let entry = line(app, buyer, &before, &after, Action::AccountChanged).changing(
        "githubUsername",
        &before.buyer.login,
        &after.buyer.login,
    );
    let mut latest = None;
    for _ in 0..TRIES {
        match app.store.move_purchase(&before, &after, latest, &entry).await? {
            Moved::Made => return Ok(after),
            Moved::Stale => break,
            Moved::HasOthers(others) => {
                has_no_access(app, &others, &after).await?;
                latest = Some(others.latest);
            }
        }
    }
    Err(ApiError::new(Kind::Conflict, "The purchase is being changed by others. Please try again."))
}

/// Nobody pays twice for the same access without noticing.
async fn has_no_access(app: &App, others: &Entitlement, after: &Purchase) -> Result<(), ApiError> {
    let purchases = app.store.purchases_by_id(after.company, others.purchases.iter().copied()).await?;
    let has_access = |other: &Purchase| others.owns(other) && other.id != after.id && other.gate() == Gate::Open;
    if purchases.iter().any(has_access) {
        return Err(ApiError::new(Kind::Conflict, "This GitHub account has access to the repository already"));
    }
    Ok(())
}
