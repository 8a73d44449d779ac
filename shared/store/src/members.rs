//! Members of companies, and the identities by which they are found.
//!
//! The company counts its members and its owners in the same transactions, so that it never loses its last owner. So is the
//! line of the log written that tells of the change.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CompanyId, Failure, UserId,
    company::Role,
    log::LogEntry,
    member::{Identity, Member, Membership},
    text::Email,
};

use crate::{
    Store,
    keys::{self, Key},
    sha256,
    table::{Freshness, Partition, Refusal, Write, item, number},
};
use serde::Deserialize;

/// What became of a change to a company's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum MemberChange {
    /// It was made.
    Made,
    /// Somebody else changed the member meanwhile, or removed it: read again.
    Stale,
    /// An account or an address belongs to another member of the company.
    Taken,
    /// The company would have no owner, or, where the first is made, it is not there or has members.
    Owners,
}

/// The places of a transaction's writes, for what their conditions say.
#[derive(Default)]
struct Writes {
    writes: Vec<Write>,
    company: Option<usize>,
}

impl Store {
    /// A member. Read strongly: all that a session is confirmed with is this one item.
    pub async fn member(&self, company: CompanyId, id: UserId) -> Result<Option<Member>, Failure> {
        self.table.get(&keys::member(company, id), Freshness::Strong).await
    }

    /// The company's members, oldest first.
    pub async fn members(&self, company: CompanyId) -> Result<Vec<Member>, Failure> {
        let pk = keys::members(company);
        self.table.query(Partition { index: None, pk: &pk, newest_first: false, limit: None }).await
    }

    /// The companies that somebody is a member of, lowest number first: for strangers who sign in.
    pub async fn memberships(&self, identity: &Identity) -> Result<Vec<Membership>, Failure> {
        let pk = match identity {
            Identity::Github(account) => keys::github_identities(*account),
            Identity::Email(email) => keys::email_identities(&digest(email)),
        };
        let partition = Partition { index: None, pk: &pk, newest_first: false, limit: None };
        let mut found: Vec<Membership> = self.table.query(partition).await?;
        found.sort_unstable();
        Ok(found)
    }

    /// Adds a member.
    pub async fn insert_member(
        &self,
        company: CompanyId,
        member: &Member,
        entry: &LogEntry,
    ) -> Result<MemberChange, Failure> {
        let mut writes = self.adding(company, member)?;
        let expression = if member.role == Role::Owner { "ADD members :one, owners :one" } else { "ADD members :one" };
        let count = self.table.update(&keys::company(company), expression, one(), Some("attribute_exists(pk)"))?;
        writes.count(count);
        self.change(company, writes, Some(entry)).await
    }

    /// Adds the owner of a company that has no member yet.
    pub async fn insert_first_owner(
        &self,
        company: CompanyId,
        owner: &Member,
        entry: &LogEntry,
    ) -> Result<MemberChange, Failure> {
        let mut writes = self.adding(company, owner)?;
        let values = vec![(":one".to_owned(), number(1)), (":none".to_owned(), number(0))];
        writes.count(self.table.update(
            &keys::company(company),
            "ADD members :one, owners :one",
            values,
            Some("attribute_exists(pk) AND (attribute_not_exists(members) OR members = :none)"),
        )?);
        self.change(company, writes, Some(entry)).await
    }

    /// Whether the company is there and nobody has ever been its member.
    pub async fn awaits_first_owner(&self, company: CompanyId) -> Result<bool, Failure> {
        #[derive(Deserialize)]
        struct Counts {
            #[serde(default)]
            members: u64,
        }
        let counts: Option<Counts> = self.table.get(&keys::company(company), Freshness::Strong).await?;
        Ok(counts.is_some_and(|counts| counts.members == 0))
    }

