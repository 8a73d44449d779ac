//! The sandbox's strings: what tests, the demonstration and the page pull to make things happen on GitHub's side.

use std::{sync::PoisonError, time::Duration};

use anyhow::{Context, bail};

use super::{
    Access, Sandbox,
    gate::{Limits, Primary, Secondary},
    hooks::Sender,
    state::{Found, Kind, Repository, State},
};

impl Sandbox {
    /// Adds a user and answers the account's number. One that exists is left as it is.
    pub fn add_user(&self, login: &str) -> u64 {
        self.change(|state| state.add_account(login, Kind::User))
    }

    /// Adds a repository and answers its number. An owner who is unknown becomes a user; a repository that exists is
    /// left as it is.
    pub fn add_repository(&self, owner: &str, name: &str, private: bool) -> u64 {
        self.change(|state| state.add_repository(owner, name, private))
    }

    /// The number of the account that now has this name.
    pub fn user_id(&self, login: &str) -> Option<u64> {
        self.shared.state.read(|state| state.account(login))
    }

    /// Gives an account another name. Its number stays; the old name is free for anybody.
    ///
    /// # Errors
    /// When there is no such account, or the new name is taken.
    pub fn rename_user(&self, login: &str, new_login: &str) -> anyhow::Result<()> {
        self.change(|state| {
            let id = state.account(login).context("no such account")?;
            if state.account(new_login).is_some_and(|other| other != id) {
                bail!("the name {new_login} is taken");
            }
            state.rename_account(id, new_login);
            Ok(())
        })
    }

    /// Deletes an account with its access, its invitations and its repositories. An unknown one is fine.
    pub fn delete_user(&self, login: &str) {
        self.change(|state| {
            if let Some(id) = state.account(login) {
                state.delete_account(id);
            }
        });
    }

