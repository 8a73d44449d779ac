//! The purchase as a page, which works without scripts.

use api::{ApiError, Check, Id, Input, Kind, OnPage, Page, Params, Posted};
use auth::Buyer;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    Money, Problem, PurchaseId, Timestamp,
    access::Observed,
    purchase::{Closing, Gate, Purchase},
};

use super::{
    account, composer, get,
    get::{Standing, page_path},
    invitation, read,
};
use crate::App;

/// `GET /purchases/{id}`: how it stands, what happens next, and what the buyer can do.
pub(crate) async fn show(
    buyer: Result<Buyer, ApiError>,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    shown: Result<Params<Shown>, ApiError>,
) -> Result<Page, OnPage> {
    let buyer = buyer.map_err(whole_link)?;
    let purchase = read(&app, &buyer, id).await.map_err(whole_link)?;
    let shown = shown.map(|Params(shown)| shown).unwrap_or_default();
    let proof = composer::proof(&app, &purchase, shown.letter).await?;
    let page = page(&app, &purchase, (buyer.token().reveal(), proof.as_deref()));
    Ok(match shown.notice {
        Some(notice) => page.notice(notice),
        None => page,
    })
}

/// `POST /purchases/{id}/invitation`: the button.
pub(crate) async fn resend(
    buyer: Result<Buyer, ApiError>,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Response, OnPage> {
    let buyer = buyer.map_err(whole_link)?;
    let asked = invitation::ask(&app, &buyer, id).await.map(drop);
    back(&app, &buyer, id, asked, "resent").await
}

/// `POST /purchases/{id}/account`: the form.
pub(crate) async fn change_account(
    buyer: Result<Buyer, ApiError>,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
    form: Result<Posted<account::NewAccount>, ApiError>,
) -> Result<Response, OnPage> {
    let buyer = buyer.map_err(whole_link)?;
    let asked = match form {
        Ok(form) => account::ask(&app, &buyer, id, &form.input.login).await.map(drop),
        Err(error) => Err(error),
    };
    back(&app, &buyer, id, asked, "moved").await
}

/// Back to the page: when it worked by a redirect, so that reloading repeats nothing, else at once with what went wrong.
pub(super) async fn back(
    app: &App,
    buyer: &Buyer,
    id: PurchaseId,
    asked: Result<(), ApiError>,
    notice: &str,
) -> Result<Response, OnPage> {
    let path = page_path(id, "", buyer.token().reveal());
    let Err(error) = asked else { return Ok(Redirect::to(&format!("{path}&notice={notice}")).into_response()) };
    if !matches!(error.kind, Kind::Invalid | Kind::Conflict) {
        return Err(OnPage(error));
    }
    let purchase = read(app, buyer, id).await?;
    let problems: Vec<_> = error.fields.iter().map(|field| field.problem.to_string()).collect();
    let words = if problems.is_empty() { error.message.to_string() } else { problems.join(" ") };
    let page = page(app, &purchase, (buyer.token().reveal(), None)).notice(&words);
    let status = if error.kind == Kind::Conflict { http::StatusCode::CONFLICT } else { http::StatusCode::BAD_REQUEST };
    Ok((status, page).into_response())
}

/// A link that opens nothing was most often not copied as a whole.
pub(super) fn whole_link(error: ApiError) -> ApiError {
    match error.kind {
        Kind::Unauthenticated | Kind::NotFound => {
            ApiError { message: "This link opens no purchase. Copy all of it from the mail.".into(), ..error }
        }
        _ => error,
    }
}

/// What has just happened.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    notice: Option<&'static str>,
    /// What only a letter to the buyer's address said.
    letter: Option<String>,
}

