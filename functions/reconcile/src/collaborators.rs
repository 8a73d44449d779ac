//! Who is in a repository on GitHub, held against who should be. What differs is looked at by the worker; strangers are
//! written down once and left alone, for a vendor has friends.

use std::collections::{BTreeMap, BTreeSet};

use clients::github::{Collaborator, Invitation};
use domain::{
    CompanyId, GithubUserId, LogId,
    access::{Entitlement, Observed},
    log::{Action, Actor, LogEntry, LogStatus},
    repository::Repository,
};
use jobs::Job;

use crate::{App, Error, rounds::Round};

/// How many pages of GitHub's lists one run reads for a company, beyond those of the repository that it began with.
const PAGES: usize = 20;
/// A longer list is not looked at: a part of it would make members look gone.
const MOST_PAGES: usize = 100;

/// GitHub's two lists of a repository.
struct Lists {
    members: BTreeMap<GithubUserId, Collaborator>,
    invitations: Vec<Invitation>,
    pages: usize,
}

/// Looks at the active repositories of each company, a few in each run.
pub(crate) async fn run(app: &App) -> Result<(), Error> {
    let mut round = Round::begin(app, "collaborators").await?;
    for company in round.companies() {
        round.note(company, look(app, company).await);
    }
    round.end(app).await
}

async fn look(app: &App, company: CompanyId) -> Result<(), Error> {
    let read = app.store.watermark(&format!("collaborators/{company}")).await?;
    let mut repositories = app.store.all_repositories(company).await?;
    repositories.retain(|repository| repository.active);
    let next = repositories.iter().position(|repository| Some(repository.id) > read.at).unwrap_or(0);
    repositories.rotate_left(next);
    let (mut last, mut pages, mut failed) = (read.at, 0, None);
    for repository in &repositories {
        match compare(app, repository).await {
            Ok(read) => pages += read,
            // The next repository may be another owner's.
            Err(error) => failed = Some(error),
        }
        last = Some(repository.id);
        if pages >= PAGES {
            break;
        }
    }
    if last != read.at {
        app.store.move_watermark(&read, &last).await?;
    }
    failed.map_or(Ok(()), Err)
}

/// Compares one repository; answers with how many pages were read.
async fn compare(app: &App, repository: &Repository) -> Result<usize, Error> {
    let Some(lists) = lists(app, repository).await? else { return Ok(MOST_PAGES) };
    let entitlements = app.store.entitlements(repository.company, repository.id).await?;
    for entitlement in entitlements.iter().filter(|it| differs(it, &lists)) {
        tracing::warn!(metric = "reconcile.access", account = entitlement.key.account.0, "GitHub has it otherwise");
        app.access.send(&Job::sync(entitlement.key)).await?;
    }
    // Whoever bought and was let in by somebody else is no stranger.
    let buyers: BTreeSet<GithubUserId> = entitlements.iter().map(|entitlement| entitlement.key.account).collect();
    let owner = repository.github.owner.as_str();
    let strangers = lists.members.values().filter(|member| !buyers.contains(&member.id));
    let mut strangers: Vec<_> = strangers.filter(|member| !member.login.eq_ignore_ascii_case(owner)).collect();
    if !strangers.is_empty() {
        let known = app.store.strangers(repository.company, repository.id).await?;
        strangers.retain(|member| !known.contains(&member.id));
    }
    for stranger in strangers {
        app.store
            .note_stranger(repository.company, repository.id, stranger.id, &entry(app, repository, stranger))
            .await?;
    }
    Ok(lists.pages)
}

