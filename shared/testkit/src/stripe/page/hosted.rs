//! The pages to which Stripe's objects link: invoices, receipts, the customer's portal.

use std::fmt::Write;

use axum::{
    extract::{OriginalUri, Path, State as Shared},
    http::{StatusCode, Uri},
    response::Response,
};

use super::{
    super::{
        Sandbox,
        state::{Session, State},
    },
    LABEL, money, standing, unknown,
};
use crate::sandbox::{escape, page, prefix, see_other};

/// What an invoice wants or got, and a button to pay it.
pub(super) async fn invoice(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    let root = prefix(&original, &uri);
    let body = sandbox.shared.state.read(|state| {
        let (session, invoice) = state.invoice(&id)?;
        let button = format!(
            "<form method=\"post\" action=\"{}/invoice/{}/pay\"><button class=\"main\">Pay</button></form>",
            escape(&root),
            escape(&invoice.id)
        );
        Some(format!(
            "<section class=\"card\"><p class=\"amount\">{}</p><p>For <strong>{}</strong></p>\
             <p class=\"standing\">{}</p>{}</section>",
            money(invoice.amount, &session.currency),
            escape(&session.product),
            invoice.status(),
            if invoice.is_open() { button } else { String::new() },
        ))
    });
    body.map_or_else(unknown, |body| page(StatusCode::OK, "Invoice", LABEL, &body))
}

pub(super) async fn pay_invoice(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    let found = sandbox.shared.state.read(|state| Some(state.invoice(&id)?.0.id.clone()));
    let Some(session) = found else {
        return unknown();
    };
    sandbox.pay_overdue(&session);
    see_other(&format!("{}/invoice/{id}", prefix(&original, &uri)))
}

/// What was paid, and what of it went back.
pub(super) async fn receipt(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Response {
    let body = sandbox.shared.state.read(|state| {
        let (session, charge) = state.charge(&id).filter(|(_, charge)| charge.succeeded)?;
        let mut html = format!(
            "<section class=\"card\"><p class=\"amount\">{}</p><p>For <strong>{}</strong>, paid by {}</p>",
            money(charge.amount, &session.currency),
            escape(&session.product),
            escape(session.customer_email.as_deref().unwrap_or("an unknown buyer")),
        );
        if charge.refunded > 0 {
            let _ = write!(html, "<p class=\"standing\">{} refunded</p>", money(charge.refunded, &session.currency));
        }
        Some(html + "</section>")
    });
    body.map_or_else(unknown, |body| page(StatusCode::OK, "Receipt", LABEL, &body))
}

/// Where a customer manages subscriptions and finds invoices.
pub(super) async fn portal(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    let root = prefix(&original, &uri);
    let body = sandbox.shared.state.read(|state| {
        let portal = state.portals.iter().find(|it| it.id == id)?;
        let mut html = String::new();
        for session in sessions_of(state, &portal.customer) {
            html.push_str(&entry(session, &root, &portal.id));
        }
        if !portal.return_url.is_empty() {
            let _ = write!(html, "<p><a href=\"{}\">Back to the shop</a></p>", escape(&portal.return_url));
        }
        Some(html)
    });
    body.map_or_else(unknown, |body| page(StatusCode::OK, "Your subscriptions and invoices", LABEL, &body))
}

/// One subscription, or one payment.
fn entry(session: &Session, root: &str, portal: &str) -> String {
    let (root, id) = (escape(root), escape(&session.id));
    let mut html = format!(
        "<section class=\"card\"><p><strong>{}</strong>, {}</p><p class=\"standing\">{}</p>",
        escape(&session.product),
        money(session.amount, &session.currency),
        standing(session),
    );
    if let Some(subscription) = session.subscription.as_ref().filter(|it| it.is_running()) {
        let (action, label) = match subscription.cancel_requested {
            Some(_) => ("resume", "Don't cancel"),
            None => ("cancel", "Cancel at the period's end"),
        };
        let action = format!("{root}/portal/{}/{id}/{action}", escape(portal));
        let _ = write!(html, "<form method=\"post\" action=\"{action}\"><button>{label}</button></form>");
    }
    for invoice in &session.invoices {
        let (link, amount) = (escape(&invoice.id), money(invoice.amount, &session.currency));
        let _ = write!(html, "<p><a href=\"{root}/invoice/{link}\">Invoice, {amount}, {}</a></p>", invoice.status());
    }
    for charge in session.charges.iter().filter(|it| it.succeeded && it.invoice.is_none()) {
        let (link, amount) = (escape(&charge.id), money(charge.amount, &session.currency));
        let _ = write!(html, "<p><a href=\"{root}/receipt/{link}\">Receipt, {amount}</a></p>");
    }
    html + "</section>"
}

/// What the customer does there. Only with subscriptions of the customer's own.
pub(super) async fn manage(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path((portal, session, action)): Path<(String, String, String)>,
) -> Response {
    let own = sandbox.shared.state.read(|state| {
        let customer = &state.portals.iter().find(|it| it.id == portal)?.customer;
        sessions_of(state, customer).find(|it| it.id == session).map(|_| ())
    });
    match (own, action.as_str()) {
        (Some(()), "cancel") => sandbox.cancel_at_period_end(&session),
        (Some(()), "resume") => sandbox.keep_subscription(&session),
        _ => return unknown(),
    };
    see_other(&format!("{}/portal/{portal}", prefix(&original, &uri)))
}

fn sessions_of<'a>(state: &'a State, customer: &'a str) -> impl Iterator<Item = &'a Session> {
    state.sessions.iter().filter(move |it| it.customer.as_deref() == Some(customer))
}
