//! Acts on what GitHub told of: collaborators that came or went, repositories that moved, an App that was taken away.

use domain::github_event::{About, GithubEvent};

use crate::{App, Error};

/// Acts on an event. It may come more than once, late, and in any order with others.
#[expect(clippy::unnecessary_wraps, reason = "it will fail like the other jobs once it does something")]
pub(crate) fn apply(_app: &App, event: &GithubEvent) -> Result<(), Error> {
    let what = match &event.about {
        About::MemberAdded { .. } => "a collaborator was added",
        About::MemberRemoved { .. } => "a collaborator was removed",
        About::RepositoryRenamed { .. } | About::RepositoryTransferred { .. } => "a repository moved",
        About::RepositoryDeleted { .. } => "a repository is gone",
        About::RepositoryPublicized { .. } | About::RepositoryPrivatized { .. } => "a repository's visibility changed",
        About::RepositoryArchived { .. } | About::RepositoryUnarchived { .. } => "a repository was archived or revived",
        About::InstallationGone { .. } | About::InstallationSuspended { .. } | About::RepositoriesTakenOff { .. } => {
            "access to repositories was lost"
        }
        About::InstallationUnsuspended { .. } | About::RepositoriesAdded { .. } => "access to repositories was given",
    };
    // Nothing is done about it yet: access that changed on GitHub is not looked for.
    tracing::info!(metric = "github.event", event.delivery, about = ?event.about, what);
    Ok(())
}