    /// Writes a member over the state that was read. What changes nothing but which of its sessions are good has no line in
    /// the log.
    pub async fn replace_member(
        &self,
        company: CompanyId,
        before: &Member,
        after: &Member,
        entry: Option<&LogEntry>,
    ) -> Result<MemberChange, Failure> {
        let row = item("member", &keys::member(company, after.id), after)?;
        let mut writes = Writes::default();
        writes.push(self.table.put_over(row, before.rev)?);
        let (old, new) = (before.identities(), after.identities());
        for identity in new.iter().filter(|identity| !old.contains(identity)) {
            writes.push(self.link(company, after.id, identity)?);
        }
        for identity in old.iter().filter(|identity| !new.contains(identity)) {
            writes.push(self.table.delete(&key(company, identity), None, Vec::new())?);
        }
        match (before.role == Role::Owner, after.role == Role::Owner) {
            (false, true) => {
                writes.count(self.table.update(&keys::company(company), "ADD owners :one", one(), None)?);
            }
            (true, false) => writes.count(self.one_owner_less(company, "ADD owners :less")?),
            _ => {}
        }
        self.change(company, writes, entry).await
    }

    /// Removes a member. When this returns, none of its sessions is accepted any more.
    pub async fn remove_member(
        &self,
        company: CompanyId,
        member: &Member,
        entry: &LogEntry,
    ) -> Result<MemberChange, Failure> {
        let mut writes = Writes::default();
        let rev = vec![(":rev".to_owned(), number(member.rev))];
        writes.push(self.table.delete(&keys::member(company, member.id), Some("rev = :rev"), rev)?);
        for identity in member.identities() {
            writes.push(self.table.delete(&key(company, &identity), None, Vec::new())?);
        }
        writes.count(if member.role == Role::Owner {
            self.one_owner_less(company, "ADD owners :less, members :less")?
        } else {
            let less = vec![(":less".to_owned(), number(-1))];
            self.table.update(&keys::company(company), "ADD members :less", less, None)?
        });
        self.change(company, writes, Some(entry)).await
    }

    fn adding(&self, company: CompanyId, member: &Member) -> Result<Writes, Failure> {
        let mut writes = Writes::default();
        writes.push(self.table.put_if_absent(item("member", &keys::member(company, member.id), member)?)?);
        for identity in member.identities() {
            writes.push(self.link(company, member.id, &identity)?);
        }
        Ok(writes)
    }

    fn link(&self, company: CompanyId, member: UserId, identity: &Identity) -> Result<Write, Failure> {
        self.table.put_if_absent(item("identity", &key(company, identity), &Membership { company, member })?)
    }

    fn one_owner_less(&self, company: CompanyId, expression: &str) -> Result<Write, Failure> {
        let values = vec![(":less".to_owned(), number(-1)), (":one".to_owned(), number(1))];
        self.table.update(&keys::company(company), expression, values, Some("owners > :one"))
    }

    async fn change(
        &self,
        company: CompanyId,
        mut writes: Writes,
        entry: Option<&LogEntry>,
    ) -> Result<MemberChange, Failure> {
        if let Some(entry) = entry {
            writes.writes.extend(self.log_writes(company, entry)?);
        }
        match self.table.transact(writes.writes).await {
            Ok(()) => Ok(MemberChange::Made),
            // The member first: who did not read the newest state does not know what else was wrong.
            Err(Refusal::Conditions(failed)) if failed.contains(&0) => Ok(MemberChange::Stale),
            Err(Refusal::Conditions(failed)) if failed.iter().any(|place| Some(*place) == writes.company) => {
                Ok(MemberChange::Owners)
            }
            Err(Refusal::Conditions(_)) => Ok(MemberChange::Taken),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }
}

impl Writes {
    fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    fn count(&mut self, write: Write) {
        self.company = Some(self.writes.len());
        self.push(write);
    }
}

fn key(company: CompanyId, identity: &Identity) -> Key {
    match identity {
        Identity::Github(account) => keys::github_identity(company, *account),
        Identity::Email(email) => keys::email_identity(company, &digest(email)),
    }
}

/// One spelling per mailbox: upper and lower case reach the same person.
fn digest(email: &Email) -> String {
    sha256(&email.to_lowercase())
}

fn one() -> Vec<(String, AttributeValue)> {
    vec![(":one".to_owned(), number(1))]
}
