//! Create Checkout Session.

mod begin;
mod session;

use api::{ApiError, Check, Input, Json, Kind, Valid};
use auth::Visitor;
use axum::extract::State;
use clients::stripe::{CheckoutSession, StripeError};
use domain::{
    Problem, PurchaseId, RepositoryId,
    purchase::{Purchase, Session},
    rate,
    repository::Repository,
    text::{Email, GithubLogin},
};
use jobs::Job;
use serde::Serialize;

use crate::{
    App,
    account::{self, GithubAccount},
};

/// `POST /api/checkout`: begin a purchase. The buyer's GitHub account is resolved first: nothing is sold blindly (ruling 26).
pub(crate) async fn create(
    visitor: Visitor,
    State(app): State<App>,
    Valid(new): Valid<NewCheckout>,
) -> Result<Json<Checkout>, ApiError> {
    let known = async {
        let (repository, livemode) = futures::join!(app.store.product(new.repository), app.stripe.livemode());
        Ok((repository?, livemode))
    };
    let (repository, livemode) = visitor.reading(&rate::CHECKOUT, known).await?;
    let repository = repository.filter(|repository| repository.active).ok_or_else(ApiError::not_found)?;
    // Nobody could be let in: the GitHub App was uninstalled or suspended.
    if repository.paused_at.is_some() {
        return Err(ApiError::new(Kind::Unavailable, "Sales of this repository are paused"));
    }
    // Not before: GitHub limits our calls, so a flood of checkouts must not reach it.
    let buyer = account::resolve(&app, &new.login).await?;

    let now = app.clock.now();
    let id = PurchaseId::generate(now, &app.random);
    let offer = Purchase::begin(id, &repository, new.email, buyer, livemode?, now);
    // The purchase is written before the session exists, so no event can arrive for a purchase that is not there.
    let on_github = repository.on_github.map(|it| it.id);
    let purchase = Box::pin(begin::begin(&app, &visitor, offer, on_github)).await?;
    let (purchase, session) = open(&app, &visitor, &repository, purchase).await?;
    tell(&app, &purchase, &session).await;
    Ok(Json(Checkout {
        session_id: session.id,
        session_url: session.url,
        purchase_id: purchase.id,
        github_account: GithubAccount::from(&purchase.buyer),
    }))
}

/// Opens the session of the purchase's attempt. One that was asked for in other words before, by us as we were then, is
/// left alone, and another attempt is made.
async fn open(
    app: &App,
    visitor: &Visitor,
    repository: &Repository,
    purchase: Purchase,
) -> Result<(Purchase, CheckoutSession), ApiError> {
    let page = app.links.link(purchase.company, purchase.id).await?;
    let session = attempt(&purchase)?;
    match session::open(app, repository, (&purchase, session), &page).await {
        Ok(session) => Ok((purchase, session)),
        Err(StripeError::Invalid { .. }) if purchase.rev > 0 => {
            let after = purchase.clone().with_another_attempt(session.price.clone(), app.clock.now());
            let contended = || ApiError::new(Kind::Conflict, "Another checkout of the same account is under way");
            let purchase = begin::attempt_again(app, visitor, purchase, after).await?.ok_or_else(contended)?;
            let session = session::open(app, repository, (&purchase, attempt(&purchase)?), &page).await;
            Ok((purchase, session.map_err(refusal)?))
        }
        Err(error) => Err(refusal(error)),
    }
}

fn attempt(purchase: &Purchase) -> Result<&Session, ApiError> {
    purchase.session.as_ref().ok_or_else(|| ApiError::new(Kind::Internal, "a checkout has no session"))
}

/// Writes Stripe's id of the session down, and has the checkout confirmed. Neither is worth losing a buyer for: the id is
/// told again by the session's events, and the letter only says what the buyer sees.
async fn tell(app: &App, purchase: &Purchase, session: &CheckoutSession) {
    let known = purchase.session.as_ref().is_some_and(|known| known.id.as_deref() == Some(&*session.id));
    let note = async { if known { Ok(()) } else { app.store.note_session(purchase, &session.id).await } };
    let confirm = async {
        let job = Job::deliver(purchase);
        if purchase.told.confirmed.is_some() { Ok(()) } else { app.deliveries.send(&job).await }
    };
    let (noted, confirmed) = futures::join!(note, confirm);
    for failure in [noted.err(), confirmed.err()].into_iter().flatten() {
        tracing::warn!(error = &failure as &dyn std::error::Error, "after a checkout");
    }
}

#[derive(Debug)]
pub(crate) struct NewCheckout {
    repository: RepositoryId,
    login: GithubLogin,
    email: Email,
}

impl Input for NewCheckout {
    fn check(c: &mut Check) -> Option<Self> {
        let repository = c.text("repositoryId", |text| text.parse().map_err(|_| Problem::Malformed { what: "id" }));
        let login = c.text("githubUsername", GithubLogin::parse);
        let email = c.text("email", Email::parse);
        Some(Self { repository: repository?, login: login?, email: email? })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkout {
    session_id: String,
    session_url: String,
    purchase_id: PurchaseId,
    github_account: GithubAccount,
}

/// Stripe is stricter than we are about one thing that the buyer typed; everything else it refuses is ours to mend.
fn refusal(error: StripeError) -> ApiError {
    match error {
        StripeError::Invalid { param: Some(param), .. } if param == "customer_email" => {
            ApiError::field("email", Problem::Malformed { what: "email" })
        }
        StripeError::Invalid { .. } => ApiError::internal(error),
        _ => ApiError::unavailable(error),
    }
}
