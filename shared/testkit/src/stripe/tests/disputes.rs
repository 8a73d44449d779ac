//! Money that goes back, or that a bank wants back.

use super::{
    ONE_TIME, World,
    events::{kinds, object},
    subscription,
};

#[tokio::test]
async fn a_dispute_takes_the_money_and_is_won_or_lost() {
    for (won, kinds_then) in [
        (true, vec!["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
        (false, vec!["charge.dispute.closed"]),
    ] {
        let world = World::new();
        let id = world.session(ONE_TIME).await;
        assert!(world.sandbox.dispute(&id).is_empty(), "nothing was paid");
        let paid = world.sandbox.pay(&id);
        let opened = world.sandbox.dispute(&id);
        assert_eq!(kinds(&opened), ["charge.dispute.created", "charge.dispute.funds_withdrawn"]);
        let dispute = object(&opened, "charge.dispute.created");
        let charge = object(&paid, "charge.succeeded");
        assert_eq!((&dispute["charge"], &dispute["payment_intent"]), (&charge["id"], &charge["payment_intent"]));
        assert_eq!((&dispute["status"], &dispute["amount"]), (&"needs_response".into(), &4900.into()));
        assert_eq!(dispute["metadata"], serde_json::json!({}));
        assert!(world.sandbox.dispute(&id).is_empty(), "one at a time");
        assert!(world.sandbox.refund(&id, None).is_empty(), "the bank has the money");

        let closed = if won { world.sandbox.win_dispute(&id) } else { world.sandbox.lose_dispute(&id) };
        assert_eq!(kinds(&closed), kinds_then);
        assert_eq!(object(&closed, "charge.dispute.closed")["status"], if won { "won" } else { "lost" });
        assert_eq!(world.sandbox.refund(&id, None).is_empty(), !won);
    }
}

#[tokio::test]
async fn an_inquiry_takes_nothing_and_is_closed_or_becomes_a_dispute() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    world.sandbox.pay(&id);
    let opened = world.sandbox.inquire(&id);
    assert_eq!(kinds(&opened), ["charge.dispute.created"]);
    assert_eq!(object(&opened, "charge.dispute.created")["status"], "warning_needs_response");
    assert!(world.sandbox.lose_dispute(&id).is_empty());
    let dispute = world.sandbox.dispute(&id);
    assert_eq!(kinds(&dispute), ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]);
    assert_eq!(object(&dispute, "charge.dispute.updated")["status"], "needs_response");

    let id = world.session(ONE_TIME).await;
    world.sandbox.pay(&id);
    world.sandbox.inquire(&id);
    let closed = world.sandbox.win_dispute(&id);
    assert_eq!(kinds(&closed), ["charge.dispute.closed"]);
    assert_eq!(object(&closed, "charge.dispute.closed")["status"], "warning_closed");
}

#[tokio::test]
async fn a_fraud_warning_names_its_payment() {
    let world = World::new();
    let id = world.session(&subscription()).await;
    let paid = world.sandbox.pay(&id);
    let warned = world.sandbox.warn_of_fraud(&id);
    let warning = object(&warned, "radar.early_fraud_warning.created");
    assert_eq!(warning["payment_intent"], object(&paid, "charge.succeeded")["payment_intent"]);
    assert_eq!(warning["actionable"], true);
    world.sandbox.refund(&id, None);
    let late = world.sandbox.warn_of_fraud(&id);
    assert_eq!(object(&late, "radar.early_fraud_warning.created")["actionable"], false);
}

#[tokio::test]
async fn a_refund_that_fails_gives_the_money_back_to_the_seller() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    world.sandbox.pay(&id);
    let made = world.sandbox.refund(&id, None);
    let failed = world.sandbox.fail_refund(&id);
    assert_eq!(kinds(&failed), ["refund.updated", "refund.failed"]);
    let refund = object(&failed, "refund.failed");
    assert_eq!(refund["id"], object(&made, "refund.created")["id"]);
    assert_eq!((&refund["status"], &refund["amount"]), (&"failed".into(), &4900.into()));
    assert!(world.sandbox.fail_refund(&id).is_empty());
    let again = world.sandbox.refund(&id, Some(100));
    assert_eq!(object(&again, "charge.refunded")["amount_refunded"], 100);
}

#[tokio::test]
async fn a_decline_tells_why() {
    let world = World::new();
    let id = world.session(ONE_TIME).await;
    for (reason, code) in [("insufficient_funds", "card_declined"), ("expired_card", "expired_card")] {
        let declined = world.sandbox.decline_with(&id, reason);
        let charge = object(&declined, "charge.failed");
        assert_eq!((&charge["failure_code"], &charge["outcome"]["reason"]), (&code.into(), &reason.into()));
        assert_eq!(charge["metadata"]["purchase_id"], "purchase-1");
        let error = &object(&declined, "payment_intent.payment_failed")["last_payment_error"];
        assert_eq!((&error["code"], &error["decline_code"]), (&code.into(), &reason.into()));
    }
    assert_eq!(world.sandbox.session(&id).unwrap()["status"], "open");
}
