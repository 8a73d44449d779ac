//! Update Repository.

use api::{ApiError, Check, Id, Input, Json, Valid};
use auth::Admin;
use axum::extract::State;
use domain::{
    Problem, RepositoryId,
    log::Action,
    pricing::{CadenceName, PricingType, parse_cadence_days, parse_price_cents},
    repository::{RefundPolicy, Repository, RepositoryPatch, parse_grace_days},
    text::{Description, DisplayName, Feature, WebUrl},
};
use store::Change;

use crate::{App, change, packages, price, views::UpdatedRepository};

/// `PATCH /api/admin/repositories/{id}`: change what is sold from now on. Who bought keeps the price and the terms.
pub(crate) async fn update(
    admin: Admin,
    State(app): State<App>,
    Id(id): Id<RepositoryId>,
    Valid(Changes(patch)): Valid<Changes>,
) -> Result<Json<UpdatedRepository>, ApiError> {
    let wanted = patch.packages.clone().unwrap_or_default();
    let known = |company| {
        let (store, wanted) = (app.store.clone(), wanted.clone());
        async move { futures::try_join!(store.repository(company, id), packages::missing(&store, company, &wanted)) }
    };
    let (caller, (mut found, missing)) = admin.confirmed_reading(known).await?;
    for _ in 0..change::TRIES {
        let before = found.ok_or_else(ApiError::not_found)?.repository;
        packages::all_there(&missing)?;
        let after =
            before.patched(&patch, app.clock.now()).map_err(|(field, problem)| ApiError::field(field, problem))?;
        if after == before {
            return Ok(Json(UpdatedRepository::of(&before, &after)));
        }
        let after = at_stripe(&app, &before, after).await?;
        if change::write(&app, (&before, &after), Action::RepositoryUpdated, &caller).await? == Change::Made {
            return Ok(Json(UpdatedRepository::of(&before, &after)));
        }
        found = app.store.repository(caller.company, id).await?;
    }
    Err(change::contended())
}

/// Before anything is written Stripe has the new price, and knows the product by its new name.
async fn at_stripe(app: &App, before: &Repository, mut after: Repository) -> Result<Repository, ApiError> {
    if before.pricing != after.pricing {
        after.stripe = Some(price::make(app, &after, before.display_name.as_str()).await?);
    }
    if before.display_name != after.display_name {
        price::rename(app, &after).await?;
    }
    Ok(after)
}

#[derive(Debug)]
pub(crate) struct Changes(RepositoryPatch);

impl Input for Changes {
    fn check(c: &mut Check) -> Option<Self> {
        let display_name = c.text_if_given("displayName", DisplayName::parse);
        let description = c.text_patch("description", Description::parse);
        let cover_image_url = c.text_patch("coverImageUrl", WebUrl::parse);
        let features = c.texts_if_given("features", 20, Feature::parse);
        let price_cents = c.integer_if_given("priceCents", parse_price_cents);
        let pricing_type = c.text_if_given("pricingType", PricingType::parse);
        let cadence = c.text_patch("subscriptionCadence", CadenceName::parse);
        let cadence_days = c.integer_patch("customCadenceDays", parse_cadence_days);
        let refund_policy = c.text_if_given("refundPolicy", RefundPolicy::parse);
        let grace_days = c.integer_patch("graceDays", parse_grace_days);
        let packages = c.given("packages", packages::check);
        let sell_again = sell_again(c);
        Some(Self(RepositoryPatch {
            display_name: display_name?,
            description: description?,
            cover_image_url: cover_image_url?,
            features: features?,
            price_cents: price_cents?,
            pricing_type: pricing_type?,
            cadence: cadence?,
            cadence_days: cadence_days?,
            refund_policy: refund_policy?,
            grace_days: grace_days?,
            packages: packages?,
            sell_again: sell_again?,
        }))
    }
}

/// `active` can only be set: what is not to be sold any more is deleted.
fn sell_again(c: &mut Check) -> Option<bool> {
    match c.flag_if_given("active")? {
        Some(false) => c.problem("active", Problem::Unusable { reason: "DELETE ends the sale" }),
        given => Some(given.is_some()),
    }
}
