//! Who is told what, and once.

use super::*;
use crate::{
    access::{AccessProblem, ProblemCode},
    facts::{Attempt, Dispute, Facts, Payment, PaymentFailure, Refund, SingleRefund, Subscription, SubscriptionStatus},
    purchase::{
        Session,
        tests::{at, paid, purchase, subscribed},
    },
};

/// Sends all that is due and answers with it, and with the purchase when nothing is due any more.
fn send(purchase: &Purchase, now: Timestamp) -> (Vec<Letter>, Purchase) {
    let letters = due(purchase, now);
    let after = letters.iter().fold(purchase.clone(), |purchase, letter| purchase.having_told(letter, now));
    assert_eq!(due(&after, now), [], "all was told");
    (letters, after)
}

#[test]
fn an_unpaid_checkout_is_confirmed_once_its_session_is_open() {
    let mut begun = purchase(Facts::default());
    assert_eq!(due(&begun, at(1)), []);
    begun.session = Some(Session { attempt: 1, expires_at: at(90), price: None, id: None });
    assert_eq!(send(&begun, at(1)).0, [Letter::Confirmation]);
}

#[test]
fn access_is_told_when_it_comes_when_it_goes_and_when_it_comes_again() {
    let granted = purchase(paid()).seeing(Observed::Invited, None, at(10));
    let (letters, granted) = send(&granted, at(10));
    assert_eq!(letters, [Letter::AccessGranted]);
    let dispute = |state, second| Facts {
        disputes: [("dp_1".to_owned(), Dispute { state, at: at(second), cents: 4900 })].into(),
        ..Facts::default()
    };
    let (letters, suspended) = send(&granted.learning(&dispute(DisputeState::Open, 20)), at(20));
    assert_eq!(
        letters,
        [Letter::Revocation { reason: Closing::Disputed }, Letter::Alert { about: Alert::Dispute, at: at(20) }]
    );
    let won = suspended.learning(&dispute(DisputeState::Won, 30)).seeing(Observed::Invited, None, at(31));
    assert_eq!(send(&won, at(31)).0, [Letter::AccessGranted, Letter::Alert { about: Alert::Dispute, at: at(30) }]);
}

#[test]
fn a_buyer_who_has_to_wait_is_told_once_until_when() {
    let waiting = purchase(paid()).scheduled(at(100));
    let (letters, waiting) = send(&waiting, at(10));
    assert_eq!(letters, [Letter::AccessScheduled { at: at(100) }]);
    assert_eq!(due(&waiting.scheduled(at(200)), at(50)), [], "a shift by others is no news");
    assert_eq!(send(&waiting.seeing(Observed::Invited, None, at(100)), at(100)).0, [Letter::AccessGranted]);
}

#[test]
fn an_invitation_is_reminded_of_once_on_the_sixth_day_or_when_it_had_to_be_replaced() {
    let invited = send(&purchase(paid()).seeing(Observed::Invited, None, at(0)), at(0)).1;
    assert_eq!(due(&invited, at(6 * 86_400 - 1)), []);
    let (letters, reminded) = send(&invited, at(6 * 86_400));
    assert_eq!(letters, [Letter::InvitationReminder]);
    assert_eq!(due(&reminded.reinvited(at(7 * 86_400)), at(20 * 86_400)), []);
    assert_eq!(due(&invited.reinvited(at(100)), at(101)), [Letter::InvitationReminder]);
    assert_eq!(due(&invited.seeing(Observed::Member, None, at(5)), at(9 * 86_400)), []);
}

#[test]
fn one_who_never_paid_hears_nothing_of_an_end() {
    let expired = Facts { expired_at: Some(at(3)), ..Facts::default() };
    assert_eq!(due(&purchase(expired), at(9)), []);
}

