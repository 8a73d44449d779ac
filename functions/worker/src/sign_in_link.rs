//! Links that sign somebody in. Whether an address is a member's is looked up here and not by the endpoint, so that the
//! endpoint answers members and strangers alike, and as fast.

use domain::{
    CompanyId, Secret, Timestamp,
    member::{FirstOwner, Identity},
    text::{Email, NextPath},
};
use jobs::Job;
use store::{LINK_SECONDS, LinkUse};

use crate::{
    App, Error,
    deliveries::{Addressee, Sent, send as send_letter},
    letters::{Letter, letter},
};

/// A link that was made.
struct Made {
    company: CompanyId,
    link: String,
    until: Timestamp,
}

/// Mails a link to a member; nothing happens to strangers.
pub(crate) async fn send(app: &App, email: Email, next: Option<NextPath>) -> Result<(), Error> {
    let Some(Made { company, link, until }) = make(app, &email, next.clone()).await? else {
        tracing::info!(metric = "sign_in.link.stranger", "a link was asked for an address that is no member's");
        return Ok(());
    };
    let addressee = Addressee { company, to: email.clone(), reply_to: None };
    match send_letter(app, &addressee, &letter(&Letter::SignIn { link, until })).await? {
        Sent::Later { wait } => app.deliveries.send_after(&Job::SendSignInLink { email, next }, wait).await?,
        sent => tracing::info!(metric = "sign_in.link", ?sent, "a link to sign in"),
    }
    Ok(())
}

/// Makes a link, which takes the place of those that were made for the same address before. `None` for strangers.
async fn make(app: &App, email: &Email, next: Option<NextPath>) -> Result<Option<Made>, Error> {
    let Some(company) = company_of(app, email).await? else { return Ok(None) };
    let now = app.clock.now();
    let link = LinkUse { email: email.clone(), next };
    let token: Secret = app.volatile.make_sign_in_link(&link, &app.random, now).await?;
    let until = Timestamp::from_second(now.as_second() + LINK_SECONDS).unwrap_or(now);
    let link = format!("{}/api/auth/magic-link?token={}", app.public_url, token.reveal());
    Ok(Some(Made { company, link, until }))
}

/// The company that the reader of an address may sign in to: as a member, or as its first owner.
async fn company_of(app: &App, email: &Email) -> Result<Option<CompanyId>, Error> {
    let memberships = app.store.memberships(&Identity::Email(email.clone())).await?;
    if let Some(first) = memberships.first() {
        return Ok(Some(first.company));
    }
    let meant = matches!(&app.first_owner, Some(FirstOwner::Email(owner)) if owner.is_same(email));
    Ok((meant && app.store.awaits_first_owner(CompanyId::FIRST).await?).then_some(CompanyId::FIRST))
}
