//! Subscriptions, invoices and the portal.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, RawQuery, State as Shared},
    http::HeaderMap,
};
use serde_json::Value;

use super::{Answered, cause, missing, ok, paged, posted};
use crate::stripe::{
    Sandbox,
    actions::Till,
    form::{Form, invalid},
    gate::{RequestId, once},
    objects,
    state::{Invoice, Portal, Session, new_id},
};

pub(super) async fn retrieve_subscription(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answered {
    sandbox.shared.state.read(|state| {
        let session = state.session_of(&id).ok_or_else(|| missing("subscription", "id", &id))?;
        Ok(ok(objects::subscription(session, &sandbox.view(state))))
    })
}

/// Ends it at once. One that has ended already is not found, as at Stripe.
pub(super) async fn cancel_subscription(
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
        Ok(ok(objects::subscription(session, &sandbox.view(state))))
    })
}

pub(super) async fn list_invoice_payments(Shared(sandbox): Shared<Sandbox>, RawQuery(query): RawQuery) -> Answered {
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
        let wanted = state.invoices().filter(|(_, it)| {
            it.payment_intent.is_some()
                && intent.is_none_or(|id| it.payment_intent.as_deref() == Some(id))
                && form.get("invoice").is_none_or(|id| it.id == id)
        });
        let (whole, view) = (!expand.is_empty(), sandbox.view(state));
        let shown = wanted.map(|(session, it)| objects::invoice_payment(session, it, &view, whole));
        paged("/v1/invoice_payments", &shown.collect::<Vec<_>>(), &form)
    })
}

pub(super) async fn list_invoices(Shared(sandbox): Shared<Sandbox>, RawQuery(query): RawQuery) -> Answered {
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    form.only("", &["subscription", "customer", "status", "limit", "starting_after"])?;
    let wanted = |(session, invoice): &(&Session, &Invoice)| {
        let subscription = session.subscription.as_ref().map(|it| it.id.as_str());
        form.get("subscription").is_none_or(|id| subscription == Some(id))
            && form.get("customer").is_none_or(|id| session.customer.as_deref() == Some(id))
            && form.get("status").is_none_or(|status| invoice.status() == status)
    };
    sandbox.shared.state.read(|state| {
        let view = sandbox.view(state);
        let shown = state.invoices().filter(wanted).map(|(session, it)| objects::invoice(session, it, &view));
        paged("/v1/invoices", &shown.collect::<Vec<_>>(), &form)
    })
}

pub(super) async fn retrieve_invoice(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answered {
    sandbox.shared.state.read(|state| {
        let (session, invoice) = state.invoice(&id).ok_or_else(|| missing("invoice", "id", &id))?;
        Ok(ok(objects::invoice(session, invoice, &sandbox.view(state))))
    })
}

pub(super) async fn void_invoice(
    Shared(sandbox): Shared<Sandbox>,
    Extension(request): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let form = posted(&headers, &body)?;
    form.only("", &[])?;
    let (now, path) = (sandbox.now(), format!("/v1/invoices/{id}/void"));
    sandbox.shared.state.change(|state| {
        once(state, &headers, &path, &form, now, |state| {
            let (session, invoice) = state.invoice(&id).ok_or_else(|| missing("invoice", "invoice", &id))?;
            if !invoice.is_open() {
                let message = "You can only pass in open invoices. This invoice isn't open.";
                return Err(invalid("invoice", None, message));
            }
            let session = session.id.clone();
            sandbox.apply(state, &session, &cause(&request, &headers), |till| till.void_invoice(&id));
            let view = sandbox.view(state);
            Ok(state.invoice(&id).map_or(Value::Null, |(session, it)| objects::invoice(session, it, &view)))
        })
    })
}

pub(super) async fn open_portal(Shared(sandbox): Shared<Sandbox>, headers: HeaderMap, body: Bytes) -> Answered {
    let form = posted(&headers, &body)?;
    form.only("", &["configuration", "customer", "flow_data", "locale", "return_url"])?;
    let now = sandbox.now();
    sandbox.shared.state.change(|state| {
        once(state, &headers, "/v1/billing_portal/sessions", &form, now, |state| {
            let customer = form.require("customer")?.to_owned();
            if !state.is_customer(&customer) {
                let message = format!("No such customer: '{customer}'");
                return Err(invalid("customer", Some("resource_missing"), &message));
            }
            let return_url = form.url("return_url")?.unwrap_or_default();
            let portal = Portal { id: new_id(&sandbox.shared.random, "bps"), customer, return_url, created: now };
            let object = objects::portal(&portal, &sandbox.view(state));
            state.portals.push(portal);
            Ok(object)
        })
    })
}
