//! Customers of a vendor: who may install packages. Contract `cargoman.md`, "Customers" and "Tokens".

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    CompanyId, Problem, Random, Secret, Timestamp,
    ids::NotAnId,
    text::{CustomerName, Email, ExternalId, Reason},
    token,
};

mod patch;

pub use patch::CustomerPatch;

/// The prefix of a customer's token.
pub const TOKEN: &str = "tok_";
const PREFIX: &str = "cust_";
/// Characters of an id, and of the part of a token that names the customer.
const HANDLE: usize = 5;
/// How many ids there are: 62 to the power of [`HANDLE`].
const IDS: u64 = 916_132_832;
/// Spreads numbers over all ids, so that an id does not tell at a glance how many customers there are.
const SPREAD: u64 = 633_910_099;
/// The inverse of [`SPREAD`] modulo [`IDS`].
const GATHER: u64 = 382_479_387;

/// A customer: a dense number in its company, from 1. It is shown as `cust_` and five characters that follow from the
/// number; paths take either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomerId(u32);

impl CustomerId {
    /// The customer with this number; `None` when no customer can have it.
    pub fn of_number(number: u64) -> Option<Self> {
        let number = u32::try_from(number).ok()?;
        (1..IDS).contains(&u64::from(number)).then_some(Self(number))
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Five characters that stand for the number.
    fn handle(self) -> String {
        let spread = u64::from(self.0) * SPREAD % IDS;
        token::base62(u32::try_from(spread).unwrap_or_default(), HANDLE)
    }

    fn of_handle(handle: &str) -> Option<Self> {
        let spread = token::read_base62(handle).filter(|_| handle.len() == HANDLE)?;
        Self::of_number(u64::from(spread) * GATHER % IDS)
    }

    /// A new token of the customer. It names the customer, so that what the customer may do is read at once; 19 of its
    /// characters are random (113 bits).
    pub fn issue_token(self, company: CompanyId, random: &Random) -> Secret {
        token::issue_naming(TOKEN, company, &self.handle(), random)
    }

    /// Whom a text in the form of a customer's token claims to belong to. The claim is worth nothing until the token was
    /// compared with the customer's.
    pub fn claimed_by(token: &token::Token) -> Option<Self> {
        Self::of_handle(token.secret.reveal().get(TOKEN.len() + token::COMPANY..)?.get(..HANDLE)?)
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.handle())
    }
}

impl FromStr for CustomerId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let found = match text.strip_prefix(PREFIX) {
            Some(handle) => Self::of_handle(handle),
            None if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
            None => text.parse().ok().and_then(Self::of_number),
        };
        found.ok_or(NotAnId)
    }
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Which.
    #[serde(rename = "number")]
    pub id: CustomerId,
    /// Its name.
    pub name: CustomerName,
    /// Its address.
    pub email: Email,
    /// What the vendor's own system calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// What the vendor decided.
    pub standing: Standing,
    /// Why it is suspended, when it is, and somebody said why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// From when on it may install nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub expires_at: Option<Timestamp>,
    /// Whether it was written down that it has expired: lists and counts go by that.
    #[serde(default)]
    pub expired: bool,
    /// The one token that is good, unless there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenMark>,
    /// When it was made.
    #[serde(with = "crate::stored::seconds")]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(with = "crate::stored::seconds")]
    pub updated_at: Timestamp,
    /// Counts its changes.
    pub rev: u64,
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMark {
    /// The SHA-256 of its text, in lower-case hex.
    pub sha256: String,
    /// Its last four characters, to tell tokens apart.
    pub last_four: String,
    /// When it was made.
    #[serde(with = "crate::stored::seconds")]
    pub created_at: Timestamp,
}

/// What the vendor decided about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may install what it was granted.
    Active,
    /// It may install nothing for now.
    Suspended,
    /// It may install what it could, and nothing newer.
    Frozen,
}

/// How a customer stands (contract, "List Customers", and Cargoman's guides).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CustomerStatus {
    /// As [`Standing::Active`].
    Active,
    /// As [`Standing::Suspended`].
    Suspended,
    /// As [`Standing::Frozen`].
    Frozen,
    /// Its time is over: it may install nothing.
    Expired,
}

impl CustomerStatus {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Frozen, Self::Expired];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Frozen => "frozen",
            Self::Expired => "expired",
        }
    }

    /// The status with this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let known = Self::ALL.into_iter().find(|status| status.name() == text);
        known.ok_or(Problem::NotOneOf { allowed: "active, suspended, frozen, expired" })
    }
}

/// What somebody wants to know of a new customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// Its name.
    pub name: CustomerName,
    /// Its address.
    pub email: Email,
    /// What the vendor's own system calls it.
    pub external_id: Option<ExternalId>,
    /// From when on it may install nothing.
    pub expires_at: Option<Timestamp>,
}

/// Why a customer cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The customer has expired; give it a later expires_at first")]
pub struct HasExpired;

impl Customer {
    /// A new one, active, with this token if it gets one at once.
    pub fn new(id: CustomerId, new: NewCustomer, token: Option<&Secret>, now: Timestamp) -> Self {
        let NewCustomer { name, email, external_id, expires_at } = new;
        let customer = Self {
            id,
            name,
            email,
            external_id,
            standing: Standing::Active,
            reason: None,
            expires_at,
            expired: false,
            token: token.map(|token| TokenMark::of(token, now)),
            created_at: now,
            updated_at: now,
            rev: 1,
        };
        customer.seen(now)
    }

    /// How it stands now.
    pub fn status(&self, now: Timestamp) -> CustomerStatus {
        if self.expires_at.is_some_and(|end| end <= now) {
            return CustomerStatus::Expired;
        }
        self.standing.into()
    }

