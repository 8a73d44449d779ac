//! Stripe's REST paths.

mod billing;
mod records;

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Path, RawQuery, State as Shared},
    http::{HeaderMap, StatusCode, header},
    middleware,
    routing::{get, post},
};
use serde_json::Value;

use super::{
    Sandbox,
    actions::Till,
    checkout,
    events::Cause,
    form::{Form, invalid, list, refuse},
    gate::{RequestId, gate, once},
    objects,
    state::{Mode, PaymentStatus, Session, State, Status, new_id},
};
use crate::sandbox::Answer;

type Answered = Result<Answer, Answer>;

const SESSIONS: &str = "/v1/checkout/sessions";

pub(super) fn router(sandbox: &Sandbox) -> Router {
    Router::new()
        .route(SESSIONS, post(create_session).get(list_sessions))
        .route("/v1/checkout/sessions/{session}", get(retrieve_session))
        .route("/v1/checkout/sessions/{session}/expire", post(expire_session))
        .route(
            "/v1/subscriptions/{subscription}",
            get(billing::retrieve_subscription).delete(billing::cancel_subscription),
        )
        .route("/v1/invoice_payments", get(billing::list_invoice_payments))
        .route("/v1/invoices", get(billing::list_invoices))
        .route("/v1/invoices/{invoice}", get(billing::retrieve_invoice))
        .route("/v1/invoices/{invoice}/void", post(billing::void_invoice))
        .route("/v1/billing_portal/sessions", post(billing::open_portal))
        .route("/v1/payment_intents/{intent}", get(records::retrieve_payment))
        .route("/v1/prices", post(records::create_price))
        .route("/v1/prices/{price}", get(records::retrieve_price))
        .route("/v1/products/{product}", get(records::retrieve_product).post(records::update_product))
        .route("/v1/events", get(records::list_events))
        .layer(middleware::from_fn_with_state(sandbox.clone(), gate))
        .with_state(sandbox.clone())
}

/// An address that Stripe does not have, or this sandbox does not.
pub(super) async fn not_found() -> Answer {
    let message = "Unrecognized request URL. Please see https://stripe.com/docs (this sandbox has a few of them only).";
    refuse(StatusCode::NOT_FOUND, "invalid_request_error", None, message)
}

async fn create_session(
    Shared(sandbox): Shared<Sandbox>,
    Extension(_): Extension<RequestId>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let form = posted(&headers, &body)?;
    let now = sandbox.now();
    sandbox.shared.state.change(|state| {
        once(state, &headers, SESSIONS, &form, now, |state| {
            let order = checkout::order(&form, now, state)?;
            if let Some(customer) = &order.customer {
                known_customer(state, customer)?;
            }
            let session = Session {
                id: new_id(&sandbox.shared.random, "cs_test"),
                created: now,
                order,
                status: Status::Open,
                payment_status: PaymentStatus::Unpaid,
                discount: 0,
                delayed: false,
                payment_intent: None,
                charges: Vec::new(),
                subscription: None,
                invoices: Vec::new(),
            };
            let object = objects::session(&session, &sandbox.view(state));
            state.sessions.push(session);
            Ok(object)
        })
    })
}

async fn retrieve_session(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answered {
    let found = sandbox.session(&id);
    found.map(ok).ok_or_else(|| missing("checkout.session", "session", &id))
}

async fn list_sessions(Shared(sandbox): Shared<Sandbox>, RawQuery(query): RawQuery) -> Answered {
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    let filters = ["payment_intent", "subscription", "limit", "status", "starting_after", "expand"];
    form.only("", &filters)?;
    sandbox.shared.state.read(|state| {
        let view = sandbox.view(state);
        let wanted = |session: &&Session| {
            let intent = session.payment_intent.as_deref().filter(|_| session.mode == Mode::Payment);
            let subscription = session.subscription.as_ref().map(|it| it.id.as_str());
            form.get("payment_intent").is_none_or(|id| intent == Some(id))
                && form.get("subscription").is_none_or(|id| subscription == Some(id))
        };
        let shown = state.sessions.iter().rev().filter(wanted);
        let shown: Vec<Value> = shown.map(|it| objects::session(it, &view)).collect();
        paged(SESSIONS, &shown, &form)
    })
}

async fn expire_session(
    Shared(sandbox): Shared<Sandbox>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let form = posted(&headers, &body)?;
    let now = sandbox.now();
    let path = format!("{SESSIONS}/{id}/expire");
    sandbox.shared.state.change(|state| {
        once(state, &headers, &path, &form, now, |state| {
            let found = state.session(&id);
            let found = found.ok_or_else(|| missing("checkout.session", "session", &id))?;
            let status = match found.status {
                Status::Open => None,
                Status::Complete => Some("complete"),
                Status::Expired => Some("expired"),
            };
            if let Some(status) = status {
                let message = format!(
                    "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `{status}`."
                );
                return Err(invalid("session", None, &message));
            }
            sandbox.apply(state, &id, &cause(&request, &headers), Till::expire);
            let (session, view) = (state.session(&id), sandbox.view(state));
            Ok(session.map_or(Value::Null, |it| objects::session(it, &view)))
        })
    })
}

/// One page of a list, by `limit` (10, at most 100) and `starting_after`.
fn paged(url: &str, all: &[Value], form: &Form) -> Answered {
    let limit = limit(form)?;
    let from = match form.get("starting_after") {
        None => 0,
        Some(id) => all.iter().position(|it| it["id"] == id).map_or(all.len(), |at| at + 1),
    };
    let has_more = all.len() > from + limit;
    Ok(list(url, &all[from.min(all.len())..(from + limit).min(all.len())], has_more))
}

/// How many are wanted on one page.
fn limit(form: &Form) -> Result<usize, Answer> {
    let limit = form.integer("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        let message = "This value must be between 1 and 100.";
        return Err(invalid("limit", Some("parameter_invalid_integer"), message));
    }
    Ok(usize::try_from(limit).unwrap_or(100))
}

/// The parameters of a POST, which is a form or empty.
fn posted(headers: &HeaderMap, body: &[u8]) -> Result<Form, Answer> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !body.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
        let message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded).";
        return Err(refuse(StatusCode::BAD_REQUEST, "invalid_request_error", None, message));
    }
    Form::parse(body)
}

fn known_customer(state: &State, customer: &str) -> Result<(), Answer> {
    if state.is_customer(customer) {
        return Ok(());
    }
    let message = format!("No such customer: '{customer}'");
    Err(invalid("customer", Some("resource_missing"), &message))
}

fn cause(request: &RequestId, headers: &HeaderMap) -> Cause {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    Cause { request: Some(request.0.clone()), idempotency_key: key.map(str::to_owned) }
}

fn missing(kind: &str, param: &str, id: &str) -> Answer {
    let message = format!("No such {kind}: '{id}'");
    let body = serde_json::json!({
        "error": {
            "code": "resource_missing",
            "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
            "message": message,
            "param": param,
            "type": "invalid_request_error",
        },
    });
    Answer::json(StatusCode::NOT_FOUND, body)
}

fn ok(body: Value) -> Answer {
    Answer::json(StatusCode::OK, body)
}