impl Input for Shown {
    fn check(c: &mut Check) -> Option<Self> {
        let said = |text: &str| -> Result<Option<&'static str>, Problem> {
            Ok(match text {
                "resent" => Some("The invitation is sent again. GitHub writes you a mail within a few minutes."),
                "moved" => Some("The account is changed. As soon as the old one is out, the new one is invited."),
                "mailed" => Some("A letter with the link that makes your token is on its way to your address."),
                _ => None,
            })
        };
        let letter = composer::letter(c)?;
        let paid = c.text_or_none("checkout", |_| Ok(()))?;
        let thanks = paid.map(|()| "Thank you! What you see here follows your payment within a few minutes.");
        Some(Self { notice: c.text_or_none("notice", said)?.flatten().or(thanks), letter })
    }
}

fn page(app: &App, purchase: &Purchase, (token, proof): (&str, Option<&str>)) -> Page {
    let now = app.clock.now();
    let purchase = &purchase.at(now);
    let standing = Standing::of(purchase);
    let (lead, next) = words(purchase, standing);
    let path = |what: &str| page_path(purchase.id, what, token);
    let mut page = Page::new(purchase.repository_name.as_str()).paragraph(lead).paragraph(next);
    if let Some(url) = unpaid_page(purchase) {
        if purchase.gate() == Gate::Open {
            page = page.paragraph("Your last payment failed. Please pay it, or your access ends.");
        }
        page = page.next_step(url, "Pay now");
    }
    page = match standing {
        Standing::Invited => {
            page.next_step(&get::invitation_url(purchase), "Accept the invitation").paragraph(&format!(
                "Sign in to GitHub as {} before you open it: to every other account GitHub says that it is invalid.",
                purchase.buyer.login
            ))
        }
        Standing::Active => page.next_step(&format!("https://github.com/{}", purchase.github), "Open the repository"),
        _ => page,
    };
    page = page.facts(&facts(purchase));
    if standing == Standing::Invited && purchase.can_be_invited_again(now) {
        page = page.heading("No invitation?").paragraph(
            "Look into the spam folder of the address that GitHub knows of you, or have the invitation sent again.",
        );
        page = page.button(&path("/invitation"), &[], "Send it again");
    }
    if purchase.opens_packages() {
        page = composer::section(page, app, purchase, (token, proof));
    }
    if purchase.can_be_moved(now) {
        page = page.heading("Another GitHub account").paragraph(&format!(
            "The other account is invited {}. This can be done three times in 30 days.",
            instead_of(purchase)
        ));
        page =
            page.question(&path("/account"), ("githubUsername", "Name of the account on GitHub"), "Use this account");
    }
    if get::has_receipt(purchase) || purchase.facts.customer.is_some() {
        page = page.heading("Payment");
    }
    if get::has_receipt(purchase) {
        page = page.link(&path("/receipt"), "Receipt");
    }
    if purchase.facts.customer.is_some() {
        let text = match purchase.pricing.cadence() {
            Some(_) => "Subscription, cards and invoices at Stripe",
            None => "Invoices at Stripe",
        };
        page = page.link(&path("/billing-portal"), text);
    }
    page
}

/// Stripe's page to pay what is overdue, while that helps.
fn unpaid_page(purchase: &Purchase) -> Option<&str> {
    let helps = matches!(purchase.gate(), Gate::Open | Gate::Closed { reason: Closing::Unpaid, .. });
    let (_, failure) = purchase.facts.unpaid().filter(|_| helps)?;
    failure.last.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

/// What becomes of the account that another one takes the place of.
fn instead_of(purchase: &Purchase) -> String {
    let login = &purchase.buyer.login;
    match purchase.access.observed {
        Observed::Member => format!("after {login} has lost access"),
        Observed::Invited => format!("after the invitation of {login} was taken back"),
        Observed::Nothing => format!("instead of {login}"),
    }
}

/// How it stands, and what happens next.
fn words(purchase: &Purchase, standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Unpaid => (
            "This purchase is not paid yet.",
            "If you have just paid, it takes a moment until we hear of it; some ways to pay take days. Then you are \
             invited. If you have not paid, nothing is charged, and you can begin the checkout again.",
        ),
        Standing::Failed => (
            "This purchase was not paid, and came to nothing.",
            "Nothing was charged. If you still want it, buy it again.",
        ),
        Standing::Waiting => (
            "Your payment has arrived.",
            "You are invited on GitHub within a few minutes. If it takes longer, the vendor already knows of it.",
        ),
        Standing::Scheduled => (
            "Your payment has arrived, and your invitation is scheduled.",
            "GitHub lets 50 people a day be invited to a repository. You need not do anything.",
        ),
        Standing::Invited => {
            ("One step is left: accept the invitation on GitHub.", "Until then you cannot see the code.")
        }
        Standing::Active => ("You have access.", "Clone the repository, or look at it on GitHub."),
        Standing::Suspended | Standing::Ended => match purchase.gate() {
            Gate::Closed { reason, .. } => closed(reason),
            Gate::Open | Gate::NotYet => ("You have no access.", ""),
        },
    }
}