    /// How it stood when it was last written: lists and counts go by that.
    pub fn listed_status(&self) -> CustomerStatus {
        if self.expired { CustomerStatus::Expired } else { self.standing.into() }
    }

    /// The same, written down as it stands now.
    #[must_use]
    pub fn seen(self, now: Timestamp) -> Self {
        let expired = self.status(now) == CustomerStatus::Expired;
        Self { expired, ..self }
    }

    /// Changed at `now`: every change ends with this.
    #[must_use]
    pub fn changed(self, now: Timestamp) -> Self {
        Self { updated_at: now, rev: self.rev + 1, ..self }.seen(now)
    }

    /// Suspended, for this reason. A new reason takes the place of an older one; none lets it be.
    ///
    /// # Errors
    /// When it has expired.
    pub fn suspended(&self, reason: Option<Reason>, now: Timestamp) -> Result<Self, HasExpired> {
        let reason = reason.or_else(|| self.reason.clone());
        self.standing_so(Standing::Suspended, reason, now)
    }

    /// With full access again.
    ///
    /// # Errors
    /// When it has expired.
    pub fn reactivated(&self, now: Timestamp) -> Result<Self, HasExpired> {
        self.standing_so(Standing::Active, None, now)
    }

    /// With what it has, and nothing newer.
    ///
    /// # Errors
    /// When it has expired.
    pub fn frozen(&self, now: Timestamp) -> Result<Self, HasExpired> {
        self.standing_so(Standing::Frozen, None, now)
    }

    /// With this token, and no other.
    #[must_use]
    pub fn with_token(&self, token: Option<&Secret>, now: Timestamp) -> Self {
        Self { token: token.map(|token| TokenMark::of(token, now)), ..self.clone() }.changed(now)
    }

    /// The same if it stands so already.
    fn standing_so(&self, standing: Standing, reason: Option<Reason>, now: Timestamp) -> Result<Self, HasExpired> {
        if self.status(now) == CustomerStatus::Expired {
            return Err(HasExpired);
        }
        let after = Self { standing, reason, ..self.clone() };
        Ok(if after == *self { after } else { after.changed(now) })
    }
}

impl From<Standing> for CustomerStatus {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Suspended => Self::Suspended,
            Standing::Frozen => Self::Frozen,
        }
    }
}

impl TokenMark {
    /// What is kept of this token.
    pub fn of(token: &Secret, now: Timestamp) -> Self {
        let text = token.reveal();
        Self {
            sha256: token::sha256(text),
            last_four: text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn random() -> Random {
        Random::new(|bytes| bytes.fill(11))
    }

    pub(super) fn customer() -> Customer {
        let new = NewCustomer {
            name: CustomerName::parse("Acme Corp").unwrap(),
            email: Email::parse("dev@acme.com").unwrap(),
            external_id: None,
            expires_at: None,
        };
        let id = CustomerId(1);
        Customer::new(id, new, Some(&id.issue_token(CompanyId(1), &random())), Timestamp::UNIX_EPOCH)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    proptest! {
        #[test]
        fn ids_and_tokens_name_their_customer(number in 1..916_132_832_u64, company in 0..u32::MAX) {
            let id = CustomerId::of_number(number).unwrap();
            prop_assert_eq!(id.to_string().parse::<CustomerId>(), Ok(id));
            prop_assert_eq!(number.to_string().parse::<CustomerId>(), Ok(id));
            prop_assert_eq!(id.to_string().len(), 10);
            let token = id.issue_token(CompanyId(company), &random());
            prop_assert_eq!(token.reveal().len(), 40);
            let token = token::parse(TOKEN, token.reveal()).unwrap();
            prop_assert_eq!(token.claimed_company, CompanyId(company));
            prop_assert_eq!(CustomerId::claimed_by(&token), Some(id));
        }
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in
            ["", "0", "01", "-1", "+1", "cust_", "cust_00000", "cust_abcdef", "cust_äbcd", "916132832", "1e3", " 1"]
        {
            assert!(text.parse::<CustomerId>().is_err(), "{text}");
        }
        assert_ne!(CustomerId(1).to_string()[..8], CustomerId(2).to_string()[..8], "neighbours do not look alike");
    }

    #[test]
    fn an_end_that_is_reached_outweighs_what_was_decided() {
        let customer = Customer { expires_at: Some(at(100)), ..customer() };
        assert_eq!(customer.status(at(99)), CustomerStatus::Active);
        assert_eq!(customer.status(at(100)), CustomerStatus::Expired);
        assert_eq!(customer.suspended(None, at(100)), Err(HasExpired));
        let later = Customer { expires_at: Some(at(300)), ..customer.clone().changed(at(150)) };
        assert_eq!((later.listed_status(), later.status(at(200))), (CustomerStatus::Expired, CustomerStatus::Active));
        assert_eq!(later.changed(at(200)).listed_status(), CustomerStatus::Active);
    }

    #[test]
    fn suspending_and_freezing_end_with_reactivation() {
        let reason = Reason::parse("Payment failed").unwrap();
        let suspended = customer().suspended(Some(reason.clone()), at(5)).unwrap();
        assert_eq!((suspended.status(at(5)), suspended.reason.as_ref()), (CustomerStatus::Suspended, Some(&reason)));
        assert_eq!(suspended.suspended(None, at(6)).unwrap(), suspended, "once more changes nothing");
        let frozen = suspended.frozen(at(6)).unwrap();
        assert_eq!((frozen.status(at(6)), frozen.reason.as_ref()), (CustomerStatus::Frozen, None));
        let active = frozen.reactivated(at(7)).unwrap();
        assert_eq!((active.status(at(7)), active.rev, active.updated_at), (CustomerStatus::Active, 4, at(7)));
    }
}
