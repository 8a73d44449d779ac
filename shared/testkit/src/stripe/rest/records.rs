//! Events, payments, prices and products.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State as Shared},
    http::HeaderMap,
};
use serde_json::Value;

use super::{Answered, limit, missing, ok, posted};
use crate::{
    sandbox::Answer,
    stripe::{
        Sandbox,
        events::Event,
        form::{Form, invalid, list},
        gate::once,
        objects, prices,
        state::{KEPT, Price, Product, State, new_id},
    },
};

/// The most types that the list of events can be narrowed to.
const MAX_TYPES: usize = 20;

pub(super) async fn list_events(Shared(sandbox): Shared<Sandbox>, RawQuery(query): RawQuery) -> Answered {
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    form.only("", &["type", "types", "created", "delivery_success", "limit", "starting_after"])?;
    form.only("created", &["gt", "gte", "lt", "lte"])?;
    let bound = |name: &str| form.integer(&format!("created[{name}]"));
    let (gt, gte, lt, lte) = (bound("gt")?, bound("gte")?, bound("lt")?, bound("lte")?);
    let types = form.list("types");
    if types.len() > MAX_TYPES {
        let message = format!("Array must have at most {MAX_TYPES} elements.");
        return Err(invalid("types", None, &message));
    }
    let oldest = sandbox.now() - KEPT;
    let delivered = form.has("delivery_success").then(|| form.boolean("delivery_success")).transpose()?;
    let fits = |event: &Event| {
        event.created >= oldest
            && form.get("type").is_none_or(|kind| event.kind == kind)
            && (types.is_empty() || types.contains(&event.kind.as_str()))
            && gt.is_none_or(|than| event.created > than)
            && gte.is_none_or(|than| event.created >= than)
            && lt.is_none_or(|than| event.created < than)
            && lte.is_none_or(|than| event.created <= than)
    };
    sandbox.shared.state.read(|state| {
        let after = form.get("starting_after").map(|id| position(state, id)).transpose()?;
        let older = &state.events[..after.unwrap_or(state.events.len())];
        let wanted = older.iter().rev().filter(|sent| delivered.is_none_or(|it| sent.delivered == it));
        let wanted = wanted.filter(|sent| fits(&sent.event)).map(|sent| &sent.event.payload);
        let limit = limit(&form)?;
        let mut shown: Vec<Value> = wanted.take(limit + 1).cloned().collect();
        let has_more = shown.len() > limit;
        shown.truncate(limit);
        Ok(list("/v1/events", &shown, has_more))
    })
}

/// Where an event stands.
fn position(state: &State, id: &str) -> Result<usize, Answer> {
    let found = state.events.iter().position(|sent| sent.event.id == id);
    found.ok_or_else(|| {
        let message = format!("No such event: '{id}'");
        invalid("starting_after", Some("resource_missing"), &message)
    })
}

/// A payment intent. One is known once the buyer has tried to pay.
pub(super) async fn retrieve_payment(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answered {
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    form.only("", &["client_secret", "expand"])?;
    let expand = form.list("expand");
    if let Some(other) = expand.iter().find(|it| **it != "latest_charge") {
        let message = format!("This property cannot be expanded ({other}).");
        return Err(invalid("expand", None, &message));
    }
    sandbox.shared.state.read(|state| {
        let session = state.sessions.iter().find(|it| {
            let own = it.payment_intent.as_deref() == Some(&id);
            own || it.invoices.iter().any(|invoice| invoice.payment_intent.as_deref() == Some(&id))
        });
        let session = session.ok_or_else(|| missing("payment_intent", "intent", &id))?;
        let view = sandbox.view(state);
        let mut object = objects::payment_intent(session, &id, &view);
        if let (false, Some(charge)) = (expand.is_empty(), object["latest_charge"].as_str()) {
            object["latest_charge"] = objects::charge(session, charge, &view);
        }
        Ok(ok(object))
    })
}

pub(super) async fn create_price(Shared(sandbox): Shared<Sandbox>, headers: HeaderMap, body: Bytes) -> Answered {
    let form = posted(&headers, &body)?;
    let (now, random) = (sandbox.now(), &sandbox.shared.random);
    sandbox.shared.state.change(|state| {
        once(state, &headers, "/v1/prices", &form, now, |state| {
            let asked = prices::read(&form, "", state)?;
            let metadata = form.metadata("metadata")?;
            let product = asked.product_id.unwrap_or_else(|| {
                let id = new_id(random, "prod");
                state.products.push(Product { id: id.clone(), name: asked.product_name, created: now });
                id
            });
            let price = Price {
                id: new_id(random, "price"),
                product,
                amount: asked.amount,
                currency: asked.currency,
                recurring: asked.recurring,
                metadata,
                created: now,
            };
            let object = objects::price(&price);
            state.prices.push(price);
            Ok(object)
        })
    })
}

pub(super) async fn retrieve_price(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answered {
    let found = sandbox.shared.state.read(|state| state.prices.iter().find(|it| it.id == id).map(objects::price));
    found.map(ok).ok_or_else(|| missing("price", "price", &id))
}

pub(super) async fn retrieve_product(Shared(sandbox): Shared<Sandbox>, Path(id): Path<String>) -> Answered {
    let found = sandbox.shared.state.read(|state| state.products.iter().find(|it| it.id == id).map(objects::product));
    found.map(ok).ok_or_else(|| missing("product", "id", &id))
}

/// Only the name, which buyers see when they pay.
pub(super) async fn update_product(
    Shared(sandbox): Shared<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let form = posted(&headers, &body)?;
    form.only("", &["name"])?;
    let name = form.require("name")?.to_owned();
    sandbox.shared.state.change(|state| {
        let product = state.products.iter_mut().find(|it| it.id == id).ok_or_else(|| missing("product", "id", &id))?;
        product.name = name;
        Ok(ok(objects::product(product)))
    })
}
