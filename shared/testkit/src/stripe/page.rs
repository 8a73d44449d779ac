//! The payment page, where the developer plays the buyer, the bank and the seller.

mod buttons;
mod hosted;

use std::fmt::Write;

use axum::{
    Router,
    extract::{OriginalUri, Path, State as Shared},
    http::{StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use domain::Money;

use super::{
    Sandbox,
    events::{Event, Sent},
    state::{Mode, PaymentStatus, Session, State, Status},
};
use crate::sandbox::{escape, home, page, prefix, see_other};

const LABEL: &str = "Stripe sandbox — no real money";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/webhooks/{switch}", post(switch_webhooks))
        .route("/invoice/{invoice}", get(hosted::invoice))
        .route("/invoice/{invoice}/pay", post(hosted::pay_invoice))
        .route("/receipt/{charge}", get(hosted::receipt))
        .route("/portal/{portal}", get(hosted::portal))
        .route("/portal/{portal}/{session}/{action}", post(hosted::manage))
        .route("/pay/{session}", get(show))
        .route("/pay/{session}/done", get(done))
        .route("/pay/{session}/{action}", post(act))
        .with_state(sandbox.clone())
}

async fn index(Shared(sandbox): Shared<Sandbox>, OriginalUri(original): OriginalUri, uri: Uri) -> Response {
    let root = prefix(&original, &uri);
    let body = sandbox.shared.state.read(|state| {
        let switch = webhooks(state, &root);
        if state.sessions.is_empty() {
            return format!("<p class=\"quiet\">None yet. A checkout makes one.</p>{switch}");
        }
        let mut html =
            String::from("<table><tr><th scope=\"col\">Session</th><th scope=\"col\">Product</th><th scope=\"col\">Amount</th><th scope=\"col\">Buyer</th><th scope=\"col\">State</th></tr>");
        for session in state.sessions.iter().rev() {
            let _ = write!(
                html,
                "<tr><td><a href=\"{}/pay/{}\"><code>{}</code></a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(&root),
                escape(&session.id),
                escape(&session.id),
                escape(&session.product),
                money(session.due(), &session.currency),
                escape(session.customer_email.as_deref().unwrap_or("unknown")),
                standing(session),
            );
        }
        html + "</table>" + &switch
    });
    page(StatusCode::OK, "Checkout sessions", LABEL, &body)
}

/// The switch that loses webhooks.
fn webhooks(state: &State, root: &str) -> String {
    let (now, action, label) = if state.drops_webhooks {
        ("Events are made, and nobody is told.", "send", "Send webhooks again")
    } else {
        ("Events are sent to the webhook.", "drop", "Lose webhooks from now on")
    };
    let root = escape(root);
    format!(
        "<h2>Webhooks</h2><p>{now}</p>\
         <form method=\"post\" action=\"{root}/webhooks/{action}\"><button>{label}</button></form>"
    )
}

async fn show(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    sandbox.expire_overdue();
    let root = prefix(&original, &uri);
    let found = sandbox.shared.state.read(|state| {
        let session = state.session(&id)?;
        Some((session.product.clone(), body(state, session, &root)))
    });
    match found {
        Some((product, body)) => page(StatusCode::OK, &format!("Pay for {product}"), LABEL, &body),
        None => unknown(),
    }
}

/// What a buyer sees after paying: what happened, and the way back to the shop.
async fn done(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    let root = prefix(&original, &uri);
    let body = sandbox.shared.state.read(|state| {
        let session = state.session(&id)?;
        let success = session.success_url.replace("{CHECKOUT_SESSION_ID}", &session.id);
        let id = escape(&session.id);
        Some(format!(
            "<section class=\"card\"><p class=\"amount\">{}</p><p class=\"standing\">{}</p>\
             <p><a href=\"{}\">Back to the shop</a></p></section>\
             <p><a href=\"{}/pay/{id}\">Refunds, renewals and events of this session</a></p>{}",
            money(session.due(), &session.currency),
            standing(session),
            escape(&success),
            escape(&root),
            events(state, session),
        ))
    });
    match body {
        Some(body) => page(StatusCode::OK, "Thank you", LABEL, &body),
        None => unknown(),
    }
}

async fn act(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path((id, action)): Path<(String, String)>,
) -> Response {
    let Some(caused) = perform(&sandbox, &id, &action) else {
        return unknown();
    };
    let root = prefix(&original, &uri);
    let paid = ["pay", "pay-later", "complete-free"].contains(&action.as_str()) && !caused.is_empty();
    see_other(&format!("{root}/pay/{id}{}", if paid { "/done" } else { "" }))
}

fn perform(sandbox: &Sandbox, id: &str, action: &str) -> Option<Vec<Event>> {
    // The id goes into a Location header: only one that is known may.
    let half = sandbox.shared.state.read(|state| {
        let session = state.session(id)?;
        Some(session.refundable().map_or(0, |charge| (charge.amount - charge.refunded) / 2))
    })?;
    buttons::perform(sandbox, id, action, half)
}

async fn switch_webhooks(
    Shared(sandbox): Shared<Sandbox>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    Path(switch): Path<String>,
) -> Response {
    match switch.as_str() {
        "drop" => sandbox.drop_webhooks(true),
        "send" => sandbox.drop_webhooks(false),
        _ => return unknown(),
    }
    see_other(&home(&prefix(&original, &uri)))
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, "There is no such thing here", LABEL, "<p>It was never created here.</p>")
}

