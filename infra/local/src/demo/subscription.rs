//! The second part: a repository is sold by the month, renewed, and cancelled.

use anyhow::{Result, ensure};
use http::StatusCode;
use serde_json::json;
use testkit::github::Access;

use super::{
    one_time::text,
    stage::{Ask, Stage},
};

/// On GitHub.
const REPOSITORY: (&str, &str) = ("acme-corp", "toolkit");
const BUYER: &str = "janedoe";

pub(super) async fn play(stage: &mut Stage<'_>) -> Result<()> {
    let (purchase, session) = subscribe(stage).await?;
    open_gate(stage, &session).await?;
    renew(stage, &session).await?;
    cancel(stage, &purchase, &session).await?;
    numbers(stage).await
}

/// Answers with the purchase's id and the session's.
async fn subscribe(stage: &mut Stage<'_>) -> Result<(String, String)> {
    stage.step("The vendor lists a second repository, for 19 dollars a month")?;
    let new = json!({
        "githubOwner": REPOSITORY.0,
        "githubRepoName": REPOSITORY.1,
        "displayName": "Acme Toolkit",
        "pricingType": "subscription",
        "subscriptionCadence": "monthly",
        "priceCents": 1900,
    });
    let ask = Ask::post("/api/admin/repositories", new).by_vendor().expecting(StatusCode::CREATED);
    let listed = stage.call(ask.with("/slug", "acme-toolkit").with("/subscriptionCadence", "monthly")).await?;

    stage.step("janedoe subscribes")?;
    let order = json!({"repositoryId": text(&listed, "id")?, "githubUsername": BUYER, "email": "jane@example.com"});
    let ask = Ask::post("/api/checkout", order).showing("/purchaseId").showing("/sessionId");
    let begun = stage.call(ask).await?;
    Ok((text(&begun, "purchaseId")?, text(&begun, "sessionId")?))
}

async fn open_gate(stage: &mut Stage<'_>, session: &str) -> Result<()> {
    stage.step("janedoe pays the first month")?;
    let events = stage.stripe()?.pay(session);
    ensure!(events.iter().any(|event| event.kind == "customer.subscription.created"), "no subscription began");
    stage.deliver().await?;

    stage.step("The gate opens, and janedoe walks through it")?;
    stage.work("PaymentsQueue", "payments").await?;
    stage.work("AccessQueue", "access").await?;
    stage.on_github(REPOSITORY, BUYER, Access::Invited { expired: false })?;
    stage.github()?.accept(REPOSITORY.0, REPOSITORY.1, BUYER)?;
    stage.on_github(REPOSITORY, BUYER, Access::Collaborator)
}

async fn renew(stage: &mut Stage<'_>, session: &str) -> Result<()> {
    stage.step("A month later the subscription renews")?;
    let events = stage.stripe()?.renew(session);
    ensure!(events.iter().any(|event| event.kind == "invoice.payment_succeeded"), "nothing was renewed");
    stage.deliver().await?;

    stage.step("The second payment counts, and the gate stays open")?;
    stage.work("PaymentsQueue", "payments").await?;
    stage.work("AccessQueue", "access").await?;
    stage.on_github(REPOSITORY, BUYER, Access::Collaborator)?;
    let ask = Ask::get("/api/admin/customers?status=active").by_vendor().with("/pagination/total", 1);
    stage.call(ask.with("/customers/0/githubUsername", BUYER).with("/customers/0/status", "completed")).await?;
    Ok(())
}

async fn cancel(stage: &mut Stage<'_>, purchase: &str, session: &str) -> Result<()> {
    stage.step("janedoe cancels")?;
    let events = stage.stripe()?.cancel_subscription(session);
    ensure!(events.iter().any(|event| event.kind == "customer.subscription.deleted"), "no subscription ended");
    stage.deliver().await?;

    stage.step("The gate closes, on GitHub too")?;
    stage.work("PaymentsQueue", "payments").await?;
    stage.work("AccessQueue", "access").await?;
    stage.on_github(REPOSITORY, BUYER, Access::None)?;
    let ask = Ask::get(format!("/api/admin/customers/{purchase}")).by_vendor().with("/status", "canceled");
    stage.call(ask.with("/accessStatus", "revoked").with("/removalStatus", "done")).await?;
    Ok(())
}

async fn numbers(stage: &mut Stage<'_>) -> Result<()> {
    stage.step("The final numbers: two months of the subscription, the sale was refunded")?;
    let ask = Ask::get("/api/admin/repositories").by_vendor().with("/pagination/total", 2);
    let ask = ask.with("/repositories/0/slug", "acme-toolkit").with("/repositories/0/purchaseCount", 1);
    let ask = ask.with("/repositories/0/totalRevenueCents", 3800);
    let ask = ask.with("/repositories/1/slug", "premium-astro-theme").with("/repositories/1/purchaseCount", 1);
    stage.call(ask.with("/repositories/1/totalRevenueCents", 0)).await?;
    Ok(())
}
