//! A token for Composer, made by the buyer: for the customer that the purchase belongs to.
//!
//! Anybody can begin a checkout with somebody else's address, and that address' customer may have more than this purchase
//! brought. So a token is made only for who has read a letter to the address; to others the letter is sent.

use api::{Accepted, ApiError, Check, Id, Input, Json, Kind, OnPage, Page, Params, Time};
use auth::Buyer;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    PurchaseId, Secret, Timestamp,
    customer::{Customer, CustomerStatus},
    log::Action,
    package::PackageName,
    purchase::Purchase,
};
use jobs::Job;
use serde::Serialize;
use store::Change;

use super::{TRIES, get::page_path, line, page, read};
use crate::App;

/// What came of asking for a token.
enum Asked {
    /// Here it is. It is shown only now.
    Made { token: Secret, at: Timestamp },
    /// The letter with the link is on its way.
    Mailed,
}

/// `POST /api/purchases/{id}/composer-token`: another token, with the `letter` of the link that was mailed; without it that
/// link is mailed.
pub(crate) async fn issue(
    buyer: Buyer,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    Params(Letter(letter)): Params<Letter>,
) -> Result<Response, ApiError> {
    Ok(match ask(&app, &buyer, id, letter).await? {
        Asked::Made { token, at } => Json(NewToken {
            token: token.reveal().to_owned(),
            created_at: Time(at),
            repository_url: app.public_url.clone(),
        })
        .into_response(),
        Asked::Mailed => {
            let message = "The link that makes a token is mailed to the address of the purchase";
            Accepted(Mailed { message, purchase_id: id }).into_response()
        }
    })
}

/// `POST /purchases/{id}/composer-token`: the button. The token stands in the answer, and in no address.
pub(crate) async fn issue_on_page(
    buyer: Result<Buyer, ApiError>,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    letter: Result<Params<Letter>, ApiError>,
) -> Result<Response, OnPage> {
    let buyer = buyer.map_err(page::whole_link)?;
    let letter = letter.ok().and_then(|Params(Letter(letter))| letter);
    match ask(&app, &buyer, id, letter.clone()).await {
        Ok(Asked::Made { token, .. }) => {
            let back = page_path(id, "", buyer.token().reveal());
            let back = letter.map_or_else(|| back.clone(), |letter| format!("{back}&letter={letter}"));
            Ok(made(&app, &token, &back).into_response())
        }
        other => page::back(&app, &buyer, id, other.map(drop), "mailed").await,
    }
}

/// What only a letter to the buyer's address said.
#[derive(Debug)]
pub(crate) struct Letter(Option<String>);

impl Input for Letter {
    fn check(c: &mut Check) -> Option<Self> {
        letter(c).map(Self)
    }
}

/// The proof in a query.
#[expect(clippy::option_option, reason = "the outer one: is it good; the inner one: is it there")]
pub(super) fn letter(c: &mut Check) -> Option<Option<String>> {
    c.text_or_none("letter", |text| Ok(text.to_owned()))
}

