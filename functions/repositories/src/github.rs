//! What GitHub tells of a repository that is to be sold.

use api::ApiError;
use clients::github::{AccountKind, RepositoryInfo};
use domain::{
    Problem,
    repository::{GithubPath, OnGithub, Seen},
    text::{Description, GithubLogin, GithubRepositoryName},
};

use crate::App;

/// Looks for a repository that somebody wants to sell. GitHub answers under its present name and in its own spelling.
pub(crate) async fn find(app: &App, path: &GithubPath) -> Result<(GithubPath, Seen), ApiError> {
    let found = app.github.repository(path.owner.as_str(), path.name.as_str()).await.map_err(ApiError::unavailable)?;
    let info = found.ok_or_else(|| unusable("githubRepoName", "Not to be seen with the credentials"))?;
    if info.archived {
        return Err(unusable("githubRepoName", "This repository is archived: nobody can be invited to it"));
    }
    let seen = seen(&info);
    if seen.on_github.personal && app.refuse_personal {
        return Err(unusable("githubOwner", "A person owns this repository, so its buyers could push to it"));
    }
    // Names that are none of GitHub's alphabet do not come from GitHub: then those that it was found by are as good.
    let present = (GithubLogin::parse(&info.owner), GithubRepositoryName::parse(&info.name));
    let (Ok(owner), Ok(name)) = present else { return Ok((path.clone(), seen)) };
    Ok((GithubPath { owner, name }, seen))
}

/// Looks again at one that is for sale, wherever it is now. `None` when it cannot be seen any more.
pub(crate) async fn look(
    app: &App,
    path: &GithubPath,
    on_github: Option<OnGithub>,
) -> Result<Option<(Seen, Option<String>)>, ApiError> {
    let found = match on_github {
        Some(OnGithub { id, .. }) => app.github.repository_by_id(id).await,
        None => app.github.repository(path.owner.as_str(), path.name.as_str()).await,
    };
    let found = found.map_err(ApiError::unavailable)?;
    Ok(found.map(|info| (seen(&info), info.description)))
}

fn seen(info: &RepositoryInfo) -> Seen {
    Seen {
        on_github: OnGithub {
            id: info.id,
            personal: info.owner_kind != AccountKind::Organization,
            public: !info.private,
        },
        stars: info.stars,
        last_updated: info.pushed_at.or(info.updated_at),
        description: info.description.as_deref().and_then(|text| Description::parse(text).ok()),
    }
}

fn unusable(field: &'static str, reason: &'static str) -> ApiError {
    ApiError::field(field, Problem::Unusable { reason })
}
