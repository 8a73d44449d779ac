//! Get Customer.

use api::{ApiError, Id, Json, Time};
use auth::Viewer;
use axum::extract::State;
use domain::{
    PurchaseId, RepositoryId,
    access::{Observed, ProblemCode},
    log::{Action, LogEntry, LogStatus},
    purchase::{AccessStatus, Decision, Gate, PaymentStatus, Purchase},
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
    /// From when on the buyer can be invited, while GitHub's limit of invitations a day is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_from: Option<Time>,
    /// When access ends unless a renewal is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_ends_at: Option<Time>,
    /// When the subscription is to end, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Time>,
    #[serde(flatten)]
    revocation: Option<RevocationView>,
    #[serde(flatten)]
    flag: Option<FlagView>,
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

/// That access was taken back, and how far GitHub has followed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RevocationView {
    revoked_at: Time,
    /// The operator's reason, else the rule's name.
    revocation_reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_by: Option<String>,
    removal_status: &'static str,
}

/// That somebody, or a rule, wants the purchase looked at (ruling 16).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlagView {
    flagged: bool,
    flag_reason: Option<String>,
    flagged_at: Time,
    flagged_by: String,
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
            access_from: purchase.access.scheduled_for.map(Time),
            grace_ends_at: purchase.grace_ends_at().map(Time),
            ends_at: purchase.facts.subscription.and_then(|subscription| subscription.ends_at).map(Time),
            revocation: RevocationView::of(&purchase),
            flag: purchase.flag().map(FlagView::from),
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
            access_logs: log.iter().map(LogView::of).collect(),
            created_at: Time(purchase.created_at),
            access_granted_at: purchase.access.granted_at.map(Time),
        }
    }
}

impl RevocationView {
    fn of(purchase: &Purchase) -> Option<Self> {
        let Gate::Closed { since, reason } = purchase.gate() else { return None };
        let decision = purchase.decisions.revoked.as_ref();
        let problem = purchase.access.problem.as_ref();
        Some(Self {
            revoked_at: Time(since),
            revocation_reason: decision.and_then(|it| it.reason.clone()).unwrap_or_else(|| reason.name().to_owned()),
            revoked_by: decision.map(|it| it.by.clone()),
            removal_status: match purchase.access.observed {
                Observed::Nothing => "done",
                _ if problem.is_some_and(|problem| !problem.code.heals()) => "blocked",
                _ => "pending",
            },
        })
    }
}

impl From<Decision> for FlagView {
    fn from(flag: Decision) -> Self {
        Self { flagged: true, flag_reason: flag.reason, flagged_at: Time(flag.at), flagged_by: flag.by }
    }
}