/// The proof, if it is one.
pub(super) async fn proof(app: &App, purchase: &Purchase, letter: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(letter) = letter else { return Ok(None) };
    Ok(if app.links.prove_address(purchase, &letter).await? { Some(letter) } else { None })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewToken {
    token: String,
    created_at: Time,
    repository_url: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mailed {
    message: &'static str,
    purchase_id: PurchaseId,
}

async fn ask(app: &App, buyer: &Buyer, id: PurchaseId, letter: Option<String>) -> Result<Asked, ApiError> {
    for _ in 0..TRIES {
        let before = read(app, buyer, id).await?;
        if !before.at(app.clock.now()).opens_packages() {
            return Err(refused("No packages come with this purchase, or there is no access now"));
        }
        let asked = match proof(app, &before, letter.clone()).await? {
            Some(_) => make(app, buyer, &before).await?,
            None => mail(app, buyer, &before).await?,
        };
        if let Some(asked) = asked {
            return Ok(asked);
        }
    }
    Err(refused("The purchase is being changed by others. Please try again."))
}

/// `None` when somebody else was faster.
async fn make(app: &App, buyer: &Buyer, before: &Purchase) -> Result<Option<Asked>, ApiError> {
    let now = app.clock.now();
    if !before.can_be_given_token(now) {
        return Err(refused("A token was made three times today"));
    }
    let customer = customer(app, before).await?;
    let token = customer.id.issue_token(before.company, &app.random);
    let (after, changed) = (before.given_token(now), customer.with_token(Some(&token), now));
    let entry = line(app, buyer, before, &after, Action::CustomerTokenIssued).about_customer(&customer).changing(
        "token",
        &ending(&customer),
        &ending(&changed),
    );
    let change = app.store.change_buyer((before, &after), (&customer, &changed), &entry).await?;
    Ok((change == Change::Made).then_some(Asked::Made { token, at: now }))
}

/// The customer that has what this purchase brought, under the address that the letter went to.
async fn customer(app: &App, purchase: &Purchase) -> Result<Customer, ApiError> {
    let holder = app.store.holder_of_purchase(purchase.company, purchase.id).await?;
    let Some(holder) = holder.filter(|holder| holder.grants.purchases.contains_key(&purchase.id)) else {
        app.access.send(&Job::sync(purchase.entitlement())).await?;
        return Err(refused("Your packages are being made ready. Please try again in a minute."));
    };
    if !holder.customer.email.is_same(&purchase.email) {
        return Err(refused("The vendor has your packages under another address, and gives you the token"));
    }
    if holder.customer.status(app.clock.now()) == CustomerStatus::Expired {
        return Err(refused("The vendor has ended the access of your address to packages"));
    }
    Ok(holder.customer)
}

/// `None` when somebody else was faster.
async fn mail(app: &App, buyer: &Buyer, before: &Purchase) -> Result<Option<Asked>, ApiError> {
    let now = app.clock.now();
    if !before.can_be_sent_composer_link(now) {
        return Err(refused("The letter with the link was sent three times today. Look into the spam folder, too."));
    }
    let after = before.asking_for_composer_link(now);
    let entry = line(app, buyer, before, &after, Action::ComposerLinkAsked);
    if app.store.change_purchase(before, &after, &[entry]).await? == Change::Stale {
        return Ok(None);
    }
    app.deliveries.send(&Job::deliver(&after)).await?;
    Ok(Some(Asked::Mailed))
}

fn refused(reason: &'static str) -> ApiError {
    ApiError::new(Kind::Conflict, reason)
}

fn ending(customer: &Customer) -> String {
    customer.token.as_ref().map_or_else(|| "none".to_owned(), |token| format!("…{}", token.last_four))
}

/// How it is installed, on the purchase's page.
pub(super) fn section(page: Page, app: &App, purchase: &Purchase, (token, proof): (&str, Option<&str>)) -> Page {
    let vendor = purchase.packages.keys().next().map_or("vendor", |name| name.parts().0);
    let require = |name: &PackageName| format!("composer require {name}");
    let mut facts = vec![
        ("Packages", purchase.packages_in_words()),
        ("Repository", app.public_url.clone()),
        ("In your project", format!("composer config repositories.{vendor} composer {}", app.public_url)),
        ("Once", with_token(app, "YOUR-TOKEN")),
    ];
    facts.extend(purchase.packages.keys().next().map(|name| ("Then", require(name))));
    let page = page.heading("Install with Composer").facts(&facts);
    let action = page_path(purchase.id, "/composer-token", token);
    let replaces = "A new token takes the place of the one that you have, for all that you bought with your address; what \
                    uses that one stops until it is given the new one.";
    match proof {
        Some(proof) => page.paragraph(replaces).button(&format!("{action}&letter={proof}"), &[], "Make a token"),
        None => page
            .paragraph(
                "Your token is made with a link that is mailed to the address of the purchase; the letter that told of your \
                 access has it, too.",
            )
            .button(&action, &[], "Mail me the link"),
    }
}

/// The token, once.
fn made(app: &App, token: &Secret, back: &str) -> Page {
    Page::new("Your token for Composer")
        .paragraph("Copy it now: it is not shown again. The one that you had before does not work any more.")
        .facts(&[("Token", token.reveal().to_owned()), ("Once", with_token(app, token.reveal()))])
        .paragraph("Whoever has the token can install what you bought. It belongs into no repository.")
        .link(back, "Back to your purchase")
}

fn with_token(app: &App, token: &str) -> String {
    let host = app.public_url.split_once("://").map_or(app.public_url.as_str(), |(_, host)| host);
    format!("composer config --global --auth http-basic.{host} token {token}")
}
