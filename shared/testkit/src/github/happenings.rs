//! What people do on GitHub without us: webhooks tell of it, if they do.

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{
    Sandbox,
    control::present,
    hooks::{Sender, Teller},
    state::{Found, Repository, State},
};

impl Sandbox {
    /// Renames a repository; the old name answers with a redirect.
    ///
    /// # Errors
    /// When there is no such repository, or the new name is taken.
    pub fn rename_repository(&self, owner: &str, name: &str, new_name: &str) -> anyhow::Result<()> {
        self.transfer_repository(owner, name, owner, new_name)
    }

    /// Gives a repository to another owner and names it `new_name`; the old name answers with a redirect.
    ///
    /// # Errors
    /// When the repository or the new owner does not exist, or the new name is taken.
    pub fn transfer_repository(&self, owner: &str, name: &str, new_owner: &str, new_name: &str) -> anyhow::Result<()> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let id = present(state, owner, name)?;
            if matches!(state.find(new_owner, new_name), Found::Here(other) if other != id) {
                bail!("the name {new_owner}/{new_name} is taken");
            }
            let new_owner = state.account(new_owner).context("no such account")?;
            let before = state.repositories[&id].clone();
            state.move_repository(id, new_owner, new_name);
            let (action, changes) = if before.owner == new_owner {
                ("renamed", json!({ "repository": { "name": { "from": before.name } } }))
            } else {
                ("transferred", json!({ "owner": { "from": { "user": { "id": before.owner } } } }))
            };
            teller.repository(state, id, action, &changes);
            Ok(())
        })
    }

    /// Deletes a repository. An unknown one is fine.
    pub fn delete_repository(&self, owner: &str, name: &str) {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            if let Ok(id) = present(state, owner, name) {
                teller.repository(state, id, "deleted", &Value::Null);
                state.repositories.remove(&id);
            }
        });
    }

    /// Makes a repository private, or public: then anybody can read it.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_private(&self, owner: &str, name: &str, private: bool) -> anyhow::Result<()> {
        let action = if private { "privatized" } else { "publicized" };
        self.becomes(owner, name, action, |repository| repository.private = private)
    }

    /// Archives a repository, or ends that.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn set_archived(&self, owner: &str, name: &str, archived: bool) -> anyhow::Result<()> {
        let action = if archived { "archived" } else { "unarchived" };
        self.becomes(owner, name, action, |repository| repository.archived = archived)
    }

    /// What the repository's page shows besides: its description and its stars. No webhook that matters tells of it.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn describe(&self, owner: &str, name: &str, description: &str, stars: u64) -> anyhow::Result<()> {
        let now = self.now();
        self.change(|state| {
            let id = present(state, owner, name)?;
            let repository = state.repositories.get_mut(&id).context("no such repository")?;
            repository.description = Some(description.to_owned()).filter(|text| !text.is_empty());
            repository.stars = stars;
            repository.updated_at = Some(now);
            Ok(())
        })
    }

    /// The owner adds a collaborator by hand, with an invitation that is accepted at once.
    ///
    /// # Errors
    /// When there is no such repository or account.
    pub fn add_collaborator(&self, owner: &str, name: &str, login: &str) -> anyhow::Result<()> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let id = present(state, owner, name)?;
            let user = state.account(login).context("no such user")?;
            let repository = state.repositories.get_mut(&id).context("no such repository")?;
            repository.invitations.retain(|_, invitation| invitation.invitee != user);
            if repository.collaborators.insert(user, "push".to_owned()).is_none() {
                teller.member(state, id, user, "added");
            }
            Ok(())
        })
    }

    /// The owner removes a collaborator by hand. Nobody by that name is fine.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn remove_collaborator(&self, owner: &str, name: &str, login: &str) -> anyhow::Result<()> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let id = present(state, owner, name)?;
            let user = state.account(login).unwrap_or_default();
            state.remove_collaborator(id, user, &teller);
            Ok(())
        })
    }

    /// Installs the GitHub App on an account, or takes it away: its tokens then stop working.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn set_installed(&self, login: &str, installed: bool) -> anyhow::Result<()> {
        self.installation(login, |state, account, teller| {
            let set = |state: &mut State| state.accounts.get_mut(&account).map(|it| it.has_app = installed);
            // It hears of its own end, and of nothing after it.
            if installed {
                set(state);
                teller.installation(state, account, "created");
            } else {
                teller.installation(state, account, "deleted");
                set(state);
            }
        })
    }

    /// Suspends the GitHub App's installation on an account, or ends that. Its tokens do not work meanwhile.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn set_suspended(&self, login: &str, suspended: bool) -> anyhow::Result<()> {
        self.installation(login, |state, account, teller| {
            if let Some(it) = state.accounts.get_mut(&account) {
                it.suspended = suspended;
            }
            teller.installation(state, account, if suspended { "suspend" } else { "unsuspend" });
        })
    }

    /// Takes one repository out of the GitHub App's installation, or puts it back.
    ///
    /// # Errors
    /// When there is no such repository.
    pub fn take_off(&self, owner: &str, name: &str, taken: bool) -> anyhow::Result<()> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let id = present(state, owner, name)?;
            let repository = state.repositories.get_mut(&id).context("no such repository")?;
            repository.taken_off = taken;
            let owner = repository.owner;
            teller.selection(state, owner, id, if taken { "removed" } else { "added" });
            Ok(())
        })
    }

    fn installation(&self, login: &str, change: impl FnOnce(&mut State, u64, &Teller)) -> anyhow::Result<()> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let account = state.account(login).context("no such account")?;
            change(state, account, &teller);
            Ok(())
        })
    }

    fn becomes(
        &self,
        owner: &str,
        name: &str,
        action: &str,
        change: impl FnOnce(&mut Repository),
    ) -> anyhow::Result<()> {
        let teller = self.teller(Sender::Owner);
        self.change(|state| {
            let id = present(state, owner, name)?;
            change(state.repositories.get_mut(&id).context("no such repository")?);
            teller.repository(state, id, action, &Value::Null);
            Ok(())
        })
    }
}

impl State {
    /// Takes somebody's access away, and tells of it if they had any.
    pub(super) fn remove_collaborator(&mut self, repository: u64, user: u64, teller: &Teller) {
        let found = self.repositories.get_mut(&repository);
        if found.is_some_and(|it| it.collaborators.remove(&user).is_some()) {
            teller.member(self, repository, user, "removed");
        }
    }
}
