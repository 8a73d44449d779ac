//! The checkout of a purchase: its attempts to be paid, and how one is taken up again (ruling 21).

use super::{Gate, Purchase, Session};
use crate::{Timestamp, repository::Repository};

/// How long the buyer has to pay: just under Stripe's longest, 24 hours, so that our clock may be a little ahead of theirs.
const OPEN_SECONDS: i64 = 24 * 60 * 60 - 300;

/// Nobody is sent to a session that ends within this time.
const TOO_LATE_SECONDS: i64 = 5 * 60;

impl Session {
    /// An attempt that begins `now`, for the present price of `repository`.
    pub(super) fn open(attempt: u32, price: Option<String>, now: Timestamp) -> Self {
        let expires_at = Timestamp::from_second(now.as_second() + OPEN_SECONDS).unwrap_or(now);
        Self { attempt, expires_at, price, id: None }
    }

    /// The key that makes repeated requests for it one request.
    pub fn idempotency_key(&self, purchase: &Purchase) -> String {
        format!("checkout:{}:{}", purchase.id, self.attempt)
    }
}

impl Purchase {
    /// Whether its checkout can be taken up again: it is not paid, and nothing has ended it for good.
    pub fn can_be_resumed(&self) -> bool {
        let subscribed = self.facts.subscription.is_some();
        self.gate() == Gate::NotYet && !self.facts.is_settled() && self.facts.failed_at.is_none() && !subscribed
    }

    /// The checkout taken up again at `now` as `offer` is: with the same session while that is open for just this, else
    /// with another attempt and what is offered now.
    #[must_use]
    pub fn resumed(&self, offer: &Self, now: Timestamp) -> Self {
        if self.is_open(now) && self.sells_what(offer) {
            return self.clone();
        }
        let price = offer.session.as_ref().and_then(|session| session.price.clone());
        let mut after = Self {
            repository_name: offer.repository_name.clone(),
            github: offer.github.clone(),
            email: offer.email.clone(),
            buyer: offer.buyer.clone(),
            pricing: offer.pricing,
            amount_cents: offer.amount_cents,
            currency: offer.currency.clone(),
            livemode: offer.livemode,
            terms: offer.terms,
            packages: offer.packages.clone(),
            ..self.clone()
        }
        .with_another_attempt(price, now);
        if !self.email.is_same(&offer.email) {
            after.told.confirmed = None;
        }
        after
    }

    /// The checkout with another attempt to be paid.
    #[must_use]
    pub fn with_another_attempt(self, price: Option<String>, now: Timestamp) -> Self {
        let attempt = self.session.as_ref().map_or(0, |session| session.attempt) + 1;
        Self { session: Some(Session::open(attempt, price, now)), ..self }
    }

    fn is_open(&self, now: Timestamp) -> bool {
        let ends = self.session.as_ref().map(|session| session.expires_at.as_second());
        self.is_awaited() && ends.is_some_and(|ends| now.as_second() + TOO_LATE_SECONDS < ends)
    }

    fn sells_what(&self, offer: &Self) -> bool {
        let price = |purchase: &Self| purchase.session.as_ref().and_then(|session| session.price.clone());
        self.email == offer.email
            && (self.pricing, self.amount_cents, self.terms) == (offer.pricing, offer.amount_cents, offer.terms)
            && (&self.currency, self.livemode) == (&offer.currency, offer.livemode)
            && (&self.repository_name, &self.packages) == (&offer.repository_name, &offer.packages)
            && price(self) == price(offer)
    }
}

/// The first attempt to sell `repository`.
pub(super) fn first_attempt(repository: &Repository, now: Timestamp) -> Session {
    Session::open(1, repository.stripe.as_ref().map(|stripe| stripe.price.clone()), now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        facts::Facts,
        purchase::tests::{at, paid, purchase},
        text::Email,
    };

    fn begun() -> Purchase {
        Purchase { session: Some(Session::open(1, None, at(0))), ..purchase(Facts::default()) }
    }

    #[test]
    fn the_same_offer_leads_to_the_same_session_until_it_ends() {
        let begun = begun();
        assert_eq!(begun.resumed(&begun, at(3600)), begun);
        let again = begun.resumed(&begun, at(24 * 3600)).session.unwrap();
        assert_eq!((again.attempt, again.id), (2, None));
    }

    #[test]
    fn another_price_or_address_is_another_attempt_on_the_same_purchase() {
        let begun = begun();
        let dearer = begun.resumed(&Purchase { amount_cents: 5900, ..begun.clone() }, at(60));
        assert_eq!((dearer.id, dearer.amount_cents, dearer.session.as_ref().unwrap().attempt), (begun.id, 5900, 2));
        let told = Purchase { told: crate::letters::Told { confirmed: Some(at(1)), ..Default::default() }, ..begun };
        let email = Email::parse("other@example.com").unwrap();
        let moved = told.resumed(&Purchase { email: email.clone(), ..told.clone() }, at(60));
        assert_eq!((moved.email, moved.told.confirmed), (email, None), "the new address is told, too");
    }

    #[test]
    fn what_was_paid_or_has_failed_for_good_is_not_taken_up_again() {
        assert!(begun().can_be_resumed());
        assert!(begun().learning(&Facts { expired_at: Some(at(86_100)), ..Facts::default() }).can_be_resumed());
        assert!(!begun().learning(&Facts { failed_at: Some(at(10)), ..Facts::default() }).can_be_resumed());
        assert!(!begun().learning(&paid()).can_be_resumed());
    }

    #[test]
    fn a_session_that_has_expired_early_is_not_used_again() {
        let begun = begun();
        let expired = begun.learning(&Facts { expired_at: Some(at(86_000)), ..Facts::default() });
        assert_eq!(expired.resumed(&begun, at(3600)).session.unwrap().attempt, 2);
    }
}