impl LogView {
    fn of(entry: &LogEntry) -> Self {
        Self { action: entry.action, status: entry.status, created_at: Time(entry.created_at) }
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

#[cfg(test)]
mod tests {
    use domain::{
        CompanyId, GithubUserId, Random, Timestamp,
        access::AccessProblem,
        facts::{Facts, Payment, Refund},
        pricing::{Pricing, PricingKind},
        purchase::{Access, Buyer},
        repository::{GithubPath, NewRepository, Repository, Terms},
        text::{DisplayName, Email, GithubLogin, GithubRepositoryName},
    };
    use serde_json::{Value, json};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn paid() -> Facts {
        Facts { payments: [("pi_1".to_owned(), Payment { cents: 4900, at: at(5) })].into(), ..Facts::default() }
    }

    fn refunded() -> Facts {
        let refund = Refund { cents: 4900, full_at: Some(at(60)) };
        Facts { refunds: [("ch_1".to_owned(), refund)].into(), ..paid() }
    }

    /// What the view says of a purchase with these facts, of which GitHub was seen to grant `observed`.
    fn view(facts: Facts, observed: Observed, problem: Option<ProblemCode>) -> Value {
        let random = Random::new(|bytes| bytes.fill(7));
        let problem = problem.map(|code| AccessProblem { code, message: "why".to_owned(), since: at(70) });
        let repository = Repository::list(
            CompanyId(1),
            RepositoryId::generate(at(0), &random),
            "theme".to_owned(),
            "usd".to_owned(),
            NewRepository {
                github: GithubPath {
                    owner: GithubLogin::parse("ctrimm").unwrap(),
                    name: GithubRepositoryName::parse("theme").unwrap(),
                },
                display_name: DisplayName::parse("Theme").unwrap(),
                description: None,
                cover_image_url: None,
                pricing: Pricing { price_cents: 4900, kind: PricingKind::OneTime },
                features: Vec::new(),
                terms: Terms::default(),
            },
            at(0),
        );
        let buyer = Buyer { id: GithubUserId(7), login: "johndoe".to_owned() };
        let email = Email::parse("customer@example.com").unwrap();
        let id = PurchaseId::generate(at(0), &random);
        let begun = Purchase::begin(id, &repository, email, buyer, false, at(0));
        let purchase = Purchase { facts, access: Access { observed, problem, ..Access::default() }, ..begun };
        serde_json::to_value(Customer::of(purchase, &[])).unwrap()
    }

    #[test]
    fn the_invitation_is_told_of_while_access_is_active() {
        for (facts, observed, access_status, invitation) in [
            (Facts::default(), Observed::Nothing, "pending", json!(null)),
            (paid(), Observed::Nothing, "pending", json!(null)),
            (paid(), Observed::Invited, "active", json!("pending")),
            (paid(), Observed::Member, "active", json!("accepted")),
            (refunded(), Observed::Invited, "revoked", json!(null)),
        ] {
            let view = view(facts, observed, None);
            assert_eq!(
                (&view["accessStatus"], &view["invitationStatus"]),
                (&json!(access_status), &invitation),
                "{view}"
            );
        }
    }

    /// Ruling 27: the decision counts at once, GitHub follows or cannot.
    #[test]
    fn a_removal_is_done_pending_or_blocked_until_somebody_acts() {
        for (observed, problem, removal) in [
            (Observed::Nothing, None, "done"),
            (Observed::Nothing, Some(ProblemCode::GithubUnavailable), "done"),
            (Observed::Member, None, "pending"),
            (Observed::Invited, None, "pending"),
            (Observed::Member, Some(ProblemCode::GithubUnavailable), "pending"),
            (Observed::Member, Some(ProblemCode::RateLimited), "pending"),
            (Observed::Member, Some(ProblemCode::Forbidden), "blocked"),
            (Observed::Invited, Some(ProblemCode::RepositoryNotFound), "blocked"),
            (Observed::Member, Some(ProblemCode::StillHasAccess), "blocked"),
        ] {
            let view = view(refunded(), observed, problem);
            assert_eq!(view["removalStatus"], removal, "{observed:?} {problem:?}");
            assert_eq!(
                (&view["accessStatus"], &view["revokedAt"]),
                (&json!("revoked"), &json!("1970-01-01T00:01:00Z"))
            );
        }
        let open = view(paid(), Observed::Member, Some(ProblemCode::Forbidden));
        assert_eq!((open.get("removalStatus"), open.get("revokedAt")), (None, None));
    }

    #[test]
    fn a_problem_says_whether_somebody_has_to_act() {
        let problem = |code| view(paid(), Observed::Nothing, Some(code))["accessProblem"].take();
        assert_eq!(
            problem(ProblemCode::AccountNotFound),
            json!({"code": "account_not_found", "message": "why", "actionRequired": true, "since": "1970-01-01T00:01:10Z"})
        );
        assert_eq!(problem(ProblemCode::RateLimited)["actionRequired"], false);
    }

    #[test]
    fn extensions_are_left_out_where_they_say_nothing() {
        let view = view(Facts::default(), Observed::Nothing, None);
        for extension in [
            "invitationStatus",
            "accessProblem",
            "accessFrom",
            "graceEndsAt",
            "endsAt",
            "revokedAt",
            "removalStatus",
            "revocationReason",
            "revokedBy",
            "flagged",
            "refundedCents",
        ] {
            assert_eq!(view.get(extension), None, "{extension}");
        }
    }
}