/// Both lists to their ends; `None` when they are too long.
async fn lists(app: &App, repository: &Repository) -> Result<Option<Lists>, Error> {
    let (owner, name) = (repository.github.owner.as_str(), repository.github.name.as_str());
    let mut lists = Lists { members: BTreeMap::new(), invitations: Vec::new(), pages: 0 };
    let (mut members, mut invitations) = (true, true);
    let (mut member, mut invitation) = (None, None);
    while members || invitations {
        if lists.pages >= MOST_PAGES {
            tracing::warn!(repository = %repository.id, "too many collaborators to compare");
            return Ok(None);
        }
        // Invitations first: whoever accepts meanwhile is in both lists rather than in none.
        if invitations {
            let page = app.github.invitations_page(owner, name, invitation).await?;
            lists.invitations.extend(page.items);
            invitation = page.next;
            invitations = invitation.is_some();
        } else {
            let page = app.github.collaborators(owner, name, member).await?;
            lists.members.extend(page.items.into_iter().map(|member| (member.id, member)));
            member = page.next;
            members = member.is_some();
        }
        lists.pages += 1;
    }
    Ok(Some(lists))
}

/// Whether GitHub grants an account something else than was last seen, and it is ours to look at.
fn differs(entitlement: &Entitlement, lists: &Lists) -> bool {
    let account = entitlement.key.account;
    let invitation = lists.invitations.iter().find(|invitation| invitation.invitee == Some(account));
    let is_member = lists.members.contains_key(&account);
    match entitlement.observed {
        Observed::Nothing => entitlement.admitted && (is_member || invitation.is_some()),
        Observed::Invited => is_member || invitation.is_none_or(|invitation| invitation.expired),
        // One of an organisation is no collaborator of the repository itself, and has access all the same: the worker asks
        // GitHub in particular.
        Observed::Member => !is_member,
    }
}

fn entry(app: &App, repository: &Repository, stranger: &Collaborator) -> LogEntry {
    let now = app.clock.now();
    let id = LogId::generate(now, &app.random);
    LogEntry::new(id, now, Actor::Tollgate, Action::StrangerFound, LogStatus::Success)
        .about_repository(repository.id)
        .with("repositoryFullName", Some(repository.github.to_string()))
        .with("githubUsername", Some(stranger.login.as_str()))
        .with("githubRole", Some(stranger.role.as_str()))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn lists(member: bool, invitation: Option<bool>) -> Lists {
        let account = GithubUserId(7);
        let member =
            member.then(|| (account, Collaborator { id: account, login: "johndoe".into(), role: "read".into() }));
        let created_at = Timestamp::UNIX_EPOCH;
        let invitation = invitation.map(|expired| Invitation { id: 1, invitee: Some(account), expired, created_at });
        Lists { members: member.into_iter().collect(), invitations: invitation.into_iter().collect(), pages: 2 }
    }

    fn entitlement(observed: Observed, admitted: bool) -> Entitlement {
        let id = "0190b5a0-0000-7000-8000-000000000001";
        let body = serde_json::json!({"company": 1, "repository": id, "account": 7, "latest": id, "observed": observed,
            "github": {"owner": "ctrimm", "name": "premium-theme"}, "admitted": admitted});
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn what_was_seen_and_is_so_is_left_alone() {
        assert!(!differs(&entitlement(Observed::Nothing, true), &lists(false, None)));
        assert!(!differs(&entitlement(Observed::Invited, true), &lists(false, Some(false))));
        assert!(!differs(&entitlement(Observed::Member, true), &lists(true, None)));
    }

    #[test]
    fn who_is_missing_expired_or_accepted_is_looked_at() {
        assert!(differs(&entitlement(Observed::Invited, true), &lists(false, None)));
        assert!(differs(&entitlement(Observed::Invited, true), &lists(false, Some(true))));
        assert!(differs(&entitlement(Observed::Invited, true), &lists(true, None)));
        assert!(differs(&entitlement(Observed::Member, true), &lists(false, None)));
    }

    #[test]
    fn who_is_in_without_our_doing_is_left_in() {
        assert!(!differs(&entitlement(Observed::Nothing, false), &lists(true, None)));
        assert!(differs(&entitlement(Observed::Nothing, true), &lists(true, None)));
    }
}
