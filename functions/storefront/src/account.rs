//! The GitHub account that gets access.

use api::ApiError;
use clients::github::{Account, AccountKind};
use domain::{GithubUserId, Problem, purchase::Buyer, text::GithubLogin};
use serde::Serialize;

use crate::App;

/// The account with this name: it must exist, and be a person's (rulings 24 and 26).
pub(crate) async fn resolve(app: &App, login: &GithubLogin) -> Result<Buyer, ApiError> {
    let account = app.github.account_by_login(login.as_str()).await.map_err(ApiError::unavailable)?;
    let unusable = |reason| ApiError::field("githubUsername", Problem::Unusable { reason });
    let Account { id, login, kind, .. } = account.ok_or_else(|| unusable("No GitHub account has this name"))?;
    match kind {
        AccountKind::User => Ok(Buyer { id, login }),
        AccountKind::Organization | AccountKind::Other => {
            Err(unusable("This GitHub account is not a person's and cannot be invited"))
        }
    }
}

/// An account, so that the buyer can be asked "is this you?".
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GithubAccount {
    login: String,
    id: GithubUserId,
    avatar_url: String,
}

impl From<&Buyer> for GithubAccount {
    fn from(buyer: &Buyer) -> Self {
        let avatar_url = format!("https://avatars.githubusercontent.com/u/{}?v=4", buyer.id);
        Self { login: buyer.login.clone(), id: buyer.id, avatar_url }
    }
}
