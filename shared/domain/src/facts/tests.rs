//! Facts merge in any order, and what follows from them.

use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::of((0..5_i64).prop_map(at))
}

fn by_id<T: std::fmt::Debug>(values: impl Strategy<Value = T>) -> impl Strategy<Value = BTreeMap<String, T>> {
    prop::collection::btree_map("[ab]", values, 0..3)
}

fn money() -> impl Strategy<Value = Facts> {
    let payments = by_id((0..3_i64, 0..5_i64).prop_map(|(cents, second)| Payment { cents, at: at(second) }));
    let refunds = by_id((0..3_i64, time()).prop_map(|(cents, full_at)| Refund { cents, full_at }));
    let singles = by_id((any::<bool>(), 0..3_i64, "[ab]").prop_map(|(failed, cents, charge)| SingleRefund {
        failed,
        cents,
        charge,
    }));
    let attempt = (0..5_i64, 0..3_i64, time()).prop_map(|(second, count, next)| Attempt {
        at: at(second),
        count,
        next,
        cents: 5,
        url: None,
    });
    let failures = by_id((0..5_i64, attempt).prop_map(|(second, last)| PaymentFailure { first_at: at(second), last }));
    let state = prop::sample::select(vec![
        DisputeState::Inquiry,
        DisputeState::Open,
        DisputeState::Closed,
        DisputeState::Won,
        DisputeState::Lost,
    ]);
    let disputes = by_id((state, 0..5_i64).prop_map(|(state, second)| Dispute { state, at: at(second), cents: 5 }));
    (payments, refunds, singles, failures, disputes).prop_map(
        |(payments, refunds, single_refunds, failures, disputes)| Facts {
            payments,
            failures,
            refunds,
            single_refunds,
            disputes,
            ..Facts::default()
        },
    )
}

fn facts() -> impl Strategy<Value = Facts> {
    let id = || prop::option::of(prop::sample::select(vec!["a".to_owned(), "b".to_owned()]));
    let status = prop::sample::select(vec![
        SubscriptionStatus::Incomplete,
        SubscriptionStatus::Active,
        SubscriptionStatus::PastDue,
        SubscriptionStatus::IncompleteExpired,
        SubscriptionStatus::Canceled,
    ]);
    let subscription =
        prop::option::of((status, 0..5_i64, time()).prop_map(|(status, second, ends_at)| Subscription {
            status,
            at: at(second),
            ends_at,
        }));
    let declined =
        prop::option::of((0..5_i64, "[ab]").prop_map(|(second, reason)| Declined { at: at(second), reason }));
    (money(), subscription, declined, (time(), time(), time(), time(), time()), (id(), id(), id(), id())).prop_map(
        |(money, subscription, declined, times, ids)| Facts {
            subscription,
            declined,
            free_at: times.0,
            failed_at: times.1,
            expired_at: times.2,
            fraud_warning_at: times.3,
            paid_until: times.4,
            customer: ids.0,
            subscription_id: ids.1,
            payment_intent: ids.2,
            expired_session: ids.3,
            ..money
        },
    )
}

proptest! {
    #[test]
    fn merging_knows_no_order(a in facts(), b in facts(), c in facts()) {
        prop_assert_eq!(a.clone().merge(&b), b.clone().merge(&a));
        prop_assert_eq!(a.clone().merge(&b).merge(&c), a.clone().merge(&b.merge(&c)));
        prop_assert_eq!(a.clone().merge(&a), a);
    }
}

#[test]
fn a_late_update_does_not_raise_an_ended_subscription() {
    let with = |status, second| Facts {
        subscription: Some(Subscription { status, at: at(second), ends_at: None }),
        ..Facts::default()
    };
    let merged = with(SubscriptionStatus::Canceled, 10).merge(&with(SubscriptionStatus::Active, 20));
    assert_eq!(merged.subscription.unwrap().status, SubscriptionStatus::Canceled);
}

#[test]
fn a_refund_that_failed_gave_nothing_back() {
    let told = |cents, full| Facts {
        refunds: [("ch_1".to_owned(), Refund { cents, full_at: full })].into(),
        ..Facts::default()
    };
    let single = |id: &str, failed, cents| Facts {
        single_refunds: [(id.to_owned(), SingleRefund { failed, cents, charge: "ch_1".to_owned() })].into(),
        ..Facts::default()
    };
    let full = told(4900, Some(at(5)));
    assert_eq!((full.refunded_cents(), full.fully_refunded_at()), (4900, Some(at(5))));
    let failed = full.merge(&single("re_1", false, 4900)).merge(&single("re_1", true, 4900));
    assert_eq!((failed.refunded_cents(), failed.fully_refunded_at()), (0, None));
    let again = failed.merge(&single("re_2", false, 4900));
    assert_eq!((again.refunded_cents(), again.fully_refunded_at()), (4900, Some(at(5))));
    let partly = told(2000, None).merge(&single("re_1", false, 1000)).merge(&single("re_2", true, 1000));
    assert_eq!(partly.refunded_cents(), 1000);
    assert_eq!(single("re_1", false, 300).refunded_cents(), 300, "the charge's own event may be late");
}

#[test]
fn an_invoice_that_was_paid_after_all_is_not_unpaid() {
    let failed = |invoice: &str, second| Facts {
        failures: [(
            invoice.to_owned(),
            PaymentFailure {
                first_at: at(second),
                last: Attempt { at: at(second), count: 1, next: None, cents: 5, url: None },
            },
        )]
        .into(),
        ..Facts::default()
    };
    let both = failed("in_2", 20).merge(&failed("in_1", 10));
    assert_eq!(both.unpaid().map(|(invoice, failure)| (invoice.as_str(), failure.first_at)), Some(("in_1", at(10))));
    let paid = Facts { payments: [("in_1".to_owned(), Payment { cents: 5, at: at(30) })].into(), ..Facts::default() };
    assert_eq!(both.merge(&paid).unpaid().map(|(invoice, _)| invoice.as_str()), Some("in_2"));
}
