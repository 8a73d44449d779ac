//! Purchases: a checkout, what Stripe told of it, and the access that follows.

mod checkout;
mod decisions;
mod failed_payment;
mod gate;
mod packages;
mod self_service;
mod status;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CompanyId, GithubUserId, PurchaseId, RepositoryId, Timestamp,
    access::{AccessProblem, EntitlementKey, Observed},
    causes::Causes,
    facts::{DisputeState, Facts},
    letters::Told,
    pricing::PricingKind,
    repository::{GithubPath, Packages, RefundPolicy, Repository, Terms},
    stored::{maybe_seconds, seconds, seconds_by_name},
    text::{DisplayName, Email},
};

pub use failed_payment::FailedPayment;
pub use gate::{Closing, Gate};
pub use self_service::Asked;
pub use status::{AccessStatus, PaymentStatus};

/// Stripe may end a session a little before its time.
const EARLY_SECONDS: i64 = 10 * 60;

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Who sells.
    pub company: CompanyId,
    /// Its id.
    pub id: PurchaseId,
    /// What is sold.
    pub repository: RepositoryId,
    /// What it was called.
    pub repository_name: DisplayName,
    /// Where it was.
    pub github: GithubPath,
    /// Where the buyer is written to.
    pub email: Email,
    /// The account that gets access.
    pub buyer: Buyer,
    /// Paid once or each period.
    pub pricing: PricingKind,
    /// The price that was agreed, in cents.
    pub amount_cents: i64,
    /// Of this currency.
    pub currency: String,
    /// Whether real money is meant: an event of the other mode does not touch it.
    pub livemode: bool,
    /// When the checkout began.
    #[serde(with = "seconds")]
    pub created_at: Timestamp,
    /// What was agreed, as it was when it was sold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub terms: Terms,
    /// What can be installed with Composer by it, as it was when it was sold.
    #[serde(default, skip_serializing_if = "Packages::is_empty")]
    pub packages: Packages,
    /// Stripe's session, while it is not paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What Stripe told.
    #[serde(default)]
    pub facts: Facts,
    /// What people decided.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decisions: Decisions,
    /// What GitHub grants by it.
    #[serde(default)]
    pub access: Access,
    /// What the buyer was told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub told: Told,
    /// What the buyer asked for, as far as it is limited.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asked: Asked,
    /// What was applied to it lately, so that it is applied once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub causes: Causes,
    /// Counts the changes of this item: whoever writes it must have read its newest state.
    #[serde(default)]
    pub rev: u64,
}

/// The GitHub account that gets access. The number is what counts: a name can be given up and taken by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// Its number.
    pub id: GithubUserId,
    /// Its name at the checkout.
    pub login: String,
}

/// Stripe's session of an unpaid checkout. What it was asked for depends on the purchase and on this alone, so a request that
/// is repeated with its idempotency key is the same request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Which attempt it is, from 1: part of the idempotency key.
    pub attempt: u32,
    /// When it ends.
    #[serde(with = "seconds")]
    pub expires_at: Timestamp,
    /// The price it was opened with, if Stripe knows the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Stripe's id, once Stripe has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What people decided about a purchase. Each decision stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decisions {
    /// An operator took access back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Decision>,
    /// An operator, or a rule, wants it looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flagged: Option<Decision>,
    /// The vendor removed the buyer on GitHub itself.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub removed_on_github: Option<Timestamp>,
    /// Invoices whose days of grace ran out, by id. One that is paid after all opens the gate again.
    #[serde(with = "seconds_by_name", skip_serializing_if = "BTreeMap::is_empty")]
    pub lapsed: BTreeMap<String, Timestamp>,
}

