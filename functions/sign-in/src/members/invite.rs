//! Invite a member.

use api::{ApiError, Check, Created, Input, Valid};
use auth::Owner;
use axum::extract::State;
use clients::github::AccountKind;
use domain::{
    Problem, UserId,
    company::Role,
    log::Action,
    member::{GithubAccount, Member, Proof},
    text::{Email, GithubLogin},
};
use store::MemberChange;

use super::{about, refusal};
use crate::{App, views::MemberView};

/// `POST /api/admin/members`: let somebody sign in. A GitHub name is resolved now: it is the account that is invited, whoever
/// has the name later.
pub(crate) async fn invite(
    owner: Owner,
    State(app): State<App>,
    Valid(new): Valid<New>,
) -> Result<Created<MemberView>, ApiError> {
    let caller = owner.confirmed().await?;
    let proof = match new.who {
        Who::Login(login) => Proof { github: Some(account(&app, &login).await?), email: None },
        Who::Email(email) => Proof { github: None, email: Some(email) },
    };
    let now = app.clock.now();
    let member = Member::invite(UserId::generate(now, &app.random), new.role, proof, now);
    let entry = about(caller.record(Action::MemberAdded, now, &app.random), &member);
    let entry = entry.with("role", Some(member.role.name()));
    match app.store.insert_member(caller.company, &member, &entry).await? {
        MemberChange::Made => Ok(Created(member.into())),
        change => Err(refusal(change)),
    }
}

#[derive(Debug)]
pub(crate) struct New {
    who: Who,
    role: Role,
}

#[derive(Debug)]
enum Who {
    Login(GithubLogin),
    Email(Email),
}

impl Input for New {
    fn check(c: &mut Check) -> Option<Self> {
        let login = c.text_or_none("githubUsername", GithubLogin::parse);
        let email = c.text_or_none("email", Email::parse);
        let role = c.text("role", Role::parse);
        let who = match (login?, email?) {
            (Some(login), None) => Some(Who::Login(login)),
            (None, Some(email)) => Some(Who::Email(email)),
            _ => c.problem("email", Problem::Conflicting { rule: "Give either githubUsername or email" }),
        };
        Some(Self { who: who?, role: role? })
    }
}

async fn account(app: &App, login: &GithubLogin) -> Result<GithubAccount, ApiError> {
    let unusable = |reason| ApiError::field("githubUsername", Problem::Unusable { reason });
    let account = app.github.account_by_login(login.as_str()).await.map_err(ApiError::unavailable)?;
    let account = account.ok_or_else(|| unusable("No GitHub account has this name"))?;
    match account.kind {
        AccountKind::User => Ok(GithubAccount { id: account.id, login: account.login, avatar_url: account.avatar_url }),
        AccountKind::Organization | AccountKind::Other => Err(unusable("This GitHub account is not a person's")),
    }
}
