//! What buyers do for themselves, with the link to their purchase.

use serde::{Deserialize, Serialize};

use super::{Access, Buyer, Gate, Purchase};
use crate::{Timestamp, access::Observed};

/// An invitation is sent again so often within a day.
const RESENT_A_DAY: usize = 3;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A Composer token, or a letter with a link to make one, is asked for so often within a day.
const COMPOSER_A_DAY: usize = 3;

/// Another account is chosen so often within thirty days: access is for one buyer, not to be lent around.
const MOVES_A_MONTH: usize = 3;
const MONTH_SECONDS: i64 = 30 * DAY_SECONDS;

/// When the buyer asked for what is limited, in epoch seconds, as far as it still counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// To be invited again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resent: Vec<i64>,
    /// To use another account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<i64>,
    /// For a letter with a link that makes a Composer token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub composer_links: Vec<i64>,
    /// For a Composer token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub composer_tokens: Vec<i64>,
}

fn since(times: &[i64], now: Timestamp, seconds: i64) -> Vec<i64> {
    times.iter().copied().filter(|at| now.as_second() - at < seconds).collect()
}

impl Purchase {
    /// Whether its buyer may have the invitation sent again: it is not accepted, and was not asked for too often.
    pub fn can_be_invited_again(&self, now: Timestamp) -> bool {
        let waits =
            self.gate() == Gate::Open && self.access.observed != Observed::Member && self.access.after.is_none();
        waits && since(&self.asked.resent, now, DAY_SECONDS).len() < RESENT_A_DAY
    }

    /// The purchase when its buyer asked at `now` for the invitation again.
    #[must_use]
    pub fn asking_for_invitation(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.asked.resent = since(&self.asked.resent, now, DAY_SECONDS);
        after.asked.resent.push(now.as_second());
        after.access.resend = true;
        after
    }

    /// Whether its buyer may choose another account.
    pub fn can_be_moved(&self, now: Timestamp) -> bool {
        self.gate() == Gate::Open && since(&self.asked.moved, now, MONTH_SECONDS).len() < MOVES_A_MONTH
    }

    /// The purchase when its buyer chose another account at `now`. That one waits until the account that had access is out.
    #[must_use]
    pub fn moved_to(&self, buyer: Buyer, now: Timestamp) -> Self {
        let mut after = Self { buyer, ..self.clone() };
        after.asked.moved = since(&self.asked.moved, now, MONTH_SECONDS);
        after.asked.moved.push(now.as_second());
        after.access = Access {
            granted_at: self.access.granted_at,
            after: self.access.after.or(Some(self.buyer.id)),
            ..Access::default()
        };
        (after.told.access, after.told.reminded) = (None, None);
        after
    }

    /// Whether its buyer may be sent a letter with a link that makes a Composer token.
    pub fn can_be_sent_composer_link(&self, now: Timestamp) -> bool {
        self.opens_packages() && since(&self.asked.composer_links, now, DAY_SECONDS).len() < COMPOSER_A_DAY
    }

    /// The purchase when its buyer asked at `now` for such a letter.
    #[must_use]
    pub fn asking_for_composer_link(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.asked.composer_links = since(&self.asked.composer_links, now, DAY_SECONDS);
        after.asked.composer_links.push(now.as_second());
        after
    }

    /// Whether its buyer may make a Composer token.
    pub fn can_be_given_token(&self, now: Timestamp) -> bool {
        self.opens_packages() && since(&self.asked.composer_tokens, now, DAY_SECONDS).len() < COMPOSER_A_DAY
    }

    /// The purchase when its buyer made a Composer token at `now`.
    #[must_use]
    pub fn given_token(&self, now: Timestamp) -> Self {
        let mut after = self.clone();
        after.asked.composer_tokens = since(&self.asked.composer_tokens, now, DAY_SECONDS);
        after.asked.composer_tokens.push(now.as_second());
        after
    }

    /// The purchase when the account that had access before is out.
    #[must_use]
    pub fn released(&self) -> Self {
        Self { access: Access { after: None, ..self.access.clone() }, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        GithubUserId,
        letters::{self, Letter},
        purchase::tests::{at, paid, purchase},
    };

    const DAY: i64 = DAY_SECONDS;

    fn invited() -> Purchase {
        purchase(paid()).seeing(Observed::Invited, None, at(0))
    }

    #[test]
    fn an_invitation_is_sent_again_three_times_a_day_at_most() {
        let asked = (1..=3).fold(invited(), |purchase, hour| {
            assert!(purchase.can_be_invited_again(at(hour * 3600)));
            purchase.asking_for_invitation(at(hour * 3600))
        });
        assert!(!asked.can_be_invited_again(at(4 * 3600)));
        assert!(asked.can_be_invited_again(at(3600 + DAY)), "the first one counts no more");
        assert_eq!(asked.asking_for_invitation(at(3 * DAY)).asked.resent.len(), 1, "what counts no more is forgotten");
    }

    #[test]
    fn who_is_in_or_out_is_not_invited_again() {
        assert!(!purchase(paid()).seeing(Observed::Member, None, at(0)).can_be_invited_again(at(1)));
        assert!(!purchase(crate::facts::Facts::default()).can_be_invited_again(at(1)));
    }

    #[test]
    fn an_invitation_that_was_sent_again_lasts_from_then_on() {
        let sent = invited().asking_for_invitation(at(500)).seeing(Observed::Invited, None, at(501));
        assert_eq!((sent.access.invited_at, sent.access.resend), (Some(at(501)), false));
    }

    #[test]
    fn the_new_account_waits_for_the_old_one_and_is_told_when_it_is_in() {
        let old = invited();
        let told = old.having_told(&Letter::AccessGranted, at(1));
        let moved = told.moved_to(Buyer { id: GithubUserId(9), login: "other".to_owned() }, at(10));
        assert_eq!(moved.access.after, Some(old.buyer.id));
        let again = moved.moved_to(Buyer { id: GithubUserId(10), login: "third".to_owned() }, at(11));
        assert_eq!(again.access.after, Some(old.buyer.id), "the second never had access");
        assert_eq!(letters::due(&moved, at(11)), []);
        let invited = moved.released().seeing(Observed::Invited, None, at(12));
        assert_eq!(letters::due(&invited, at(12)), [Letter::AccessGranted]);
    }

    #[test]
    fn accounts_are_changed_three_times_in_thirty_days_at_most() {
        let buyer = |id| Buyer { id: GithubUserId(id), login: format!("user-{id}") };
        let moved = (1..=3).fold(invited(), |purchase, day: i64| {
            assert!(purchase.can_be_moved(at(day * DAY)));
            purchase.moved_to(buyer(u64::try_from(day).unwrap() + 100), at(day * DAY))
        });
        assert!(!moved.can_be_moved(at(4 * DAY)));
        assert!(moved.can_be_moved(at(31 * DAY)));
    }
}
