//! Members of a company: the people who sign in, and what makes a session of theirs good.
//!
//! A person is told apart by the number of a GitHub account, by a verified e-mail address, or by both. A GitHub name is
//! never an identity: it can be given up, and taken by somebody else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CompanyId, GithubUserId, SessionId, Timestamp, UserId,
    company::Role,
    session::Claims,
    text::{Email, GithubLogin},
};

/// How many sessions a member may have signed out of that have not ended by themselves. One more, and all of the member's
/// sessions end: the list is read with each request.
const MOST_SIGNED_OUT: usize = 200;

/// Somebody who may sign in to a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who, in this company.
    pub id: UserId,
    /// What the member may do.
    pub role: Role,
    /// The GitHub account that signs in, once one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub github: Option<GithubAccount>,
    /// The verified address that links are sent to, once one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// When the member was invited.
    pub created_at: Timestamp,
    /// When the member last signed in. `None`: the invitation waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// How often the member signed out everywhere. A session of an earlier generation is worth nothing.
    #[serde(default)]
    pub session_generation: u32,
    /// Sessions that were signed out, each with the Unix second at which it ends by itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signed_out: BTreeMap<SessionId, i64>,
    /// Counts the changes of this item.
    #[serde(default)]
    pub rev: u64,
}

/// A GitHub account, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GithubAccount {
    /// Its number: this is who it is.
    pub id: GithubUserId,
    /// Its name.
    pub login: String,
    /// Its picture's address; may be empty.
    #[serde(default)]
    pub avatar_url: String,
}

/// What a person proved to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// This GitHub account.
    Github(GithubUserId),
    /// The reader of this address.
    Email(Email),
}

/// What somebody who signs in has proved: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// To be this GitHub account.
    pub github: Option<GithubAccount>,
    /// To read this address.
    pub email: Option<Email>,
}

/// A member of a company, found by an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    /// The company.
    pub company: CompanyId,
    /// The member.
    pub member: UserId,
}

/// Who becomes the owner of a company that has no member yet, as configured: by GitHub name or by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstOwner {
    /// Whoever has this GitHub name at the first sign-in.
    Login(GithubLogin),
    /// Who reads this address.
    Email(Email),
}

impl Member {
    /// Somebody new, who has not signed in.
    pub fn invite(id: UserId, role: Role, proof: Proof, now: Timestamp) -> Self {
        Self {
            id,
            role,
            github: proof.github,
            email: proof.email,
            created_at: now,
            signed_in_at: None,
            session_generation: 0,
            signed_out: BTreeMap::new(),
            rev: 0,
        }
    }

    /// What the member is called: a GitHub name, else an address.
    pub fn name(&self) -> String {
        let login = self.github.as_ref().map(|github| github.login.clone());
        login.or_else(|| self.email.as_ref().map(ToString::to_string)).unwrap_or_else(|| self.id.to_string())
    }

    /// All that the member can be found by.
    pub fn identities(&self) -> Vec<Identity> {
        let github = self.github.as_ref().map(|github| Identity::Github(github.id));
        github.into_iter().chain(self.email.clone().map(Identity::Email)).collect()
    }

    /// The member after signing in with `proof`; `None` when the proof is somebody else's.
    ///
    /// A GitHub account that is known must be the same one: an address alone does not make another account the member.
    /// What was not known is learned; an address that is known stays until it is changed on purpose.
    pub fn signing_in(&self, proof: &Proof, now: Timestamp) -> Option<Self> {
        let same_address = |email: &Email| self.email.as_ref().is_some_and(|known| known.is_same(email));
        let known = match (&self.github, &proof.github) {
            (Some(known), Some(shown)) => known.id == shown.id,
            _ => proof.email.as_ref().is_some_and(same_address),
        };
        known.then(|| Self {
            github: proof.github.clone().or_else(|| self.github.clone()),
            email: self.email.clone().or_else(|| proof.email.clone()),
            signed_in_at: Some(now),
            rev: self.rev + 1,
            ..self.clone()
        })
    }

    /// Whether this session is good. Its signature and its times were checked before.
    pub fn accepts(&self, claims: &Claims) -> bool {
        claims.generation == self.session_generation && !self.signed_out.contains_key(&claims.session)
    }

    /// The member after signing out of one session.
    #[must_use]
    pub fn signing_out(&self, claims: &Claims, now: Timestamp) -> Self {
        let mut signed_out = self.signed_out.clone();
        signed_out.retain(|_, ends| *ends > now.as_second());
        signed_out.insert(claims.session, claims.expires_at);
        if signed_out.len() > MOST_SIGNED_OUT {
            return self.signing_out_everywhere();
        }
        Self { signed_out, rev: self.rev + 1, ..self.clone() }
    }

    /// The member after signing out of all sessions.
    #[must_use]
    pub fn signing_out_everywhere(&self) -> Self {
        Self {
            session_generation: self.session_generation + 1,
            signed_out: BTreeMap::new(),
            rev: self.rev + 1,
            ..self.clone()
        }
    }

    /// The member with another role. It counts from the next request on: roles are read with each.
    #[must_use]
    pub fn with_role(&self, role: Role) -> Self {
        Self { role, rev: self.rev + 1, ..self.clone() }
    }
}

