//! Looks at GitHub and changes it until it matches what is desired.
//!
//! Accounts are addressed by number: a name can be given up and taken by somebody else, so it is resolved each time.

use clients::{
    Github,
    github::{GithubError, GithubErrorKind, Invitation, Invited},
};
use domain::{
    Timestamp,
    access::{Entitlement, Observed, ProblemCode},
    repository::GithubPath,
};

/// What GitHub was seen to grant in the end.
pub(crate) struct Seen {
    /// `None` when it could not be told.
    pub(crate) observed: Option<Observed>,
    /// Why GitHub does not match, if it does not.
    pub(crate) trouble: Option<Trouble>,
    /// The account's present name, if it was learned.
    pub(crate) login: Option<String>,
    /// Whether GitHub was, or may have been, changed.
    pub(crate) changed_github: bool,
}

/// Why GitHub does not match what is desired.
pub(crate) struct Trouble {
    pub(crate) code: ProblemCode,
    pub(crate) message: String,
    /// When GitHub said that it may be asked again.
    pub(crate) until: Option<Timestamp>,
    /// GitHub's id of the request that was refused.
    pub(crate) request_id: Option<String>,
}

/// What is wanted of GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// No access.
    Nothing,
    /// Access, or an invitation to it.
    Access,
    /// Access, and in place of an invitation that waits another one.
    NewInvitation,
}

/// One account and one repository on GitHub.
struct Place<'a> {
    github: &'a Github,
    path: &'a GithubPath,
    entitlement: &'a Entitlement,
    wanted: Wanted,
    changed: bool,
}

/// Makes GitHub match.
pub(crate) async fn reconcile(github: &Github, entitlement: &Entitlement, wanted: Wanted) -> Seen {
    let mut place = Place { github, path: &entitlement.github, entitlement, wanted, changed: false };
    let mut login = None;
    let result = place.settle(&mut login).await;
    let (observed, trouble) = match result {
        Ok(observed) => (Some(observed), None),
        Err(trouble) => (None, Some(trouble)),
    };
    Seen { observed, trouble, login, changed_github: place.changed }
}

impl Place<'_> {
    async fn settle(&mut self, login: &mut Option<String>) -> Result<Observed, Trouble> {
        let account = self.github.account_by_id(self.entitlement.key.account).await.map_err(trouble)?;
        let desired = self.wanted != Wanted::Nothing;
        let Some(account) = account else {
            let gone =
                || Trouble::new(ProblemCode::AccountNotFound, "The buyer's GitHub account does not exist any more");
            return if desired { Err(gone()) } else { Ok(Observed::Nothing) };
        };
        let name = login.insert(account.login);
        if desired { self.admit(name).await } else { self.remove(name).await }
    }

    /// An invitation that waits is left alone, an expired one is in the way of the next.
    async fn admit(&mut self, login: &str) -> Result<Observed, Trouble> {
        for invitation in self.invitations().await? {
            if !invitation.expired && self.wanted == Wanted::Access {
                return Ok(Observed::Invited);
            }
            self.delete(invitation.id).await?;
        }
        self.changed = true;
        match self.github.invite(self.path.owner.as_str(), self.path.name.as_str(), login).await {
            Ok((Invited::Pending { .. }, _)) => Ok(Observed::Invited),
            Ok((Invited::Already, _)) => Ok(Observed::Member),
            Err(error) => Err(self.explain(error).await),
        }
    }

    /// Invitations are deleted before and after: the account may accept one in between. Then it must not be a
    /// collaborator any more, or it has access by other means.
    async fn remove(&mut self, login: &str) -> Result<Observed, Trouble> {
        let (owner, name) = (self.path.owner.as_str(), self.path.name.as_str());
        self.delete_invitations().await?;
        self.changed = true;
        if let Err(error) = self.github.remove_collaborator(owner, name, login).await {
            return Err(self.explain(error).await);
        }
        self.delete_invitations().await?;
        if self.github.is_collaborator(owner, name, login).await.map_err(trouble)? {
            return Err(Trouble::new(
                ProblemCode::StillHasAccess,
                "Removed as a collaborator, the account still has access through a team, the organisation or as its owner",
            ));
        }
        Ok(Observed::Nothing)
    }

    async fn delete_invitations(&mut self) -> Result<(), Trouble> {
        for invitation in self.invitations().await? {
            self.delete(invitation.id).await?;
        }
        Ok(())
    }

    async fn delete(&mut self, invitation: u64) -> Result<(), Trouble> {
        self.changed = true;
        self.github
            .delete_invitation(self.path.owner.as_str(), self.path.name.as_str(), invitation)
            .await
            .map(drop)
            .map_err(trouble)
    }

    /// This account's invitations, expired ones included.
    async fn invitations(&self) -> Result<Vec<Invitation>, Trouble> {
        let all = match self.github.invitations(self.path.owner.as_str(), self.path.name.as_str()).await {
            Ok(all) => all,
            Err(error) => return Err(self.explain(error).await),
        };
        Ok(all.into_iter().filter(|invitation| invitation.invitee == Some(self.entitlement.key.account)).collect())
    }

    /// GitHub says 404 for a repository that it does not show and for an account that it does not know alike.
    async fn explain(&self, error: GithubError) -> Trouble {
        if !matches!(error.kind, GithubErrorKind::NotFound) {
            return trouble(error);
        }
        match self.github.repository_exists(self.path.owner.as_str(), self.path.name.as_str()).await {
            Ok(true) => Trouble::new(ProblemCode::AccountNotFound, "GitHub does not know the buyer's account"),
            Ok(false) => trouble(error),
            Err(error) => trouble(error),
        }
    }
}

impl Trouble {
    fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), until: None, request_id: None }
    }
}

fn trouble(error: GithubError) -> Trouble {
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
        GithubErrorKind::Invalid { message } => (ProblemCode::AccountRefused, format!("GitHub refuses it: {message}")),
        GithubErrorKind::NotFound | GithubErrorKind::Moved => (
            ProblemCode::RepositoryNotFound,
            "The repository is not to be seen with the credentials: was it renamed, deleted or taken off them?"
                .to_owned(),
        ),
        GithubErrorKind::Unavailable { source } => {
            (ProblemCode::GithubUnavailable, format!("GitHub did not answer: {source}"))
        }
    };
    Trouble { code, message, until, request_id: error.request_id }
}
