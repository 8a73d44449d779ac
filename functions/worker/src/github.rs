//! One account and one repository on GitHub: what stands there, and how it is changed.
//!
//! Accounts are addressed by number: a name can be given up and taken by somebody else, so it is resolved each time.

use clients::{
    Github,
    github::{GithubError, GithubErrorKind, Invitation, Invited, Receipt},
};
use domain::{
    GithubUserId, Timestamp,
    access::{Entitlement, ProblemCode},
    repository::GithubPath,
};

/// GitHub's limits on calls end within the hour. One that lasts longer can only be that of invitations a day.
pub(crate) const LONGEST_PAUSE_SECONDS: i64 = 60 * 60;

/// Why GitHub does not match what is desired.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) code: ProblemCode,
    pub(crate) message: String,
    /// When GitHub said that it may be asked again.
    pub(crate) until: Option<Timestamp>,
    /// GitHub's id of the request that was refused.
    pub(crate) request_id: Option<String>,
}

/// One account and one repository on GitHub.
pub(crate) struct Place<'a> {
    github: &'a Github,
    path: GithubPath,
    account: GithubUserId,
    /// Whether GitHub was, or may have been, changed.
    pub(crate) changed: bool,
    /// GitHub's id of the last change.
    pub(crate) request_id: Option<String>,
}

/// What stands on GitHub for an account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Access.
    Member,
    /// An invitation that can be accepted.
    Invited {
        /// When it was sent.
        since: Timestamp,
        /// Its id.
        id: u64,
    },
    /// Neither.
    Nothing {
        /// Invitations that can't be accepted any more: they are in the way of the next.
        expired: Vec<u64>,
    },
}

/// Why nobody was invited.
pub(crate) enum NotInvited {
    /// The repository has had its invitations for today, from somebody if not from us.
    Full {
        /// When there is room again, if GitHub said so.
        until: Option<Timestamp>,
    },
    /// Something else.
    Trouble(Trouble),
}

impl<'a> Place<'a> {
    pub(crate) fn new(github: &'a Github, entitlement: &Entitlement) -> Self {
        let (path, account) = (entitlement.github.clone(), entitlement.key.account);
        Self { github, path, account, changed: false, request_id: None }
    }

    /// The account's name at present; `None` if it is gone.
    pub(crate) async fn login(&self) -> Result<Option<String>, Trouble> {
        let account = self.github.account_by_id(self.account).await?;
        Ok(account.map(|account| account.login))
    }

