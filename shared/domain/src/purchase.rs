//! Purchases: a checkout, what Stripe told of it, and the access that follows.

use serde::{Deserialize, Serialize};

use crate::{
    CompanyId, GithubUserId, PurchaseId, RepositoryId, Timestamp,
    access::{AccessProblem, EntitlementKey, Observed},
    facts::{Facts, SubscriptionStatus},
    pricing::PricingKind,
    repository::{GithubPath, Repository},
    text::{DisplayName, Email},
};

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
    pub created_at: Timestamp,
    /// What Stripe told.
    #[serde(default)]
    pub facts: Facts,
    /// What GitHub grants by it.
    #[serde(default)]
    pub access: Access,
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

/// What GitHub grants by a purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// What was last seen on GitHub.
    pub observed: Observed,
    /// When GitHub first said 201 or 204.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
    /// Why GitHub cannot be made to match, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<AccessProblem>,
}

/// Whether the purchase opens the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Not yet: it is not paid.
    NotYet,
    /// It does.
    Open,
    /// No longer.
    Closed {
        /// Since when.
        since: Timestamp,
    },
}

/// The contract's `status` of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Not paid yet.
    Pending,
    /// Paid. A refund does not change it (ruling 17).
    Completed,
    /// Will not be paid.
    Failed,
    /// A subscription that has ended.
    Canceled,
}

/// The contract's `accessStatus` of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessStatus {
    /// No access yet.
    Pending,
    /// GitHub has let the buyer in: it said 201 or 204.
    Active,
    /// Access was taken back. That is so from the decision on; GitHub follows.
    Revoked,
}