#[test]
fn a_renewal_a_failure_and_a_partial_refund_are_told_each_time() {
    let active = paid().merge(&subscribed(SubscriptionStatus::Active));
    let granted = send(&purchase(active).seeing(Observed::Member, None, at(10)), at(10)).1;
    let renewed = |second| Facts { renewed_at: Some(at(second)), ..Facts::default() };
    let (letters, once) = send(&granted.learning(&renewed(20)), at(20));
    assert_eq!(letters, [Letter::Renewal { at: at(20) }]);
    assert_eq!(send(&once.learning(&renewed(30)), at(30)).0, [Letter::Renewal { at: at(30) }]);

    let last = Attempt { at: at(40), count: 1, next: None, cents: 4900, url: None };
    let failure = PaymentFailure { first_at: at(40), last };
    let failed = Facts { failures: [("in_2".to_owned(), failure)].into(), ..Facts::default() };
    let expected = [Letter::PaymentFailed { at: at(40) }, Letter::Alert { about: Alert::PaymentFailed, at: at(40) }];
    assert_eq!(send(&granted.learning(&failed), at(40)).0, expected);

    let refund = Facts {
        refunds: [("ch_1".to_owned(), Refund { cents: 100, full_at: None })].into(),
        refunded_at: Some(at(50)),
        ..Facts::default()
    };
    let expected = [Letter::PartialRefund { cents: 100 }, Letter::Alert { about: Alert::Refund, at: at(50) }];
    assert_eq!(send(&granted.learning(&refund), at(50)).0, expected);
}

#[test]
fn a_refund_of_which_the_charge_has_not_told_is_not_called_a_part() {
    let granted = send(&purchase(paid()).seeing(Observed::Member, None, at(10)), at(10)).1;
    let back = |id: &str, cents, failed| Facts {
        single_refunds: [(id.to_owned(), SingleRefund { failed, cents, charge: "ch_1".to_owned() })].into(),
        ..Facts::default()
    };
    let told = |cents, second, full: bool| Facts {
        refunds: [("ch_1".to_owned(), Refund { cents, full_at: full.then_some(at(second)) })].into(),
        refunded_at: Some(at(second)),
        ..Facts::default()
    };
    let learned = granted.learning(&back("re_1", 4900, false));
    assert_eq!(due(&learned, at(20)), [], "it may be all of it");
    let (letters, _) = send(&learned.learning(&told(4900, 21, true)), at(21));
    let alert = Letter::Alert { about: Alert::Refund, at: at(21) };
    assert_eq!(letters, [Letter::Revocation { reason: Closing::Refunded }, alert]);

    let partly = send(&granted.learning(&told(1000, 20, false)).learning(&back("re_1", 1000, false)), at(20)).1;
    let rest = partly.learning(&back("re_2", 3900, false));
    assert_eq!(due(&rest, at(30)), [], "the rest may follow");
    let failed = rest.learning(&told(4900, 31, true)).learning(&back("re_2", 3900, true));
    assert_eq!(failed.facts.partly_refunded_cents(), 1000);
}

#[test]
fn the_vendor_hears_of_what_only_the_vendor_can_mend() {
    let problem = |code| Some(AccessProblem { code, message: "why".to_owned(), since: at(70) });
    let passing = purchase(paid()).seeing(Observed::Nothing, problem(ProblemCode::GithubUnavailable), at(70));
    assert_eq!(due(&passing, at(71)), []);
    let blocked = purchase(paid()).seeing(Observed::Nothing, problem(ProblemCode::Forbidden), at(70));
    assert_eq!(send(&blocked, at(71)).0, [Letter::Alert { about: Alert::AccessBlocked, at: at(70) }]);
}

#[test]
fn an_end_is_told_with_its_reason() {
    let ended = paid().merge(&Facts {
        subscription: Some(Subscription { status: SubscriptionStatus::Canceled, at: at(9), ends_at: None }),
        payments: [("in_1".to_owned(), Payment { cents: 4900, at: at(5) })].into(),
        ..Facts::default()
    });
    assert_eq!(send(&purchase(ended), at(9)).0, [Letter::Revocation { reason: Closing::SubscriptionEnded }]);
}
