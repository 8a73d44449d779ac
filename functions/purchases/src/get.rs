//! Get Customer.

use api::{ApiError, Id, Json, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    PurchaseId, RepositoryId,
    access::{Observed, ProblemCode},
    log::{Action, LogEntry, LogStatus},
    purchase::{AccessStatus, Gate, PaymentStatus, Purchase},
};
use serde::Serialize;

use crate::App;

/// `GET /api/admin/customers/{id}`: one purchase with its access log.
pub(crate) async fn get(
    viewer: Viewer,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Json<Customer>, ApiError> {
    let (purchase, log) = viewer.reading(|company| app.store.purchase_with_log(company, id)).await?;
    let purchase = purchase.ok_or_else(ApiError::not_found)?;
    Ok(Json(Customer::of(purchase, &log)))
}

/// The contract's fields; those after `access_granted_at` are extensions, shown where they apply.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
    id: PurchaseId,
    email: String,
    github_username: String,
    repository: RepositoryView,
    purchase_type: &'static str,
    amount_cents: i64,
    status: PaymentStatus,
    access_status: AccessStatus,
    stripe_customer_id: Option<String>,
    stripe_subscription_id: Option<String>,
    access_logs: Vec<LogView>,
    created_at: Time,
    access_granted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_problem: Option<ProblemView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_status: Option<&'static str>,
    #[serde(skip_serializing_if = "is_zero")]
    refunded_cents: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryView {
    id: RepositoryId,
    display_name: String,
    github_owner: String,
    github_repo_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogView {
    action: Action,
    status: LogStatus,
    created_at: Time,
}

/// Why GitHub does not match what was decided.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProblemView {
    code: ProblemCode,
    message: String,
    /// Whether somebody has to do something; otherwise it is tried again.
    action_required: bool,
    since: Time,
}

impl Customer {
    fn of(purchase: Purchase, log: &[LogEntry]) -> Self {
        let problem = purchase.access.problem.as_ref();
        let (revoked_at, removal_status) = match (purchase.gate(), purchase.access.observed, problem) {
            (Gate::Closed { since }, Observed::Nothing, _) => (Some(Time(since)), Some("done")),
            (Gate::Closed { since }, _, Some(problem)) if !problem.code.heals() => (Some(Time(since)), Some("blocked")),
            (Gate::Closed { since }, _, _) => (Some(Time(since)), Some("pending")),
            _ => (None, None),
        };
        Self {
            id: purchase.id,
            status: purchase.status(),
            access_status: purchase.access_status(),
            invitation_status: invitation_status(&purchase),
            access_problem: problem.map(|problem| ProblemView {
                code: problem.code,
                message: problem.message.clone(),
                action_required: !problem.code.heals(),
                since: Time(problem.since),
            }),
            revoked_at,
            removal_status,
            refunded_cents: purchase.facts.refunded_cents(),
            purchase_type: purchase.pricing.name(),
            email: purchase.email.to_string(),
            github_username: purchase.buyer.login,
            repository: RepositoryView {
                id: purchase.repository,
                display_name: purchase.repository_name.to_string(),
                github_owner: purchase.github.owner.to_string(),
                github_repo_name: purchase.github.name.to_string(),
            },
            amount_cents: purchase.amount_cents,
            stripe_customer_id: purchase.facts.customer,
            stripe_subscription_id: purchase.facts.subscription_id,
            access_logs: log.iter().filter_map(LogView::of).collect(),
            created_at: Time(purchase.created_at),
            access_granted_at: purchase.access.granted_at.map(Time),
        }
    }
}

impl LogView {
    fn of(entry: &LogEntry) -> Option<Self> {
        Some(Self { action: entry.action?, status: entry.status, created_at: Time(entry.created_at) })
    }
}

/// Whether the invitation behind an `active` was accepted (active means that GitHub said 201 or 204).
fn invitation_status(purchase: &Purchase) -> Option<&'static str> {
    match purchase.access.observed {
        _ if purchase.access_status() != AccessStatus::Active => None,
        Observed::Nothing => None,
        Observed::Invited => Some("pending"),
        Observed::Member => Some("accepted"),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(cents: &i64) -> bool {
    *cents == 0
}