impl FirstOwner {
    /// Reads the setting: an address has an `@`, a GitHub name cannot have one. `None` for what is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            Email::parse(text).ok().map(Self::Email)
        } else {
            GithubLogin::parse(text).ok().map(Self::Login)
        }
    }

    /// Whether this is who was meant.
    pub fn is_proved_by(&self, proof: &Proof) -> bool {
        match self {
            Self::Login(login) => {
                proof.github.as_ref().is_some_and(|github| github.login.eq_ignore_ascii_case(login.as_str()))
            }
            Self::Email(email) => proof.email.as_ref().is_some_and(|shown| shown.is_same(email)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Random, session};

    const NOW: i64 = 1_767_225_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(NOW + second).unwrap()
    }

    fn random() -> Random {
        let next = std::sync::atomic::AtomicU64::new(0);
        Random::new(move |bytes| {
            let drawn = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_le_bytes();
            bytes.iter_mut().rev().zip(drawn).for_each(|(byte, drawn)| *byte = drawn);
        })
    }

    fn account(id: u64, login: &str) -> GithubAccount {
        GithubAccount { id: GithubUserId(id), login: login.to_owned(), avatar_url: String::new() }
    }

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn member(proof: Proof) -> Member {
        Member::invite(UserId::generate(at(0), &random()), Role::Admin, proof, at(0))
    }

    fn proof(github: Option<(u64, &str)>, address: Option<&str>) -> Proof {
        Proof { github: github.map(|(id, login)| account(id, login)), email: address.map(email) }
    }

    #[test]
    fn a_github_account_is_known_by_its_number_whatever_it_is_called() {
        let member = member(proof(Some((7, "jane")), None));
        let renamed = member.signing_in(&proof(Some((7, "jane-doe")), None), at(1)).unwrap();
        assert_eq!(renamed.github.unwrap().login, "jane-doe");
        assert_eq!(member.signing_in(&proof(Some((8, "jane")), None), at(1)), None, "another took the old name");
    }

    #[test]
    fn an_invited_address_learns_its_github_account_once() {
        let invited = member(proof(None, Some("jane@example.com")));
        let known = invited.signing_in(&proof(Some((7, "jane")), Some("Jane@Example.com")), at(1)).unwrap();
        assert_eq!(known.github.as_ref().unwrap().id, GithubUserId(7));
        let other = proof(Some((8, "eve")), Some("jane@example.com"));
        assert_eq!(known.signing_in(&other, at(2)), None, "an address does not make another account the member");
        assert!(known.signing_in(&proof(None, Some("jane@example.com")), at(2)).is_some(), "a link still signs in");
        assert_eq!(invited.signing_in(&proof(Some((8, "eve")), Some("eve@example.com")), at(1)), None);
    }

    #[test]
    fn an_address_that_is_known_is_not_replaced_by_signing_in() {
        let member = member(proof(Some((7, "jane")), Some("jane@example.com")));
        let after = member.signing_in(&proof(Some((7, "jane")), Some("new@example.com")), at(1)).unwrap();
        assert_eq!(after.email, Some(email("jane@example.com")));
    }

    #[test]
    fn signing_out_ends_one_session_and_signing_out_everywhere_ends_all() {
        let member = member(proof(Some((7, "jane")), None));
        let random = random();
        let session = |member: &Member| session::Claims::issue(CompanyId(1), member, &random, at(0));
        let (one, two) = (session(&member), session(&member));
        let after = member.signing_out(&one, at(1));
        assert!(!after.accepts(&one) && after.accepts(&two));
        let nowhere = after.signing_out_everywhere();
        assert!(!nowhere.accepts(&one) && !nowhere.accepts(&two) && nowhere.accepts(&session(&nowhere)));
    }

    #[test]
    fn the_list_of_signed_out_sessions_forgets_what_has_ended_and_stays_short() {
        let mut member = member(proof(Some((7, "jane")), None));
        let random = random();
        for _ in 0..MOST_SIGNED_OUT {
            let claims = session::Claims::issue(CompanyId(1), &member, &random, at(0));
            member = member.signing_out(&claims, at(0));
        }
        let claims = session::Claims::issue(CompanyId(1), &member, &random, at(0));
        let full = member.signing_out(&claims, at(0));
        assert!(full.signed_out.is_empty() && !full.accepts(&claims), "all of them end instead");
        let month_later = member.signing_out(&claims, at(31 * 24 * 3600));
        assert_eq!(month_later.signed_out.len(), 1);
    }

    #[test]
    fn the_first_owner_is_a_name_or_an_address() {
        let login = FirstOwner::parse("CTrimm").unwrap();
        assert!(login.is_proved_by(&proof(Some((1, "ctrimm")), None)));
        assert!(!login.is_proved_by(&proof(Some((1, "ctrimmer")), Some("ctrimm@example.com"))));
        let address = FirstOwner::parse("owner@example.com").unwrap();
        assert!(address.is_proved_by(&proof(Some((1, "x")), Some("Owner@example.com"))));
        assert!(!address.is_proved_by(&proof(Some((1, "owner")), None)));
        assert_eq!(FirstOwner::parse("not a name"), None);
    }
}
