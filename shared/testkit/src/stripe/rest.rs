//! Stripe's REST paths.

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
    events::{Cause, Event},
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
        .route("/v1/subscriptions/{subscription}", get(retrieve_subscription).delete(cancel_subscription))
        .route("/v1/invoice_payments", get(list_invoice_payments))
        .route("/v1/events", get(list_events))
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
    let url = sandbox.public_url();
    sandbox.shared.state.change(|state| {
        once(state, &headers, SESSIONS, &form, now, |state| {
            let order = checkout::order(&form, now)?;
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
            let object = objects::session(&session, state.old_shapes, &url);
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
    let url = sandbox.public_url();
    sandbox.shared.state.read(|state| {
        let wanted = |session: &&Session| {
            let intent = session.payment_intent.as_deref().filter(|_| session.mode == Mode::Payment);
            let subscription = session.subscription.as_ref().map(|it| it.id.as_str());
            form.get("payment_intent").is_none_or(|id| intent == Some(id))
                && form.get("subscription").is_none_or(|id| subscription == Some(id))
        };
        let shown = state.sessions.iter().rev().filter(wanted);
        let shown: Vec<Value> = shown.map(|it| objects::session(it, state.old_shapes, &url)).collect();
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
    let (now, url) = (sandbox.now(), sandbox.public_url());
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
            let session = state.session(&id);
            Ok(session.map_or(Value::Null, |it| objects::session(it, state.old_shapes, &url)))
        })
    })
}

async fn retrieve_subscription(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answered {
    sandbox.shared.state.read(|state| {
        let session = state.session_of(&id).ok_or_else(|| missing("subscription", "id", &id))?;
        Ok(ok(objects::subscription(session, state.old_shapes)))
    })
}

/// Ends it at once. One that has ended already is not found, as at Stripe.
async fn cancel_subscription(
    Shared(sandbox): Shared<Sandbox>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answered {
    sandbox.shared.state.change(|state| {
        let gone = || missing("subscription", "id", &id);
        let session = state.session_of(&id).ok_or_else(gone)?;
        if session.subscription.as_ref().is_none_or(|it| it.ended_at.is_some()) {
            return Err(gone());
        }
        let session = session.id.clone();
        sandbox.apply(state, &session, &cause(&request, &headers), Till::cancel_subscription);
        let session = state.session(&session).ok_or_else(gone)?;
        Ok(ok(objects::subscription(session, state.old_shapes)))
    })
}

async fn list_invoice_payments(Shared(sandbox): Shared<Sandbox>, RawQuery(query): RawQuery) -> Answered {
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    form.only("", &["payment", "invoice", "status", "limit", "starting_after", "expand"])?;
    form.only("payment", &["type", "payment_intent"])?;
    let intent = form.get("payment[payment_intent]");
    if form.has("payment") {
        form.require("payment[type]")?;
        form.require("payment[payment_intent]")?;
    }
    let expand = form.list("expand");
    if let Some(other) = expand.iter().find(|it| **it != "data.invoice") {
        let message = format!("This property cannot be expanded ({other}).");
        return Err(invalid("expand", None, &message));
    }
    sandbox.shared.state.read(|state| {
        let all = state.sessions.iter().rev();
        let all = all.flat_map(|session| session.invoices.iter().rev().map(move |it| (session, it)));
        let wanted = all.filter(|(_, it)| {
            it.payment_intent.is_some()
                && intent.is_none_or(|id| it.payment_intent.as_deref() == Some(id))
                && form.get("invoice").is_none_or(|id| it.id == id)
        });
        let whole = !expand.is_empty();
        let shown = wanted.map(|(session, it)| objects::invoice_payment(session, it, state.old_shapes, whole));
        paged("/v1/invoice_payments", &shown.collect::<Vec<_>>(), &form)
    })
}

async fn list_events(Shared(sandbox): Shared<Sandbox>, RawQuery(query): RawQuery) -> Answered {
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    form.only("", &["type", "types", "created", "delivery_success", "limit", "starting_after"])?;
    form.only("created", &["gt", "gte", "lt", "lte"])?;
    let bound = |name: &str| form.integer(&format!("created[{name}]"));
    let (gt, gte, lt, lte) = (bound("gt")?, bound("gte")?, bound("lt")?, bound("lte")?);
    let types = form.list("types");
    let delivered = form.has("delivery_success").then(|| form.boolean("delivery_success")).transpose()?;
    let fits = |event: &Event| {
        form.get("type").is_none_or(|kind| event.kind == kind)
            && (types.is_empty() || types.contains(&event.kind.as_str()))
            && gt.is_none_or(|than| event.created > than)
            && gte.is_none_or(|than| event.created >= than)
            && lt.is_none_or(|than| event.created < than)
            && lte.is_none_or(|than| event.created <= than)
    };
    sandbox.shared.state.read(|state| {
        let wanted = state.events.iter().rev().filter(|sent| delivered.is_none_or(|it| sent.delivered == it));
        let shown = wanted.filter(|sent| fits(&sent.event)).map(|sent| sent.event.payload.clone());
        paged("/v1/events", &shown.collect::<Vec<_>>(), &form)
    })
}

/// One page of a list, by `limit` (10, at most 100) and `starting_after`.
fn paged(url: &str, all: &[Value], form: &Form) -> Answered {
    let limit = form.integer("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        let message = "This value must be between 1 and 100.";
        return Err(invalid("limit", Some("parameter_invalid_integer"), message));
    }
    let from = match form.get("starting_after") {
        None => 0,
        Some(id) => all.iter().position(|it| it["id"] == id).map_or(all.len(), |at| at + 1),
    };
    let limit = usize::try_from(limit).unwrap_or(100);
    let has_more = all.len() > from + limit;
    Ok(list(url, &all[from.min(all.len())..(from + limit).min(all.len())], has_more))
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
    if state.sessions.iter().any(|it| it.customer.as_deref() == Some(customer)) {
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
