//! What Stripe has for a buyer: the page where subscriptions and cards are managed, and receipts.

use api::{ApiError, Id, Json, Kind, OnPage};
use auth::Buyer;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domain::{PurchaseId, purchase::Purchase};
use serde::Serialize;

use super::{get::page_path, read};
use crate::App;

/// `POST /api/purchases/{id}/billing-portal`: a link to Stripe's page, for a few minutes.
pub(crate) async fn portal(
    buyer: Buyer,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Json<Portal>, ApiError> {
    Ok(Json(Portal { url: portal_url(&app, &buyer, id).await? }))
}

#[derive(Debug, Serialize)]
pub(crate) struct Portal {
    url: String,
}

/// `GET /purchases/{id}/billing-portal`: the same for a browser. A link and no form: browsers let no form of ours lead to
/// another site.
pub(crate) async fn go_to_portal(
    buyer: Result<Buyer, ApiError>,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Response, OnPage> {
    let url = portal_url(&app, &buyer?, id).await?;
    Ok(Redirect::to(&url).into_response())
}

/// `GET /purchases/{id}/receipt`: on to Stripe's receipt of the last payment.
pub(crate) async fn go_to_receipt(
    buyer: Result<Buyer, ApiError>,
    State(app): State<App>,
    Id(id): Id<PurchaseId>,
) -> Result<Response, OnPage> {
    let purchase = read(&app, &buyer?, id).await?;
    let url = receipt_url(&app, &purchase).await?;
    let url = url.ok_or_else(|| ApiError::new(Kind::NotFound, "There is no receipt yet."))?;
    Ok(Redirect::to(&url).into_response())
}

async fn portal_url(app: &App, buyer: &Buyer, id: PurchaseId) -> Result<String, ApiError> {
    let purchase = read(app, buyer, id).await?;
    let nobody = || ApiError::new(Kind::Conflict, "There is nothing to manage before it is paid");
    let customer = purchase.facts.customer.ok_or_else(nobody)?;
    let back = format!("{}{}", app.public_url, page_path(id, "", buyer.token().reveal()));
    app.stripe.billing_portal(&customer, &back).await.map_err(ApiError::unavailable)
}

/// Payments are known by their payment intent or by their invoice.
async fn receipt_url(app: &App, purchase: &Purchase) -> Result<Option<String>, ApiError> {
    let last = purchase.facts.payments.iter().max_by_key(|(_, payment)| payment.at);
    let found = match last {
        None => Ok(None),
        Some((id, _)) if id.starts_with("pi_") => app.stripe.receipt_url(id).await,
        Some((id, _)) => app.stripe.invoice_url(id).await,
    };
    found.map_err(ApiError::unavailable)
}
