//! The purchase as JSON.

use api::{ApiError, Id, Json, SoldPackages, Time};
use auth::Buyer;
use axum::extract::State;
use domain::{
    PurchaseId, Timestamp,
    access::Observed,
    facts::SubscriptionStatus,
    invitations,
    purchase::{AccessStatus, Gate, PaymentStatus, Purchase},
};
use serde::Serialize;

use super::read;
use crate::{App, account::GithubAccount};

/// `GET /api/purchases/{id}`: how it stands with a purchase, for its buyer.
pub(crate) async fn get(
    buyer: Buyer,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Json<PurchaseView>, ApiError> {
    let purchase = read(&app, &buyer, id).await?.at(app.clock.now());
    Ok(Json(PurchaseView::of(&app, &buyer, &purchase)))
}

/// How it stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Not paid yet.
    Unpaid,
    /// It was not paid, and will not be.
    Failed,
    /// Paid; the invitation is on its way.
    Waiting,
    /// Paid; GitHub admits no more today.
    Scheduled,
    /// The account is invited.
    Invited,
    /// The account is in.
    Active,
    /// Access is closed for now.
    Suspended,
    /// Access has ended.
    Ended,
}

impl Standing {
    pub(crate) fn of(purchase: &Purchase) -> Self {
        match purchase.gate() {
            Gate::NotYet if purchase.status() == PaymentStatus::Pending => Self::Unpaid,
            Gate::NotYet => Self::Failed,
            Gate::Closed { reason, .. } if reason.may_open_again() => Self::Suspended,
            Gate::Closed { .. } => Self::Ended,
            Gate::Open => match purchase.access.observed {
                Observed::Member => Self::Active,
                Observed::Invited => Self::Invited,
                Observed::Nothing if purchase.access.scheduled_for.is_some() => Self::Scheduled,
                Observed::Nothing => Self::Waiting,
            },
        }
    }
}

/// A purchase, to its buyer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PurchaseView {
    id: PurchaseId,
    state: Standing,
    status: PaymentStatus,
    access_status: AccessStatus,
    repository: RepositoryView,
    github_account: GithubAccount,
    invitation: Option<InvitationView>,
    access_from: Option<Time>,
    grace_ends_at: Option<Time>,
    closed_because: Option<&'static str>,
    purchase_type: &'static str,
    amount_cents: i64,
    currency: String,
    refunded_cents: i64,
    subscription: Option<SubscriptionView>,
    receipt_url: Option<String>,
    billing_portal: bool,
    can_resend: bool,
    can_change_account: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    composer: Option<ComposerView>,
    created_at: Time,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryView {
    display_name: String,
    github_owner: String,
    github_repo_name: String,
    url: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InvitationView {
    status: &'static str,
    url: String,
    expires_at: Option<Time>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionView {
    status: SubscriptionStatus,
    paid_until: Option<Time>,
    ends_at: Option<Time>,
}

/// What can be installed with Composer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ComposerView {
    repository_url: String,
    packages: SoldPackages,
}

impl PurchaseView {
    fn of(app: &App, buyer: &Buyer, purchase: &Purchase) -> Self {
        let (now, facts) = (app.clock.now(), &purchase.facts);
        let closed_because = match purchase.gate() {
            Gate::Closed { reason, .. } => Some(reason.name()),
            Gate::Open | Gate::NotYet => None,
        };
        let own = |what: &str| page_path(purchase.id, what, buyer.token().reveal());
        let receipt = has_receipt(purchase).then(|| format!("{}{}", app.public_url, own("/receipt")));
        Self {
            id: purchase.id,
            state: Standing::of(purchase),
            status: purchase.status(),
            access_status: purchase.access_status(),
            repository: RepositoryView {
                display_name: purchase.repository_name.to_string(),
                github_owner: purchase.github.owner.to_string(),
                github_repo_name: purchase.github.name.to_string(),
                url: format!("https://github.com/{}", purchase.github),
            },
            github_account: GithubAccount::from(&purchase.buyer),
            invitation: invitation(purchase),
            access_from: purchase.access.scheduled_for.map(Time),
            grace_ends_at: purchase.grace_ends_at().map(Time),
            closed_because,
            purchase_type: purchase.pricing.name(),
            amount_cents: purchase.amount_cents,
            currency: purchase.currency.clone(),
            refunded_cents: facts.refunded_cents(),
            subscription: facts.subscription.map(|subscription| SubscriptionView {
                status: subscription.status,
                paid_until: facts.paid_until.map(Time),
                ends_at: subscription.ends_at.map(Time),
            }),
            receipt_url: receipt,
            billing_portal: facts.customer.is_some(),
            can_resend: purchase.can_be_invited_again(now),
            can_change_account: purchase.can_be_moved(now),
            composer: purchase.opens_packages().then(|| ComposerView {
                repository_url: app.public_url.clone(),
                packages: SoldPackages(purchase.packages.clone()),
            }),
            created_at: Time(purchase.created_at),
        }
    }
}

fn invitation(purchase: &Purchase) -> Option<InvitationView> {
    let url = invitation_url(purchase);
    match (purchase.gate(), purchase.access.observed) {
        (Gate::Open, Observed::Invited) => {
            Some(InvitationView { status: "pending", url, expires_at: invitation_ends(purchase).map(Time) })
        }
        (Gate::Open, Observed::Member) => Some(InvitationView { status: "accepted", url, expires_at: None }),
        _ => None,
    }
}

/// Where an invitation is accepted.
pub(super) fn invitation_url(purchase: &Purchase) -> String {
    format!("https://github.com/{}/invitations", purchase.github)
}

/// When the invitation that waits expires.
pub(super) fn invitation_ends(purchase: &Purchase) -> Option<Timestamp> {
    purchase.access.invited_at.map(invitations::expires_at)
}

/// Whether Stripe has a receipt: something was paid.
pub(super) fn has_receipt(purchase: &Purchase) -> bool {
    !purchase.facts.payments.is_empty()
}

/// A path of the purchase's page.
pub(super) fn page_path(id: PurchaseId, what: &str, token: &str) -> String {
    format!("/purchases/{id}{what}?token={token}")
}
