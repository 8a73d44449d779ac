//! Create Checkout Session.

use api::{ApiError, Check, Input, Json, Kind, Valid};
use auth::Visitor;
use axum::extract::State;
use clients::{
    github::{Account, AccountKind},
    stripe::{CheckoutMode, Customer, Every, Interval, Item, NewCheckoutSession, NewPrice, Product, StripeError},
};
use domain::{
    LogId, Problem, PurchaseId, RepositoryId,
    log::{Action, Actor, LogEntry, LogStatus},
    pricing::{Cadence, PricingKind},
    purchase::{Buyer, Gate, Purchase},
    rate,
    repository::Repository,
    stripe_event::metadata,
    text::{Email, GithubLogin},
};
use serde::Serialize;
use store::Begun;

use crate::App;

/// How long the buyer has to pay: just under Stripe's longest, 24 hours, so that our clock may be a little ahead of theirs.
const OPEN_SECONDS: i64 = 24 * 60 * 60 - 300;

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
    let account = app.github.account_by_login(new.login.as_str()).await.map_err(ApiError::unavailable)?;
    let buyer = buyer(account)?;

    let now = app.clock.now();
    let id = PurchaseId::generate(now, &app.random);
    let purchase = Purchase::begin(id, &repository, new.email, buyer, livemode?, now);
    begin(&app, &repository, &purchase).await?;
    // The purchase is written before the session exists, so no event can arrive for a purchase that is not there.
    let session = session(&app.public_url, &repository, &purchase);
    let session = app.stripe.create_checkout_session(&session, &format!("checkout:{id}:1")).await.map_err(refusal)?;
    Ok(Json(Checkout { session_id: session.id, session_url: session.url, purchase_id: id }))
}

/// Writes the purchase, unless its account has access to the repository already.
async fn begin(app: &App, repository: &Repository, purchase: &Purchase) -> Result<(), ApiError> {
    let (now, github_id) = (purchase.created_at, repository.on_github.map(|it| it.id));
    let entry = LogEntry::new(
        LogId::generate(now, &app.random),
        now,
        Actor::Buyer,
        Action::CheckoutCreated,
        LogStatus::Success,
    )
    .about(purchase);
    let mut latest = None;
    for _ in 0..TRIES {
        let others = match app.store.begin_purchase(purchase, latest, github_id, &entry).await? {
            Begun::Yes => return Ok(()),
            Begun::HasOthers(others) => others,
        };
        latest = Some(others.latest);
        let others = app.store.purchases_by_id(purchase.company, others.purchases.iter().copied()).await?;
        if others.iter().any(|other| other.gate() == Gate::Open) {
            return Err(ApiError::new(Kind::Conflict, "This GitHub account has access to the repository already"));
        }
    }
    Err(ApiError::new(Kind::Conflict, "Another checkout of the same account is under way"))
}

/// How often it is looked at again because another checkout of the same account came in between.
const TRIES: usize = 3;

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
}

/// The account that gets access: it must exist, and be a person's.
fn buyer(account: Option<Account>) -> Result<Buyer, ApiError> {
    let unusable = |reason| ApiError::field("githubUsername", Problem::Unusable { reason });
    let account = account.ok_or_else(|| unusable("No GitHub account has this name"))?;
    match account.kind {
        AccountKind::User => Ok(Buyer { id: account.id, login: account.login }),
        AccountKind::Organization | AccountKind::Other => {
            Err(unusable("This GitHub account is not a person's and cannot be invited"))
        }
    }
}

/// What Stripe is asked for. It depends on the purchase alone, so a repeated request with the same idempotency key is the same request.
fn session(public_url: &str, repository: &Repository, purchase: &Purchase) -> NewCheckoutSession {
    let product = format!("{public_url}/api/products/{}", repository.slug);
    let recurring = every(purchase.pricing);
    NewCheckoutSession {
        mode: recurring.map_or(CheckoutMode::Payment, |_| CheckoutMode::Subscription { trial_days: None }),
        item: Item::New(NewPrice {
            product: Product::Named(purchase.repository_name.to_string()),
            amount_cents: purchase.amount_cents,
            currency: purchase.currency.clone(),
            recurring,
        }),
        customer: Customer::Email(purchase.email.to_string()),
        allow_promotion_codes: false,
        success_url: format!("{product}?checkout=success&session_id={{CHECKOUT_SESSION_ID}}"),
        cancel_url: format!("{product}?checkout=canceled"),
        expires_at: purchase.created_at.as_second() + OPEN_SECONDS,
        client_reference_id: purchase.id.to_string(),
        metadata: vec![
            (metadata::COMPANY.to_owned(), purchase.company.to_string()),
            (metadata::REPOSITORY.to_owned(), purchase.repository.to_string()),
            (metadata::PURCHASE.to_owned(), purchase.id.to_string()),
        ],
    }
}

/// How often the price is paid; `None` for once.
fn every(pricing: PricingKind) -> Option<Every> {
    let every = |interval, count| Some(Every { interval, count });
    match pricing {
        PricingKind::OneTime => None,
        PricingKind::Subscription(Cadence::Monthly) => every(Interval::Month, 1),
        PricingKind::Subscription(Cadence::Yearly) => every(Interval::Year, 1),
        PricingKind::Subscription(Cadence::Custom { days }) => every(Interval::Day, days),
    }
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
