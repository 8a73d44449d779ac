//! The first part: a repository is sold once, and the money is given back.

use anyhow::{Context, Result, ensure};
use http::StatusCode;
use serde_json::{Value, json};
use testkit::github::Access;

use super::stage::{Ask, Stage};

/// On GitHub.
const REPOSITORY: (&str, &str) = ("ctrimm", "premium-theme");
const BUYER: &str = "johndoe";

pub(super) async fn play(stage: &mut Stage<'_>) -> Result<()> {
    let repository = list(stage).await?;
    let (purchase, session) = checkout(stage, &repository).await?;
    pay(stage, &session).await?;
    open_gate(stage, &purchase).await?;
    forgery(stage, &purchase).await?;
    refund(stage, &purchase, &session).await?;
    numbers(stage, &repository).await
}

/// A field's text. Answers are checked before, so it is there.
pub(super) fn text(answer: &Value, field: &str) -> Result<String> {
    Ok(answer[field].as_str().with_context(|| format!("no {field}"))?.to_owned())
}

async fn list(stage: &mut Stage<'_>) -> Result<String> {
    stage.step("The vendor lists a private repository for 49 dollars")?;
    let new = json!({
        "githubOwner": REPOSITORY.0,
        "githubRepoName": REPOSITORY.1,
        "displayName": "Premium Astro Theme",
        "description": "A theme for shops and blogs.",
        "pricingType": "one-time",
        "priceCents": 4900,
        "features": ["Lifetime updates"],
    });
    let ask = Ask::post("/api/admin/repositories", new).by_vendor().expecting(StatusCode::CREATED);
    let listed = stage.call(ask.with("/slug", "premium-astro-theme").with("/active", true).showing("/id")).await?;

    stage.step("Anybody can look at the product")?;
    let ask = Ask::get("/api/products/premium-astro-theme");
    stage.call(ask.with("/displayName", "Premium Astro Theme").with("/priceCents", 4900)).await?;
    text(&listed, "id")
}

/// Answers with the purchase's id and the session's.
async fn checkout(stage: &mut Stage<'_>, repository: &str) -> Result<(String, String)> {
    let order = |login| json!({"repositoryId": repository, "githubUsername": login, "email": "customer@example.com"});

    stage.step("A misspelt GitHub name is refused before anything is sold")?;
    let ask = Ask::post("/api/checkout", order("jonhdoe")).expecting(StatusCode::BAD_REQUEST);
    let ask = ask.with("/error/code", "VALIDATION_ERROR").with("/error/details/0/field", "githubUsername");
    stage.call(ask.showing("/error/details/0/message")).await?;

    stage.step("johndoe checks out")?;
    let ask = Ask::post("/api/checkout", order(BUYER));
    let begun = stage.call(ask.showing("/purchaseId").showing("/sessionId")).await?;
    Ok((text(&begun, "purchaseId")?, text(&begun, "sessionId")?))
}

async fn pay(stage: &mut Stage<'_>, session: &str) -> Result<()> {
    stage.step("johndoe pays, and Stripe's events come out of order and twice")?;
    let events = stage.stripe()?.pay(session);
    ensure!(events.iter().any(|event| event.kind == "charge.succeeded"), "Stripe took no money");
    stage.deliver().await?;

    stage.step("The worker applies what Stripe told; repeated events change nothing")?;
    stage.work("PaymentsQueue", "payments").await?;
    stage.on_github(REPOSITORY, BUYER, Access::None)
}

async fn open_gate(stage: &mut Stage<'_>, purchase: &str) -> Result<()> {
    stage.step("The worker makes GitHub invite the buyer, once")?;
    stage.work("AccessQueue", "access").await?;
    stage.on_github(REPOSITORY, BUYER, Access::Invited { expired: false })?;
    let sent = stage.github()?.invitations_sent(REPOSITORY.0, REPOSITORY.1);
    ensure!(sent == 1, "{sent} invitations were sent");

    stage.step("The vendor sees the customer active")?;
    let ask = Ask::get(format!("/api/admin/customers/{purchase}")).by_vendor().with("/githubUsername", BUYER);
    let ask = ask.with("/status", "completed").with("/accessStatus", "active").with("/invitationStatus", "pending");
    stage.call(ask.showing("/accessGrantedAt")).await?;

    stage.step("The buyer accepts the invitation")?;
    stage.github()?.accept(REPOSITORY.0, REPOSITORY.1, BUYER)?;
    stage.on_github(REPOSITORY, BUYER, Access::Collaborator)
}

async fn forgery(stage: &mut Stage<'_>, purchase: &str) -> Result<()> {
    stage.step("A forged webhook is refused, and costs nothing")?;
    let metadata = json!({"company_id": "1", "purchase_id": purchase});
    let charge = json!({"id": "ch_forged", "object": "charge", "amount": 4900, "captured": true, "metadata": metadata});
    let event = json!({"id": "evt_forged", "object": "event", "type": "charge.succeeded", "created": 1, "data": {"object": charge}});
    let signature = format!("t={},v1={}", 1, "0".repeat(64));
    stage.forge(&event, &signature).await
}

async fn refund(stage: &mut Stage<'_>, purchase: &str, session: &str) -> Result<()> {
    stage.step("The vendor gives all the money back, and Stripe tells of it")?;
    let events = stage.stripe()?.refund(session, None);
    ensure!(events.iter().any(|event| event.kind == "charge.refunded"), "Stripe gave nothing back");
    stage.deliver().await?;

    stage.step("The gate closes, on GitHub too")?;
    stage.work("PaymentsQueue", "payments").await?;
    stage.work("AccessQueue", "access").await?;
    stage.on_github(REPOSITORY, BUYER, Access::None)?;

    stage.step("The vendor sees the access revoked, and why")?;
    let ask = Ask::get(format!("/api/admin/customers/{purchase}")).by_vendor().with("/accessStatus", "revoked");
    let customer =
        stage.call(ask.with("/removalStatus", "done").with("/refundedCents", 4900).showing("/revokedAt")).await?;
    let log = customer["accessLogs"].as_array().context("no access log")?;
    stage.say("Its access log, by time (Stripe knows whole seconds, so its lines come first in one):")?;
    for line in log {
        stage.say(format_args!("  {:<24}{}", text(line, "action")?, text(line, "status")?))?;
    }
    let last = log.last().context("the access log is empty")?;
    ensure!(
        last["action"] == "collaborator_removed" && last["status"] == "success",
        "the log does not end with the removal"
    );
    Ok(())
}

async fn numbers(stage: &mut Stage<'_>, repository: &str) -> Result<()> {
    stage.step("What the repository has brought: one sale, and nothing left of it")?;
    let ask = Ask::get(format!("/api/admin/repositories/{repository}")).by_vendor();
    let ask = ask.with("/stats/totalPurchases", 1).with("/stats/activePurchases", 0);
    stage.call(ask.with("/stats/totalRevenueCents", 0)).await?;
    Ok(())
}
