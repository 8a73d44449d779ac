//! What the sandbox remembers, and GitHub's rules about it.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use jiff::{SignedDuration, ToSpan};
use serde::{Deserialize, Serialize};

use super::{hooks::Hook, oauth::SignIns};
use crate::forges::{BEGINNING, code::Code};

/// After so many days an invitation cannot be accepted any more. It stays in the list all the same.
pub(super) const INVITATION_DAYS: i64 = 7;
/// So many invitations may be sent for one repository within [`INVITATION_WINDOW`].
pub(super) const INVITATIONS_PER_WINDOW: usize = 50;
/// The window of [`INVITATIONS_PER_WINDOW`].
pub(super) const INVITATION_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Whether an account is somebody or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    User,
    Organization,
}

impl Kind {
    /// GitHub's word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Organization => "Organization",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub login: String,
    pub kind: Kind,
    /// Of an organisation.
    pub members: BTreeSet<u64>,
    /// Why this account cannot be invited, in GitHub's words (blocked, flagged as spam, managed by an enterprise).
    pub refusal: Option<String>,
    /// Whether the GitHub App is installed on this account.
    pub has_app: bool,
    /// Whether that installation is suspended.
    #[serde(default)]
    pub suspended: bool,
    /// None are as good as one, primary and verified, under `example.com`.
    #[serde(default)]
    pub emails: Vec<Address>,
}

/// An account's e-mail address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Address {
    pub email: String,
    pub primary: bool,
    pub verified: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on GitHub, too")]
pub(super) struct Repository {
    pub owner: u64,
    pub name: String,
    pub private: bool,
    /// Invisible to our credentials.
    pub hidden: bool,
    /// Why nobody's access may be looked at or changed, in GitHub's words.
    pub forbidden: Option<String>,
    /// Account ids and what they may do.
    pub collaborators: BTreeMap<u64, String>,
    pub invitations: BTreeMap<u64, Invitation>,
    /// When the invitations of the last 24 hours were sent.
    pub recent: Vec<Timestamp>,
    /// How many invitations were ever sent.
    pub sent: usize,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub stars: u64,
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// Not among the repositories that the GitHub App was installed on.
    #[serde(default)]
    pub taken_off: bool,
    #[serde(default)]
    pub code: Code,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Invitation {
    pub invitee: u64,
    pub permission: String,
    pub created_at: Timestamp,
    /// Ended by hand, before its time.
    pub ended: bool,
}

impl Invitation {
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.ended || self.created_at.checked_add((24 * INVITATION_DAYS).hours()).is_ok_and(|end| end <= now)
    }
}

/// An installation access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub account: u64,
    pub expires_at: Timestamp,
    /// The repositories it is narrowed to.
    pub repositories: Option<BTreeSet<u64>>,
    /// Whether it may change who has access.
    pub administration: bool,
    /// Whether it may read code.
    #[serde(default)]
    pub contents: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    next_id: u64,
    pub accounts: BTreeMap<u64, Account>,
    pub repositories: BTreeMap<u64, Repository>,
    /// Former full names, in lower case.
    moved: BTreeMap<String, u64>,
    pub tokens: BTreeMap<String, Token>,
    /// Oldest first.
    #[serde(default)]
    pub hooks: Vec<Hook>,
    #[serde(default)]
    pub hooks_dropped: bool,
    #[serde(default)]
    pub sign_ins: SignIns,
}

/// Where a repository's name leads.
pub(super) enum Found {
    Here(u64),
    /// It was called that once.
    Moved(u64),
    Nowhere,
}

/// What came of an invitation.
pub(super) enum Invited {
    /// They have access already.
    Present,
    /// The invitation that now stands, new or not.
    Standing(u64),
}

/// Why somebody was not invited.
pub(super) enum NotInvited {
    NoSuchUser,
    Organisation,
    Refused(String),
    /// The repository's 24 hours are full until then.
    TooMany(Timestamp),
}