/// Why there is no access any more, and whether it comes back.
fn closed(reason: Closing) -> (&'static str, &'static str) {
    let kept = "What you have cloned stays on your machines.";
    match reason {
        Closing::Disputed => (
            "Your access is closed for now: the payment is disputed with the card's bank.",
            "It opens again by itself if that is settled in the vendor's favour. If it is a mistake, write to the vendor.",
        ),
        Closing::Paused => (
            "Your access is closed for now: the subscription is paused.",
            "It opens again by itself when the subscription goes on. You can see to that at Stripe, by the link below.",
        ),
        Closing::Unpaid => (
            "Your access is closed for now: the subscription was not paid.",
            "It opens again by itself as soon as it is paid.",
        ),
        Closing::Revoked => ("Your access has ended: the vendor has taken it back.", kept),
        Closing::RemovedOnGithub => {
            ("Your access has ended: the owner of the repository has removed your account on GitHub.", kept)
        }
        Closing::Refunded => ("Your access has ended: your payment was refunded in full.", kept),
        Closing::DisputeLost => ("Your access has ended: your bank has given you the payment back.", kept),
        Closing::SubscriptionEnded => ("Your access has ended, as your subscription has.", kept),
    }
}

fn facts(purchase: &Purchase) -> Vec<(&'static str, String)> {
    let day = |at: Timestamp| at.strftime("%-d %B %Y (UTC)").to_string();
    let moment = |at: Timestamp| at.strftime("%-d %B %Y, %H:%M UTC").to_string();
    let mut facts = vec![
        ("GitHub account", purchase.buyer.login.clone()),
        ("Repository", purchase.github.to_string()),
        ("Price", price(purchase)),
        (if purchase.facts.is_settled() { "Bought on" } else { "Checkout begun on" }, day(purchase.created_at)),
    ];
    let standing = Standing::of(purchase);
    let invited = get::invitation_ends(purchase).filter(|_| standing == Standing::Invited);
    let subscription = purchase.facts.subscription;
    let ends = subscription.and_then(|subscription| subscription.ends_at);
    let refunded = Some(purchase.facts.refunded_cents()).filter(|cents| *cents > 0);
    let more = [
        ("Refunded", refunded.map(|cents| money(purchase, cents))),
        ("Invitation expires", invited.map(moment)),
        ("Invited at the earliest", purchase.access.scheduled_for.map(moment)),
        ("Paid until", subscription.and(purchase.facts.paid_until).map(day)),
        ("Subscription ends on", ends.map(day)),
        ("If not paid, access until", purchase.grace_ends_at().map(moment)),
    ];
    facts.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
    facts
}

/// What it costs, and how often.
fn price(purchase: &Purchase) -> String {
    let amount = money(purchase, purchase.amount_cents);
    purchase.pricing.cadence().map_or_else(|| amount.clone(), |cadence| format!("{amount} {}", cadence.words()))
}

fn money(purchase: &Purchase, cents: i64) -> String {
    Money { minor: cents, currency: purchase.currency.clone() }.to_string()
}
