//! Payments that failed and were not made up for.

use serde::{Deserialize, Serialize};

use super::Purchase;
use crate::{
    PurchaseId, Timestamp,
    stored::seconds,
    text::{DisplayName, Email},
};

/// What a vendor is shown when nobody said why a payment failed (ruling 11).
const UNKNOWN: &str = "unknown";

/// A payment that failed and was not made up for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPayment {
    /// Of which purchase.
    pub purchase: PurchaseId,
    /// What was to be paid for.
    pub repository_name: DisplayName,
    /// Who was to pay.
    pub email: Email,
    /// How much, in cents.
    pub amount_cents: i64,
    /// Stripe's code for why, or `unknown`.
    pub reason: String,
    /// When it last failed.
    #[serde(with = "seconds")]
    pub at: Timestamp,
}

impl Purchase {
    /// The payment that failed and was not made up for, if there is one: the invoice that has been unpaid the longest, else
    /// the first payment.
    pub fn failed_payment(&self) -> Option<FailedPayment> {
        let facts = &self.facts;
        let declined = facts.declined.as_ref();
        let unpaid = facts.unpaid().map(|(_, failure)| (failure.last.at, failure.last.cents));
        let never_paid = declined.map(|declined| declined.at).max(facts.failed_at).filter(|_| !facts.is_settled());
        let (at, amount_cents) = unpaid.or_else(|| Some((never_paid?, self.amount_cents)))?;
        Some(FailedPayment {
            purchase: self.id,
            repository_name: self.repository_name.clone(),
            email: self.email.clone(),
            amount_cents,
            reason: declined.map_or(UNKNOWN, |declined| &declined.reason).to_owned(),
            at,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        facts::{Attempt, Declined, Facts, Payment, PaymentFailure},
        purchase::tests::{at, paid, purchase},
    };

    fn told(facts: &Facts) -> Option<(i64, String, i64)> {
        let failed = purchase(facts.clone()).failed_payment()?;
        Some((failed.amount_cents, failed.reason, failed.at.as_second()))
    }

    fn declined() -> Facts {
        Facts { declined: Some(Declined { at: at(7), reason: "insufficient_funds".to_owned() }), ..Facts::default() }
    }

    fn unpaid() -> Facts {
        let last = Attempt { at: at(90), count: 2, next: None, cents: 2900, url: None };
        Facts { failures: [("in_2".to_owned(), PaymentFailure { first_at: at(60), last })].into(), ..paid() }
    }

    #[test]
    fn a_decline_counts_until_something_is_paid() {
        assert_eq!(told(&Facts::default()), None);
        assert_eq!(told(&declined()), Some((4900, "insufficient_funds".to_owned(), 7)));
        assert_eq!(told(&declined().merge(&paid())), None);
        assert_eq!(told(&Facts { failed_at: Some(at(8)), ..Facts::default() }), Some((4900, "unknown".to_owned(), 8)));
    }

    #[test]
    fn an_invoice_counts_until_it_is_paid() {
        assert_eq!(told(&unpaid()), Some((2900, "unknown".to_owned(), 90)));
        assert_eq!(told(&unpaid().merge(&declined())), Some((2900, "insufficient_funds".to_owned(), 90)));
        let payment = Payment { cents: 2900, at: at(99) };
        let made_up = Facts { payments: [("in_2".to_owned(), payment)].into(), ..Facts::default() };
        assert_eq!(told(&unpaid().merge(&made_up)), None);
    }
}