impl AccessStatus {
    /// All there are, in the contract's order.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::Revoked];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }
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
            facts: Facts::default(),
            access: Access::default(),
            rev: 0,
        }
    }

    /// The entitlement that it can justify.
    pub fn entitlement(&self) -> EntitlementKey {
        EntitlementKey { company: self.company, repository: self.repository, account: self.buyer.id }
    }

    /// Whether it opens the gate. A refund in full closes it for good, whatever the subscription says.
    pub fn gate(&self) -> Gate {
        use SubscriptionStatus as Status;
        let facts = &self.facts;
        if let Some(since) = facts.fully_refunded_at() {
            return Gate::Closed { since };
        }
        let settled = if facts.is_settled() { Gate::Open } else { Gate::NotYet };
        match facts.subscription {
            None => settled,
            Some(subscription) => match subscription.status {
                Status::Trialing | Status::Active | Status::PastDue => Gate::Open,
                Status::Incomplete | Status::Unknown => settled,
                Status::IncompleteExpired if !facts.is_settled() => Gate::NotYet,
                Status::Paused | Status::Unpaid | Status::IncompleteExpired | Status::Canceled => {
                    Gate::Closed { since: subscription.at }
                }
            },
        }
    }

    /// The contract's `status`.
    pub fn status(&self) -> PaymentStatus {
        let facts = &self.facts;
        match facts.subscription.map(|s| s.status) {
            Some(SubscriptionStatus::Canceled) => PaymentStatus::Canceled,
            Some(SubscriptionStatus::IncompleteExpired) if !facts.is_settled() => PaymentStatus::Failed,
            _ if facts.is_settled() => PaymentStatus::Completed,
            _ if facts.failed_at.is_some() || facts.expired_at.is_some() => PaymentStatus::Failed,
            _ => PaymentStatus::Pending,
        }
    }

    /// The contract's `accessStatus`.
    pub fn access_status(&self) -> AccessStatus {
        match self.gate() {
            Gate::Closed { .. } => AccessStatus::Revoked,
            Gate::Open if self.access.observed != Observed::Nothing => AccessStatus::Active,
            Gate::Open | Gate::NotYet => AccessStatus::Pending,
        }
    }

    /// The purchase when `facts` are known too.
    #[must_use]
    pub fn learning(&self, facts: &Facts) -> Self {
        Self { facts: self.facts.clone().merge(facts), ..self.clone() }
    }

    /// The purchase when GitHub was seen to grant `observed` at `now`.
    #[must_use]
    pub fn seeing(&self, observed: Observed, problem: Option<AccessProblem>, now: Timestamp) -> Self {
        let first = (observed != Observed::Nothing && self.gate() == Gate::Open).then_some(now);
        let access = Access { observed, granted_at: self.access.granted_at.or(first), problem };
        Self { access, ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        Random,
        facts::{Payment, Refund, Subscription},
        pricing::Cadence,
        text::{GithubLogin, GithubRepositoryName},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn purchase(facts: Facts) -> Purchase {
        let random = Random::new(|bytes| bytes.fill(7));
        Purchase {
            company: CompanyId(1),
            id: PurchaseId::generate(at(0), &random),
            repository: RepositoryId::generate(at(0), &random),
            repository_name: DisplayName::parse("Theme").unwrap(),
            github: GithubPath {
                owner: GithubLogin::parse("ctrimm").unwrap(),
                name: GithubRepositoryName::parse("theme").unwrap(),
            },
            email: Email::parse("a@example.com").unwrap(),
            buyer: Buyer { id: GithubUserId(7), login: "johndoe".into() },
            pricing: PricingKind::Subscription(Cadence::Monthly),
            amount_cents: 4900,
            currency: "usd".into(),
            livemode: false,
            created_at: at(0),
            facts,
            access: Access::default(),
            rev: 0,
        }
    }

    fn paid() -> Facts {
        Facts { payments: [("pi_1".to_owned(), Payment { cents: 4900, at: at(5) })].into(), ..Facts::default() }
    }

    fn subscribed(status: SubscriptionStatus) -> Facts {
        Facts { subscription: Some(Subscription { status, at: at(9) }), ..Facts::default() }
    }

    #[test]
    fn a_payment_opens_the_gate_and_a_full_refund_closes_it_for_good() {
        assert_eq!(purchase(Facts::default()).gate(), Gate::NotYet);
        assert_eq!(purchase(paid()).gate(), Gate::Open);
        let refunded =
            Facts { refunds: [("ch_1".to_owned(), Refund { cents: 4900, full_at: Some(at(8)) })].into(), ..paid() };
        assert_eq!(purchase(refunded.clone()).gate(), Gate::Closed { since: at(8) });
        assert_eq!(
            purchase(refunded.merge(&subscribed(SubscriptionStatus::Active))).gate(),
            Gate::Closed { since: at(8) }
        );
        let partly = Facts { refunds: [("ch_1".to_owned(), Refund { cents: 100, full_at: None })].into(), ..paid() };
        assert_eq!(purchase(partly).gate(), Gate::Open);
    }

    #[test]
    fn a_subscription_opens_the_gate_while_it_runs() {
        use SubscriptionStatus as Status;
        for (status, gate, payment) in [
            (Status::Incomplete, Gate::NotYet, PaymentStatus::Pending),
            (Status::Trialing, Gate::Open, PaymentStatus::Completed),
            (Status::Active, Gate::Open, PaymentStatus::Completed),
            (Status::PastDue, Gate::Open, PaymentStatus::Completed),
            (Status::Paused, Gate::Closed { since: at(9) }, PaymentStatus::Pending),
            (Status::Unpaid, Gate::Closed { since: at(9) }, PaymentStatus::Pending),
            (Status::IncompleteExpired, Gate::NotYet, PaymentStatus::Failed),
            (Status::Canceled, Gate::Closed { since: at(9) }, PaymentStatus::Canceled),
        ] {
            let purchase = purchase(subscribed(status));
            assert_eq!((purchase.gate(), purchase.status()), (gate, payment), "{status:?}");
        }
        assert_eq!(
            purchase(paid().merge(&subscribed(Status::Incomplete))).gate(),
            Gate::Open,
            "paid, the update not here yet"
        );
    }

    #[test]
    fn access_is_active_once_github_has_said_so_and_revoked_from_the_decision_on() {
        let paid = purchase(paid());
        assert_eq!(paid.access_status(), AccessStatus::Pending);
        let invited = paid.seeing(Observed::Invited, None, at(20));
        assert_eq!((invited.access_status(), invited.access.granted_at), (AccessStatus::Active, Some(at(20))));
        let refund = Facts {
            refunds: [("ch_1".to_owned(), Refund { cents: 4900, full_at: Some(at(30)) })].into(),
            ..Facts::default()
        };
        let refunded = invited.learning(&refund);
        assert_eq!((refunded.access_status(), refunded.access.observed), (AccessStatus::Revoked, Observed::Invited));
        assert_eq!(refunded.seeing(Observed::Nothing, None, at(40)).access.granted_at, Some(at(20)));
    }

    #[test]
    fn an_unpaid_checkout_fails_when_it_expires_unless_money_came_after_all() {
        let expired = Facts { expired_at: Some(at(3)), ..Facts::default() };
        assert_eq!(purchase(expired.clone()).status(), PaymentStatus::Failed);
        assert_eq!(purchase(expired.merge(&paid())).status(), PaymentStatus::Completed);
    }
}
