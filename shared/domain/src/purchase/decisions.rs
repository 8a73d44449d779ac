//! What people decide about a purchase.

use super::{Decision, Decisions, Gate, Purchase};
use crate::Timestamp;

impl Purchase {
    /// The purchase when `by` takes access back at `now` (ruling 27). The first decision stays. Access that was taken back
    /// for another reason was taken back then, and now stays so.
    #[must_use]
    pub fn revoking(&self, by: &str, reason: Option<String>, now: Timestamp) -> Self {
        if self.decisions.revoked.is_some() {
            return self.clone();
        }
        let at = match self.gate() {
            Gate::Closed { since, .. } => since,
            Gate::Open | Gate::NotYet => now,
        };
        let revoked = Some(Decision { at, by: by.to_owned(), reason });
        Self { decisions: Decisions { revoked, ..self.decisions.clone() }, ..self.clone() }
    }

    /// The purchase when `by` wants it looked at (ruling 16). The last reason counts.
    #[must_use]
    pub fn flagging(&self, by: &str, reason: Option<String>, now: Timestamp) -> Self {
        let flagged = Some(Decision { at: now, by: by.to_owned(), reason });
        Self { decisions: Decisions { flagged, ..self.decisions.clone() }, ..self.clone() }
    }

    /// The subscription that has to end because access was taken back by an operator (ruling 28), if it has not ended.
    pub fn subscription_to_cancel(&self) -> Option<&str> {
        let over = self.facts.subscription.is_some_and(|subscription| subscription.status.is_final());
        let id = self.facts.subscription_id.as_deref();
        id.filter(|_| self.decisions.revoked.is_some() && !over)
    }

    /// Stripe's session that has to end because an operator revoked what was not paid yet: nobody is to pay for nothing.
    pub fn session_to_expire(&self) -> Option<&str> {
        let id = self.session.as_ref()?.id.as_deref();
        id.filter(|_| self.decisions.revoked.is_some() && !self.has_expired())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::{Facts, Payment, Refund, Subscription, SubscriptionStatus},
        purchase::{AccessStatus, Closing, PaymentStatus, Session, tests::purchase},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn paid() -> Facts {
        Facts { payments: [("pi_1".to_owned(), Payment { cents: 4900, at: at(5) })].into(), ..Facts::default() }
    }

    #[test]
    fn the_first_revocation_stays() {
        let first = purchase(paid()).revoking("ann", Some("shared".to_owned()), at(10));
        let second = first.revoking("bob", None, at(20));
        assert_eq!(second, first);
        assert_eq!(first.gate(), Gate::Closed { since: at(10), reason: Closing::Revoked });
    }

    #[test]
    fn what_was_taken_back_before_was_taken_back_then() {
        let refund = Refund { cents: 4900, full_at: Some(at(7)) };
        let refunded = Facts { refunds: [("ch_1".to_owned(), refund)].into(), ..paid() };
        let revoked = purchase(refunded).revoking("ann", None, at(10));
        assert_eq!(revoked.gate(), Gate::Closed { since: at(7), reason: Closing::Revoked });
    }

    #[test]
    fn a_checkout_that_is_revoked_opens_nothing_when_it_is_paid_after_all() {
        let revoked = purchase(Facts::default()).revoking("ann", None, at(3));
        assert_eq!((revoked.status(), revoked.access_status()), (PaymentStatus::Failed, AccessStatus::Revoked));
        let paid = revoked.learning(&paid());
        assert_eq!((paid.status(), paid.access_status()), (PaymentStatus::Completed, AccessStatus::Revoked));
    }

    #[test]
    fn only_a_session_that_may_be_open_of_a_revoked_checkout_has_to_end() {
        let session = Session { attempt: 1, expires_at: at(86_100), price: None, id: Some("cs_1".to_owned()) };
        let begun = Purchase { session: Some(session), ..purchase(Facts::default()) };
        assert_eq!(begun.session_to_expire(), None);
        let revoked = begun.revoking("ann", None, at(9));
        assert_eq!(revoked.session_to_expire(), Some("cs_1"));
        assert_eq!(revoked.learning(&paid()).session_to_expire(), None);
        let expired = Some("cs_1".to_owned());
        let expired = Facts { expired_at: Some(at(10)), expired_session: expired, ..Facts::default() };
        assert_eq!(revoked.learning(&expired).session_to_expire(), None);
    }

    #[test]
    fn the_last_flag_wins_and_takes_nothing_away() {
        let flagged = purchase(paid()).flagging("ann", Some("odd".to_owned()), at(10));
        let again = flagged.flagging("bob", Some("odder".to_owned()), at(20));
        let expected = Decision { at: at(20), by: "bob".to_owned(), reason: Some("odder".to_owned()) };
        assert_eq!((again.flag(), again.gate()), (Some(expected), Gate::Open));
    }

    #[test]
    fn only_a_running_subscription_of_a_revoked_purchase_has_to_end() {
        let with = |status| {
            let subscription = Some(Subscription { status, at: at(5), ends_at: None });
            Facts { subscription, subscription_id: Some("sub_1".to_owned()), ..paid() }
        };
        let running = purchase(with(SubscriptionStatus::Active));
        assert_eq!(running.subscription_to_cancel(), None);
        assert_eq!(running.revoking("ann", None, at(9)).subscription_to_cancel(), Some("sub_1"));
        let ended = purchase(with(SubscriptionStatus::Canceled)).revoking("ann", None, at(9));
        assert_eq!(ended.subscription_to_cancel(), None);
        assert_eq!(purchase(paid()).revoking("ann", None, at(9)).subscription_to_cancel(), None);
    }
}