    /// Makes a user a member of an organisation, or ends that.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn set_member(&self, organisation: &str, login: &str, member: bool) -> anyhow::Result<()> {
        self.change(|state| {
            let user = state.account(login).context("no such user")?;
            let organisation = state.account(organisation);
            let organisation = organisation.and_then(|id| state.accounts.get_mut(&id));
            let members = &mut organisation.context("no such organisation")?.members;
            if member {
                members.insert(user);
            } else {
                members.remove(&user);
            }
            Ok(())
        })
    }

    /// From now on nobody can invite this user: 422 with `message` (blocked, spam, another enterprise's managed user).
    /// `None` ends it.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn refuse_invitations(&self, login: &str, message: Option<&str>) -> anyhow::Result<()> {
        self.change(|state| {
            let user = state.account(login);
            let account = user.and_then(|id| state.accounts.get_mut(&id));
            account.context("no such user")?.refusal = message.map(str::to_owned);
            Ok(())
        })
    }

    /// From now on every call about the repository's collaborators and invitations answers 403 with `message`, in
    /// GitHub's wording: `Must have admin rights to Repository.`, `Resource not accessible by integration`.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn forbid(&self, owner: &str, name: &str, message: &str) -> anyhow::Result<()> {
        self.on(owner, name, |repository| {
            repository.forbidden = Some(message.to_owned());
        })
    }

    /// Ends [`Self::forbid`].
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn allow(&self, owner: &str, name: &str) -> anyhow::Result<()> {
        self.on(owner, name, |repository| repository.forbidden = None)
    }

    /// Makes a repository invisible to our credentials (404 for everything), or visible again.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn hide(&self, owner: &str, name: &str, hidden: bool) -> anyhow::Result<()> {
        self.on(owner, name, |repository| repository.hidden = hidden)
    }

    /// The invitee accepts.
    ///
    /// # Errors
    /// When there is no invitation of theirs, or it has expired.
    pub fn accept(&self, owner: &str, name: &str, login: &str) -> anyhow::Result<()> {
        let now = self.now();
        let accepted = self.invited(owner, name, login, |repository, id| {
            if repository.invitations[&id].is_expired(now) {
                bail!("the invitation has expired");
            }
            if let Some(invitation) = repository.invitations.remove(&id) {
                let (invitee, permission) = (invitation.invitee, invitation.permission);
                repository.collaborators.insert(invitee, permission);
            }
            Ok(())
        });
        accepted?;
        self.change(|state| {
            let user = state.account(login).context("no such user")?;
            let id = present(state, owner, name)?;
            self.teller(Sender::Account(user)).member(state, id, user, "added");
            Ok(())
        })
    }

    /// The invitee declines: the invitation is gone, and GitHub tells nobody.
    ///
    /// # Errors
    /// When there is no invitation of theirs.
    pub fn decline(&self, owner: &str, name: &str, login: &str) -> anyhow::Result<()> {
        self.invited(owner, name, login, |repository, id| {
            repository.invitations.remove(&id);
            Ok(())
        })
    }

    /// Ends an invitation before its seven days are over: it stays in the list as expired.
    ///
    /// # Errors
    /// When there is no invitation of theirs.
    pub fn expire(&self, owner: &str, name: &str, login: &str) -> anyhow::Result<()> {
        self.invited(owner, name, login, |repository, id| {
            if let Some(invitation) = repository.invitations.get_mut(&id) {
                invitation.ended = true;
            }
            Ok(())
        })
    }

    /// After `remaining` more calls the primary limit is used up, until `reset_after` from now.
    pub fn limit_requests(&self, remaining: u64, reset_after: Duration) {
        let reset = self.now().checked_add(reset_after).unwrap_or(self.now());
        self.limits(|limits| limits.primary = Some(Primary { remaining, reset }));
    }

    /// Every call meets the secondary limit for so long, with a `retry-after`.
    pub fn secondary_limit(&self, duration: Duration) {
        let until = self.now().checked_add(duration).unwrap_or(self.now());
        let told = true;
        self.limits(|limits| limits.secondary = Some(Secondary { until, told }));
    }

    /// As [`Self::secondary_limit`], but without a `retry-after`: only the message tells what it is.
    pub fn secondary_limit_untold(&self, duration: Duration) {
        let until = self.now().checked_add(duration).unwrap_or(self.now());
        let told = false;
        self.limits(|limits| limits.secondary = Some(Secondary { until, told }));
    }

    /// From now on every token is refused with `401 Bad credentials`, or works again.
    pub fn refuse_credentials(&self, refuse: bool) {
        self.limits(|limits| limits.bad_credentials = refuse);
    }

    /// How far an account has come with a repository. Nobody has any access to one that does not exist.
    pub fn access(&self, owner: &str, name: &str, user_id: u64) -> Access {
        let now = self.now();
        self.shared.state.read(|state| {
            let (Found::Here(id) | Found::Moved(id)) = state.find(owner, name) else {
                return Access::None;
            };
            let repository = &state.repositories[&id];
            if state.has_access(repository, user_id) {
                return Access::Collaborator;
            }
            match repository.invitation_of(user_id) {
                Some(id) => Access::Invited { expired: repository.invitations[&id].is_expired(now) },
                None => Access::None,
            }
        })
    }

    /// How many invitations were ever sent for a repository. Answers that repeat a standing one do not count.
    pub fn invitations_sent(&self, owner: &str, name: &str) -> usize {
        self.shared.state.read(|state| match state.find(owner, name) {
            Found::Here(id) | Found::Moved(id) => state.repositories[&id].sent,
            Found::Nowhere => 0,
        })
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        self.shared.state.change(change)
    }

    pub(super) fn limits<R>(&self, change: impl FnOnce(&mut Limits) -> R) -> R {
        let limits = self.shared.limits.lock();
        change(&mut limits.unwrap_or_else(PoisonError::into_inner))
    }

    fn on(&self, owner: &str, name: &str, change: impl FnOnce(&mut Repository)) -> anyhow::Result<()> {
        self.change(|state| {
            let id = present(state, owner, name)?;
            let repository = state.repositories.get_mut(&id);
            change(repository.context("no such repository")?);
            Ok(())
        })
    }

    fn invited(
        &self,
        owner: &str,
        name: &str,
        login: &str,
        change: impl FnOnce(&mut Repository, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.change(|state| {
            let user = state.account(login).context("no such user")?;
            let id = present(state, owner, name)?;
            let repository = state.repositories.get_mut(&id);
            let repository = repository.context("no such repository")?;
            let invitation = repository.invitation_of(user).context("not invited")?;
            change(repository, invitation)
        })
    }
}

/// The repository that now has, or once had, this name.
pub(super) fn present(state: &State, owner: &str, name: &str) -> anyhow::Result<u64> {
    match state.find(owner, name) {
        Found::Here(id) | Found::Moved(id) => Ok(id),
        Found::Nowhere => bail!("no such repository: {owner}/{name}"),
    }
}