fn body(state: &State, session: &Session, root: &str) -> String {
    let each = match &session.recurring {
        Some(it) if it.count == 1 => format!(" each {}", it.interval),
        Some(it) => format!(" every {} {}s", it.count, it.interval),
        None => String::new(),
    };
    let mut html = format!(
        "<section class=\"card\"><p class=\"amount\">{} <span class=\"quiet\">{}{}</span></p>\
         <p>For <strong>{}</strong>{}</p><p class=\"standing\">{}</p><div>{}</div></section>\n",
        money(session.due(), &session.currency),
        if session.due() == session.amount {
            String::new()
        } else {
            format!("instead of {}", money(session.amount, &session.currency))
        },
        escape(&each),
        escape(session.customer_email.as_deref().unwrap_or("an unknown buyer")),
        session.trial_days.map_or_else(String::new, |days| format!(", after a trial of {days} days")),
        standing(session),
        buttons::html(session, root),
    );
    html.push_str("<h2>What the seller attached</h2><table>");
    let own = session.metadata.iter().map(|pair| ("session", pair));
    let inner = match session.mode {
        Mode::Payment => "payment intent",
        Mode::Subscription => "subscription",
    };
    let rest = session.inner_metadata.iter().map(|pair| (inner, pair));
    for (place, (name, value)) in own.chain(rest) {
        let _ = write!(html, "<tr><td>{place}</td><td>{}</td><td>{}</td></tr>", escape(name), escape(value));
    }
    let reference = session.client_reference_id.as_deref().unwrap_or("none");
    let _ = write!(html, "<tr><td>session</td><td>client_reference_id</td><td>{}</td></tr></table>", escape(reference));
    html.push_str(&events(state, session));
    let _ = write!(html, "<p><a href=\"{}\">All sessions</a></p>", escape(&home(root)));
    if let (Status::Open, Some(cancel)) = (session.status, &session.cancel_url) {
        let _ = write!(html, "<p><a href=\"{}\">Back to the shop without paying</a></p>", escape(cancel));
    }
    html
}

/// Where the session stands, in words.
fn standing(session: &Session) -> String {
    let mut text = match (session.status, session.payment_status) {
        (Status::Open, _) => "waits for the buyer".to_owned(),
        (Status::Expired, _) => "expired".to_owned(),
        (Status::Complete, PaymentStatus::Paid) => "paid".to_owned(),
        (Status::Complete, PaymentStatus::NotRequired) => "complete, nothing to pay".to_owned(),
        (Status::Complete, PaymentStatus::Unpaid) if session.delayed => {
            "complete, the payment is on its way".to_owned()
        }
        (Status::Complete, PaymentStatus::Unpaid) => "complete, the payment failed".to_owned(),
    };
    let refunded: i64 = session.charges.iter().map(|charge| charge.refunded).sum();
    if refunded > 0 {
        let _ = write!(text, ", {} refunded", money(refunded, &session.currency));
    }
    if let Some(subscription) = &session.subscription {
        let _ = write!(text, ", subscription {}", escape(&subscription.status));
        if subscription.ended_at.is_none() && subscription.cancel_requested.is_some() {
            text.push_str(" until the end of its period");
        }
    }
    if let Some(dispute) = session.charges.iter().rev().find_map(|charge| charge.dispute.as_ref()) {
        let _ = write!(text, ", dispute {}", escape(&dispute.status).replace('_', " "));
    }
    text
}

fn events(state: &State, session: &Session) -> String {
    if state.events.iter().all(|sent| sent.session != session.id) {
        return "<h2>Events</h2><p class=\"quiet\">None yet.</p>".to_owned();
    }
    let mut html = String::from(
        "<h2>Events</h2><table><tr><th scope=\"col\">Event</th><th scope=\"col\">Id</th><th scope=\"col\">Sent</th><th scope=\"col\">Last answer</th></tr>",
    );
    for sent in state.events.iter().filter(|sent| sent.session == session.id) {
        html.push_str(&event_row(sent));
    }
    html + "</table>\n<p class=\"quiet\">Reload the page to see how they fare.</p>"
}

fn event_row(sent: &Sent) -> String {
    let answer = match (&sent.answer, sent.delivered) {
        (None, _) if sent.dropped => "<span class=\"bad\">lost</span>".to_owned(),
        (None, _) => "waiting".to_owned(),
        (Some(answer), true) => format!("{} delivered", escape(answer)),
        (Some(answer), false) => format!("<span class=\"bad\">{}, will be sent again</span>", escape(answer)),
    };
    let times = match sent.attempts {
        1 => "once".to_owned(),
        attempts => format!("{attempts} times"),
    };
    format!(
        "<tr><td>{}</td><td><code>{}</code></td><td>{times}</td><td>{answer}</td></tr>",
        escape(&sent.event.kind),
        escape(&sent.event.id),
    )
}

/// An amount as people write it.
fn money(minor: i64, currency: &str) -> String {
    escape(&Money { minor, currency: currency.to_owned() }.to_string())
}
