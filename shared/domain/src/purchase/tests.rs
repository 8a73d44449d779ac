//! What a purchase opens and what it shows.

use super::*;
use crate::{
    Random,
    facts::{Attempt, Dispute, Payment, PaymentFailure, Refund, Subscription, SubscriptionStatus},
    pricing::Cadence,
    text::{GithubLogin, GithubRepositoryName},
};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn purchase(facts: Facts) -> Purchase {
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
        terms: Terms::default(),
        packages: Packages::new(),
        session: None,
        facts,
        decisions: Decisions::default(),
        access: Access::default(),
        told: Told::default(),
        asked: Asked::default(),
        causes: Causes::default(),
        rev: 0,
    }
}

pub(crate) fn paid() -> Facts {
    Facts { payments: [("pi_1".to_owned(), Payment { cents: 4900, at: at(5) })].into(), ..Facts::default() }
}

pub(crate) fn subscribed(status: SubscriptionStatus) -> Facts {
    Facts { subscription: Some(Subscription { status, at: at(9), ends_at: None }), ..Facts::default() }
}

#[test]
fn a_payment_opens_the_gate_and_a_full_refund_closes_it_for_good() {
    assert_eq!(purchase(Facts::default()).gate(), Gate::NotYet);
    assert_eq!(purchase(paid()).gate(), Gate::Open);
    let refunded =
        Facts { refunds: [("ch_1".to_owned(), Refund { cents: 4900, full_at: Some(at(8)) })].into(), ..paid() };
    assert_eq!(purchase(refunded.clone()).gate(), Gate::Closed { since: at(8), reason: Closing::Refunded });
    assert_eq!(
        purchase(refunded.merge(&subscribed(SubscriptionStatus::Active))).gate(),
        Gate::Closed { since: at(8), reason: Closing::Refunded }
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
        (Status::Paused, Gate::Closed { since: at(9), reason: Closing::Paused }, PaymentStatus::Pending),
        (Status::Unpaid, Gate::Closed { since: at(9), reason: Closing::Unpaid }, PaymentStatus::Pending),
        (Status::IncompleteExpired, Gate::NotYet, PaymentStatus::Failed),
        (Status::Canceled, Gate::Closed { since: at(9), reason: Closing::SubscriptionEnded }, PaymentStatus::Canceled),
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

fn refunded_in_full() -> Facts {
    Facts { refunds: [("ch_1".to_owned(), Refund { cents: 4900, full_at: Some(at(8)) })].into(), ..paid() }
}

fn disputed(state: DisputeState, second: i64) -> Facts {
    Facts { disputes: [("dp_1".to_owned(), Dispute { state, at: at(second), cents: 4900 })].into(), ..Facts::default() }
}

#[test]
fn under_the_policy_flag_a_full_refund_leaves_the_gate_to_the_vendor() {
    let mut flagged = purchase(refunded_in_full());
    flagged.terms.refund_policy = RefundPolicy::Flag;
    assert_eq!(flagged.gate(), Gate::Open);
    flagged.decisions.revoked = Some(Decision { at: at(20), by: "owner".into(), reason: None });
    assert_eq!(flagged.gate(), Gate::Closed { since: at(20), reason: Closing::Revoked });
}

#[test]
fn a_dispute_suspends_until_it_is_decided_and_an_inquiry_does_not() {
    let gate = |facts: Facts| purchase(paid().merge(&facts)).gate();
    assert_eq!(gate(disputed(DisputeState::Inquiry, 9)), Gate::Open);
    let open = disputed(DisputeState::Open, 10);
    assert_eq!(gate(open.clone()), Gate::Closed { since: at(10), reason: Closing::Disputed });
    let won = disputed(DisputeState::Won, 11);
    assert_eq!(gate(won.clone().merge(&open)), Gate::Open, "an `opened` that came late");
    assert_eq!(
        gate(open.merge(&disputed(DisputeState::Lost, 12))),
        Gate::Closed { since: at(12), reason: Closing::DisputeLost }
    );
}

#[test]
fn grace_counts_from_the_first_failure_and_a_late_payment_ends_the_lapse() {
    let failure = |second| {
        let last = Attempt { at: at(second), count: 1, next: None, cents: 4900, url: None };
        Facts {
            failures: [("in_2".to_owned(), PaymentFailure { first_at: at(second), last })].into(),
            ..Facts::default()
        }
    };
    let facts = paid().merge(&subscribed(SubscriptionStatus::PastDue)).merge(&failure(100)).merge(&failure(5000));
    let patient = purchase(facts.clone());
    assert_eq!(
        (patient.grace_ends_at(), patient.at(at(9_999_999)).gate()),
        (None, Gate::Open),
        "until Stripe gives up"
    );
    let mut strict = purchase(facts);
    strict.terms.grace_days = Some(3);
    let end = at(100 + 3 * 86_400);
    assert_eq!(strict.grace_ends_at(), Some(end));
    assert_eq!(strict.at(at(100 + 3 * 86_400 - 1)).gate(), Gate::Open);
    let lapsed = strict.at(at(9_999_999));
    assert_eq!(lapsed.gate(), Gate::Closed { since: end, reason: Closing::Unpaid });
    assert_eq!(lapsed.grace_ends_at(), None);
    let late =
        Facts { payments: [("in_2".to_owned(), Payment { cents: 4900, at: at(400_000) })].into(), ..Facts::default() };
    assert_eq!(lapsed.learning(&late).gate(), Gate::Open);
}

#[test]
fn only_the_last_sessions_end_ends_a_checkout() {
    let mut again = purchase(Facts { expired_at: Some(at(86_400)), ..Facts::default() });
    again.session = Some(Session { attempt: 2, expires_at: at(200_000), price: None, id: None });
    assert_eq!((again.status(), again.is_awaited()), (PaymentStatus::Pending, true));
    again.session = Some(Session { attempt: 1, expires_at: at(86_400), price: None, id: None });
    assert_eq!((again.status(), again.is_awaited()), (PaymentStatus::Failed, false));
}

#[test]
fn a_session_that_is_ended_long_before_its_time_ends_its_checkout_and_no_other() {
    let expired = |id: &str| Facts { expired_at: Some(at(60)), expired_session: Some(id.into()), ..Facts::default() };
    let mut begun = purchase(Facts::default());
    begun.session = Some(Session { attempt: 2, expires_at: at(86_100), price: None, id: Some("cs_2".into()) });
    assert_eq!(begun.learning(&expired("cs_2")).status(), PaymentStatus::Failed);
    assert_eq!(begun.learning(&expired("cs_1")).status(), PaymentStatus::Pending);
    let both = begun.learning(&Facts { expired_at: Some(at(50)), ..expired("cs_1") }).learning(&expired("cs_2"));
    assert_eq!(both.status(), PaymentStatus::Failed);
}

#[test]
fn a_payment_needs_no_session_any_more() {
    let mut begun = purchase(Facts::default());
    begun.session = Some(Session { attempt: 1, expires_at: at(90), price: None, id: None });
    assert_eq!(begun.learning(&paid()).session, None);
}