/// Something decided about a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When.
    #[serde(with = "seconds")]
    pub at: Timestamp,
    /// By whom, for the vendor to read.
    pub by: String,
    /// Why, if a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What GitHub grants by a purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// What was last seen on GitHub.
    pub observed: Observed,
    /// When GitHub first said 201 or 204.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
    /// From when on the buyer can be invited, while GitHub's limit of invitations a day is used up.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    /// When the invitation that waits was sent.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub invited_at: Option<Timestamp>,
    /// Whether an expired invitation was replaced.
    #[serde(skip_serializing_if = "is_default")]
    pub reinvited: bool,
    /// Whether the buyer asked for the invitation again.
    #[serde(skip_serializing_if = "is_default")]
    pub resend: bool,
    /// The account that had access by this purchase before, until it is out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<GithubUserId>,
    /// Why GitHub cannot be made to match, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<AccessProblem>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Purchase {
    /// Begins a checkout of `repository` at its present price.
    pub fn begin(
        id: PurchaseId,
        repository: &Repository,
        email: Email,
        buyer: Buyer,
        livemode: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            company: repository.company,
            id,
            repository: repository.id,
            repository_name: repository.display_name.clone(),
            github: repository.github.clone(),
            email,
            buyer,
            pricing: repository.pricing.kind,
            amount_cents: repository.pricing.price_cents,
            currency: repository.currency.clone(),
            livemode,
            created_at: now,
            terms: repository.terms,
            packages: repository.packages.clone(),
            session: Some(checkout::first_attempt(repository, now)),
            facts: Facts::default(),
            decisions: Decisions::default(),
            access: Access::default(),
            told: Told::default(),
            asked: Asked::default(),
            causes: Causes::default(),
            rev: 0,
        }
    }

    /// The entitlement that it can justify.
    pub fn entitlement(&self) -> EntitlementKey {
        EntitlementKey { company: self.company, repository: self.repository, account: self.buyer.id }
    }

    /// Who wants it looked at, and why: an operator, else a rule (rulings 9 and 16).
    pub fn flag(&self) -> Option<Decision> {
        let facts = &self.facts;
        let rule = |at, reason: &str| Decision { at, by: "Tollgate".to_owned(), reason: Some(reason.to_owned()) };
        let dispute = facts
            .dispute()
            .filter(|it| matches!(it.state, DisputeState::Inquiry | DisputeState::Open | DisputeState::Lost));
        let refund = facts.fully_refunded_at().filter(|_| self.terms.refund_policy == RefundPolicy::Flag);
        self.decisions
            .flagged
            .clone()
            .or_else(|| dispute.map(|dispute| rule(dispute.at, "The payment is disputed")))
            .or_else(|| facts.fraud_warning_at.map(|at| rule(at, "The card network warns of fraud; consider a refund")))
            .or_else(|| refund.map(|at| rule(at, "The payment was refunded in full")))
    }

    /// Whether it is a checkout that can still be paid.
    pub fn is_awaited(&self) -> bool {
        self.gate() == Gate::NotYet && self.status() == PaymentStatus::Pending
    }

    /// The purchase when `facts` are known too.
    #[must_use]
    pub fn learning(&self, facts: &Facts) -> Self {
        let mut after = Self { facts: self.facts.clone().merge(facts), ..self.clone() };
        if after.facts.is_settled() {
            after.session = None;
        }
        after
    }

    /// The purchase when GitHub was seen to grant `observed` at `now`.
    #[must_use]
    pub fn seeing(&self, observed: Observed, problem: Option<AccessProblem>, now: Timestamp) -> Self {
        let first = (observed != Observed::Nothing && self.gate() == Gate::Open).then_some(now);
        let invited = observed == Observed::Invited;
        let sent_again = self.access.resend && problem.is_none();
        let sent_at = self.access.invited_at.filter(|_| !sent_again).unwrap_or(now);
        let access = Access {
            observed,
            granted_at: self.access.granted_at.or(first),
            scheduled_for: None,
            invited_at: invited.then_some(sent_at),
            reinvited: invited && self.access.reinvited,
            resend: self.access.resend && !sent_again,
            after: self.access.after,
            problem,
        };
        Self { access, ..self.clone() }
    }

    /// The purchase when its buyer can be invited only from `at` on.
    #[must_use]
    pub fn scheduled(&self, at: Timestamp) -> Self {
        Self { access: Access { scheduled_for: Some(at), problem: None, ..self.access.clone() }, ..self.clone() }
    }

    /// The purchase when an invitation that had expired was replaced at `now`.
    #[must_use]
    pub fn reinvited(&self, now: Timestamp) -> Self {
        Self { access: Access { invited_at: Some(now), reinvited: true, ..self.access.clone() }, ..self.clone() }
    }

    /// The purchase when the invitation that waits was sent at `at`.
    #[must_use]
    pub fn invited(&self, at: Timestamp) -> Self {
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self { access: Access { invited_at: Some(at), ..self.access.clone() }, ..self.clone() }
    }

    /// The purchase when `cause` was applied to it.
    #[must_use]
    pub fn because_of(&self, cause: &str) -> Self {
        Self { causes: self.causes.with(cause), ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests;
