//! Sessions: what a signed-in member's token says, and how long it is good.
//!
//! How it is signed is for `auth` to know. Whether its bearer is still a member, and with which role, is read from the
//! table with each request and never from the token.

use crate::{CompanyId, Random, SessionId, Timestamp, UserId, member::Member};

/// How long a session is good, in seconds (contract `repopass.md`, "Token Expiration": 30 days).
pub const LIFETIME_SECONDS: i64 = 30 * 24 * 60 * 60;
/// How far, in seconds, the clock of the machine that signed may be ahead of ours.
const LEEWAY_SECONDS: i64 = 5;

/// What a session's token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The company that the member signed in to.
    pub company: CompanyId,
    /// The member.
    pub user: UserId,
    /// This session, to sign out of it alone.
    pub session: SessionId,
    /// How often the member had signed out everywhere.
    pub generation: u32,
    /// When it was signed, in Unix seconds.
    pub issued_at: i64,
    /// When it ends, in Unix seconds.
    pub expires_at: i64,
}

impl Claims {
    /// A new session of a member.
    pub fn issue(company: CompanyId, member: &Member, random: &Random, now: Timestamp) -> Self {
        Self {
            company,
            user: member.id,
            session: SessionId::generate(now, random),
            generation: member.session_generation,
            issued_at: now.as_second(),
            expires_at: now.as_second() + LIFETIME_SECONDS,
        }
    }

    /// Whether it is good at this time: signed before, not ended, and not made to last longer than sessions do.
    pub fn is_timely(&self, now: Timestamp) -> bool {
        let now = now.as_second();
        let lasts = self.expires_at.saturating_sub(self.issued_at);
        self.issued_at <= now.saturating_add(LEEWAY_SECONDS)
            && now < self.expires_at
            && (1..=LIFETIME_SECONDS).contains(&lasts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(issued_at: i64, expires_at: i64) -> Claims {
        let (at, random) = (Timestamp::from_second(0).unwrap(), Random::new(|bytes| bytes.fill(1)));
        let (user, session) = (UserId::generate(at, &random), SessionId::generate(at, &random));
        Claims { company: CompanyId(1), user, session, generation: 0, issued_at, expires_at }
    }

    #[test]
    fn a_session_is_good_from_its_signing_to_its_end() {
        let timely = |claims: Claims, now| claims.is_timely(Timestamp::from_second(now).unwrap());
        let day = 24 * 60 * 60;
        assert!(timely(claims(1000, 1000 + LIFETIME_SECONDS), 1000));
        assert!(timely(claims(1000, 1000 + LIFETIME_SECONDS), 1000 + LIFETIME_SECONDS - 1));
        assert!(!timely(claims(1000, 1000 + LIFETIME_SECONDS), 1000 + LIFETIME_SECONDS), "ended");
        assert!(!timely(claims(1000, 1000 + LIFETIME_SECONDS), 994), "signed in the future");
        assert!(!timely(claims(1000, 1001 + LIFETIME_SECONDS), 1000), "made to last longer");
        assert!(!timely(claims(1000, 1000), 1000), "never good");
        assert!(!timely(claims(i64::MIN, i64::MAX), day));
        assert!(!timely(claims(i64::MIN, day + 1), day));
    }
}