    /// What stands there. Somebody who is in can have an expired invitation all the same.
    pub(crate) async fn standing(&self, login: &str) -> Result<Standing, Trouble> {
        let (owner, name) = self.names();
        let invitations = self.invitations().await?;
        if let Some(open) = invitations.iter().find(|invitation| !invitation.expired) {
            return Ok(Standing::Invited { since: open.created_at, id: open.id });
        }
        match self.github.is_collaborator(owner, name, login).await {
            Ok(true) => Ok(Standing::Member),
            Ok(false) => Ok(Standing::Nothing { expired: invitations.iter().map(|it| it.id).collect() }),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Invites the account; members of the organisation get in without.
    pub(crate) async fn invite(&mut self, login: &str, now: Timestamp) -> Result<Invited, NotInvited> {
        self.changed = true;
        let invited = self.github.invite(self.path.owner.as_str(), self.path.name.as_str(), login).await;
        match invited {
            Ok((invited, receipt)) => {
                self.note(receipt);
                Ok(invited)
            }
            Err(error) if is_limit_of_invitations(&error.kind, now) => {
                Err(NotInvited::Full { until: Trouble::from(error).until })
            }
            Err(error) => Err(NotInvited::Trouble(self.explain(error).await)),
        }
    }

    /// Invitations are deleted before and after: the account may accept one in between. Then it must not be a
    /// collaborator any more, or it has access by other means.
    pub(crate) async fn remove(&mut self, login: &str) -> Result<(), Trouble> {
        self.delete_invitations().await?;
        self.changed = true;
        let removed = self.github.remove_collaborator(self.path.owner.as_str(), self.path.name.as_str(), login).await;
        match removed {
            Ok(receipt) => self.note(receipt),
            Err(error) => return Err(self.explain(error).await),
        }
        self.delete_invitations().await?;
        let (owner, name) = self.names();
        if self.github.is_collaborator(owner, name, login).await? {
            return Err(Trouble::new(
                ProblemCode::StillHasAccess,
                "Removed as a collaborator, the account still has access through a team, the organisation or as its owner",
            ));
        }
        Ok(())
    }

    async fn delete_invitations(&mut self) -> Result<(), Trouble> {
        for invitation in self.invitations().await? {
            self.delete(invitation.id).await?;
        }
        Ok(())
    }

    /// Withdraws an invitation.
    pub(crate) async fn delete(&mut self, invitation: u64) -> Result<(), Trouble> {
        self.changed = true;
        let (owner, name) = (self.path.owner.as_str(), self.path.name.as_str());
        let receipt = self.github.delete_invitation(owner, name, invitation).await?;
        self.note(receipt);
        Ok(())
    }

    /// This account's invitations, expired ones included.
    async fn invitations(&self) -> Result<Vec<Invitation>, Trouble> {
        let (owner, name) = self.names();
        let all = match self.github.invitations(owner, name).await {
            Ok(all) => all,
            Err(error) => return Err(self.explain(error).await),
        };
        Ok(all.into_iter().filter(|invitation| invitation.invitee == Some(self.account)).collect())
    }

    /// GitHub says 404 for a repository that it does not show and for an account that it does not know alike.
    async fn explain(&self, error: GithubError) -> Trouble {
        if !matches!(error.kind, GithubErrorKind::NotFound) {
            return error.into();
        }
        let (owner, name) = self.names();
        match self.github.repository_exists(owner, name).await {
            Ok(true) => Trouble::new(ProblemCode::AccountNotFound, "GitHub does not know the buyer's account"),
            Ok(false) => error.into(),
            Err(error) => error.into(),
        }
    }

    fn note(&mut self, receipt: Receipt) {
        self.request_id = receipt.request_id.or(self.request_id.take());
    }

    fn names(&self) -> (&str, &str) {
        (self.path.owner.as_str(), self.path.name.as_str())
    }
}

/// Whether GitHub means that it invites nobody to the repository any more today. Its answer is not documented; it is taken to
/// be a wait that is longer than any limit on calls, or words that speak of a limit of invitations.
fn is_limit_of_invitations(error: &GithubErrorKind, now: Timestamp) -> bool {
    match error {
        GithubErrorKind::RateLimited { until } => until.as_second() > now.as_second() + LONGEST_PAUSE_SECONDS,
        GithubErrorKind::Forbidden { message } | GithubErrorKind::Invalid { message } => {
            let message = message.to_ascii_lowercase();
            message.contains("invit") && message.contains("limit")
        }
        _ => false,
    }
}

impl Trouble {
    pub(crate) fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), until: None, request_id: None }
    }

    /// Whether it is certain that GitHub did nothing.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code != ProblemCode::GithubUnavailable
    }
}

impl From<GithubError> for Trouble {
    fn from(error: GithubError) -> Self {
        let mut until = None;
        let (code, message) = match error.kind {
            GithubErrorKind::RateLimited { until: told } => {
                until = Some(told);
                (ProblemCode::RateLimited, "GitHub asked to wait".to_owned())
            }
            GithubErrorKind::Unauthorized => {
                (ProblemCode::CredentialsRefused, "GitHub refuses the credentials: renew the token".to_owned())
            }
            GithubErrorKind::Credentials(error) => (ProblemCode::CredentialsRefused, error.to_string()),
            GithubErrorKind::UnusableCredentials(reason) => (ProblemCode::CredentialsRefused, reason.to_owned()),
            GithubErrorKind::Forbidden { message } => (ProblemCode::Forbidden, format!("GitHub forbids it: {message}")),
            GithubErrorKind::Invalid { message } => {
                (ProblemCode::AccountRefused, format!("GitHub refuses it: {message}"))
            }
            GithubErrorKind::NotFound | GithubErrorKind::Moved => (
                ProblemCode::RepositoryNotFound,
                "The repository is not to be seen with the credentials: was it renamed, deleted or taken off them?"
                    .to_owned(),
            ),
            GithubErrorKind::Unavailable { source } => {
                (ProblemCode::GithubUnavailable, format!("GitHub did not answer: {source}"))
            }
        };
        Self { code, message, until, request_id: error.request_id }
    }
}