impl State {
    /// The accounts and repositories of the walk-through.
    pub(super) fn seeded() -> Self {
        let mut state = Self {
            next_id: 1000,
            accounts: BTreeMap::new(),
            repositories: BTreeMap::new(),
            moved: BTreeMap::new(),
            tokens: BTreeMap::new(),
            hooks: Vec::new(),
            hooks_dropped: false,
            sign_ins: SignIns::default(),
        };
        for login in ["ctrimm", "johndoe", "janedoe", "octocat"] {
            state.add_account(login, Kind::User);
        }
        state.add_account("acme-corp", Kind::Organization);
        state.add_repository("ctrimm", "premium-theme", true);
        let toolkit = state.add_repository("acme-corp", "toolkit", true);
        if let Some(toolkit) = state.repositories.get_mut(&toolkit) {
            toolkit.code = Code::package("acme/toolkit", &["v1.0.0", "v1.1.0", "v2.0.0"], BEGINNING);
        }
        state.add_repository("acme-corp", "starter-kit", true);
        state
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The account of that name, whatever the case of its letters.
    pub(super) fn account(&self, login: &str) -> Option<u64> {
        let named = |account: &Account| account.login.eq_ignore_ascii_case(login);
        self.accounts.iter().find(|(_, account)| named(account)).map(|(id, _)| *id)
    }

    /// The account's present name; an account that is gone is GitHub's `ghost`.
    pub(super) fn login(&self, id: u64) -> &str {
        self.accounts.get(&id).map_or("ghost", |account| &account.login)
    }

    pub(super) fn add_account(&mut self, login: &str, kind: Kind) -> u64 {
        if let Some(id) = self.account(login) {
            return id;
        }
        let id = self.new_id();
        self.accounts.insert(
            id,
            Account {
                login: login.to_owned(),
                kind,
                members: BTreeSet::new(),
                refusal: None,
                has_app: true,
                suspended: false,
                emails: Vec::new(),
            },
        );
        id
    }

    /// An owner that does not exist yet becomes a user.
    pub(super) fn add_repository(&mut self, owner: &str, name: &str, private: bool) -> u64 {
        let owner = self.add_account(owner, Kind::User);
        let full_name = full_name(self.login(owner), name);
        if let Some(id) = self.at(&full_name) {
            return id;
        }
        self.moved.remove(&full_name);
        let id = self.new_id();
        self.repositories.insert(
            id,
            Repository {
                owner,
                name: name.to_owned(),
                private,
                hidden: false,
                forbidden: None,
                collaborators: BTreeMap::new(),
                invitations: BTreeMap::new(),
                recent: Vec::new(),
                sent: 0,
                archived: false,
                description: None,
                stars: 0,
                updated_at: None,
                taken_off: false,
                code: Code::default(),
            },
        );
        id
    }

    /// Where `owner/name` leads, whatever the case of its letters.
    pub(super) fn find(&self, owner: &str, name: &str) -> Found {
        let full_name = full_name(owner, name);
        if let Some(id) = self.at(&full_name) {
            return Found::Here(id);
        }
        match self.moved.get(&full_name) {
            Some(id) if self.repositories.contains_key(id) => Found::Moved(*id),
            _ => Found::Nowhere,
        }
    }

    fn at(&self, full_name: &str) -> Option<u64> {
        let ids = self.repositories.keys().copied();
        ids.into_iter().find(|id| self.full_name(*id) == full_name)
    }

    /// `owner/name` in lower case, as it is compared.
    fn full_name(&self, id: u64) -> String {
        self.repositories
            .get(&id)
            .map_or_else(String::new, |repository| full_name(self.login(repository.owner), &repository.name))
    }

    /// Gives an account another name. Its repositories' old names lead on to them.
    pub(super) fn rename_account(&mut self, id: u64, login: &str) {
        let owned: Vec<u64> =
            self.repositories.iter().filter(|(_, repository)| repository.owner == id).map(|(id, _)| *id).collect();
        for repository in owned {
            self.moved.insert(self.full_name(repository), repository);
        }
        if let Some(account) = self.accounts.get_mut(&id) {
            login.clone_into(&mut account.login);
        }
    }

    /// Gives a repository another owner and name. The old ones lead on to it.
    pub(super) fn move_repository(&mut self, id: u64, owner: u64, name: &str) {
        self.moved.insert(self.full_name(id), id);
        if let Some(repository) = self.repositories.get_mut(&id) {
            repository.owner = owner;
            name.clone_into(&mut repository.name);
        }
        self.moved.remove(&self.full_name(id));
    }

    /// Removes an account, its access and its invitations; what it owns goes too.
    pub(super) fn delete_account(&mut self, id: u64) {
        self.accounts.remove(&id);
        self.repositories.retain(|_, repository| repository.owner != id);
        for account in self.accounts.values_mut() {
            account.members.remove(&id);
        }
        for repository in self.repositories.values_mut() {
            repository.collaborators.remove(&id);
            repository.invitations.retain(|_, invitation| invitation.invitee != id);
        }
    }

    /// Whether the account can read the repository by being its owner, a member of its organisation or a collaborator.
    pub(super) fn has_access(&self, repository: &Repository, user: u64) -> bool {
        let owner = self.accounts.get(&repository.owner);
        repository.owner == user
            || repository.collaborators.contains_key(&user)
            || owner.is_some_and(|owner| owner.members.contains(&user))
    }

    /// Invites `login`, after GitHub's rules.
    ///
    /// An invitation that stands is left as it is, and so is one that has expired: it blocks the way until it is
    /// deleted (an assumption, after what Terraform's provider ran into).
    pub(super) fn invite(
        &mut self,
        id: u64,
        login: &str,
        permission: &str,
        now: Timestamp,
    ) -> Result<Invited, NotInvited> {
        let user = self.account(login).ok_or(NotInvited::NoSuchUser)?;
        let account = &self.accounts[&user];
        if account.kind == Kind::Organization {
            return Err(NotInvited::Organisation);
        }
        let refusal = account.refusal.clone();
        let repository = &self.repositories[&id];
        let personal = self.accounts.get(&repository.owner).is_none_or(|owner| owner.kind == Kind::User);
        // On a person's repository every collaborator can push, whatever was asked for.
        let permission = if personal { "push" } else { permission };
        if self.has_access(repository, user) {
            if let Some(repository) = self.repositories.get_mut(&id)
                && let Some(granted) = repository.collaborators.get_mut(&user)
            {
                permission.clone_into(granted);
            }
            return Ok(Invited::Present);
        }
        if let Some(standing) = repository.invitation_of(user) {
            return Ok(Invited::Standing(standing));
        }
        if let Some(message) = refusal {
            return Err(NotInvited::Refused(message));
        }
        let new = self.new_id();
        let Some(repository) = self.repositories.get_mut(&id) else {
            return Err(NotInvited::NoSuchUser);
        };
        repository.make_room(now).map_err(NotInvited::TooMany)?;
        repository.recent.push(now);
        repository.sent += 1;
        repository.invitations.insert(
            new,
            Invitation { invitee: user, permission: permission.to_owned(), created_at: now, ended: false },
        );
        Ok(Invited::Standing(new))
    }
}

impl Repository {
    /// The invitation of that user, expired or not.
    pub(super) fn invitation_of(&self, user: u64) -> Option<u64> {
        self.invitations.iter().find(|(_, invitation)| invitation.invitee == user).map(|(id, _)| *id)
    }

    /// Forgets invitations older than the window; when it is full still, says when it will not be.
    fn make_room(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.recent.retain(|sent| now.duration_since(*sent) < INVITATION_WINDOW);
        if self.recent.len() < INVITATIONS_PER_WINDOW {
            return Ok(());
        }
        let first = self.recent.iter().min().copied().unwrap_or(now);
        Err(first.checked_add(INVITATION_WINDOW).unwrap_or(now))
    }
}

fn full_name(owner: &str, name: &str) -> String {
    format!("{owner}/{name}").to_ascii_lowercase()
}
