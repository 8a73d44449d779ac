//! The buttons for what can happen next, and what each does.

use std::fmt::Write;

use super::super::{
    Sandbox,
    events::Event,
    state::{Session, Status, Subscription},
    subscriptions::GivesUp,
};
use crate::sandbox::escape;

/// A button: the action's name in the address, and what it says.
type Button = (&'static str, &'static str);

/// Does what a button says; `None` if there is no such button. `half` of what can be refunded is refunded by one of them.
pub(super) fn perform(sandbox: &Sandbox, id: &str, action: &str, half: i64) -> Option<Vec<Event>> {
    Some(match action {
        "pay" => sandbox.pay(id),
        "decline" => sandbox.decline(id),
        "decline-funds" => sandbox.decline_with(id, "insufficient_funds"),
        "pay-later" => sandbox.pay_later(id),
        "complete-free" => sandbox.complete_free(id),
        "settle" => sandbox.settle(id),
        "fail-settlement" => sandbox.fail_settlement(id),
        "expire" => sandbox.expire(id),
        "refund" => sandbox.refund(id, None),
        "refund-half" => sandbox.refund(id, Some(half)),
        "fail-refund" => sandbox.fail_refund(id),
        "dispute" => sandbox.dispute(id),
        "inquire" => sandbox.inquire(id),
        "win-dispute" => sandbox.win_dispute(id),
        "lose-dispute" => sandbox.lose_dispute(id),
        "warn-of-fraud" => sandbox.warn_of_fraud(id),
        other => return perform_on_subscription(sandbox, id, other),
    })
}

fn perform_on_subscription(sandbox: &Sandbox, id: &str, action: &str) -> Option<Vec<Event>> {
    Some(match action {
        "renew" => sandbox.renew(id),
        "fail-renewal" => sandbox.fail_renewal(id),
        "pay-overdue" => sandbox.pay_overdue(id),
        "give-up-cancel" => sandbox.give_up(id, GivesUp::Cancels),
        "give-up-unpaid" => sandbox.give_up(id, GivesUp::LeavesUnpaid),
        "pause" => sandbox.pause(id),
        "resume" => sandbox.resume(id),
        "pause-collection" => sandbox.pause_collection(id, true),
        "resume-collection" => sandbox.pause_collection(id, false),
        "cancel-at-period-end" => sandbox.cancel_at_period_end(id),
        "keep-subscription" => sandbox.keep_subscription(id),
        "cancel-subscription" => sandbox.cancel_subscription(id),
        _ => return None,
    })
}

/// The buttons that make sense now.
pub(super) fn html(session: &Session, root: &str) -> String {
    let mut offered = checkout(session);
    offered.extend(money(session));
    if let Some(it) = &session.subscription {
        offered.extend(subscription(session, it));
    }
    let (root, id) = (escape(root), escape(&session.id));
    let mut html = String::new();
    for (at, (action, label)) in offered.iter().enumerate() {
        let class = if at == 0 { " class=\"main\"" } else { "" };
        let _ = write!(
            html,
            "<form method=\"post\" action=\"{root}/pay/{id}/{action}\"><button{class}>{label}</button></form>"
        );
    }
    html
}

fn checkout(session: &Session) -> Vec<Button> {
    let mut offered: Vec<Button> = Vec::new();
    if session.status == Status::Open {
        if session.due() > 0 {
            offered.extend([("pay", "Pay"), ("decline", "Decline"), ("decline-funds", "Decline: insufficient funds")]);
            offered.extend([("pay-later", "Pay later (delayed method)"), ("complete-free", "Use a 100 % coupon")]);
        } else {
            offered.push(("complete-free", "Complete"));
        }
        offered.push(("expire", "Let it expire"));
    }
    if session.delayed {
        offered.extend([("settle", "Settle the delayed payment"), ("fail-settlement", "Fail the delayed payment")]);
    }
    offered
}

fn money(session: &Session) -> Vec<Button> {
    let mut offered: Vec<Button> = Vec::new();
    if session.refundable().is_some() {
        offered.extend([("refund", "Refund in full"), ("refund-half", "Refund half")]);
    }
    if session.refunded().is_some() {
        offered.push(("fail-refund", "Fail the latest refund"));
    }
    if session.disputable().is_some() {
        offered.extend([("dispute", "Dispute"), ("inquire", "Inquiry of the bank")]);
        offered.push(("warn-of-fraud", "Early fraud warning"));
    }
    match session.disputed() {
        Some((_, it)) if it.is_inquiry() => {
            offered.extend([("win-dispute", "Close the inquiry"), ("dispute", "Make the inquiry a dispute")]);
        }
        Some(_) => offered.extend([("win-dispute", "Win the dispute"), ("lose-dispute", "Lose the dispute")]),
        None => {}
    }
    offered
}

fn subscription(session: &Session, it: &Subscription) -> Vec<Button> {
    let mut offered: Vec<Button> = Vec::new();
    if session.open_invoice().is_some() && !session.delayed {
        offered.push(("pay-overdue", "Pay what is overdue"));
    }
    if it.is_running() {
        offered.push(("renew", if it.cancel_requested.is_some() { "Let the period end" } else { "Renew" }));
        offered.push(("fail-renewal", "Fail the renewal"));
        offered.push(("give-up-cancel", "Stripe gives up and cancels"));
        offered.push(("give-up-unpaid", "Stripe gives up, unpaid"));
        offered.push(match it.cancel_requested {
            Some(_) => ("keep-subscription", "Keep the subscription"),
            None => ("cancel-at-period-end", "Cancel at the period's end"),
        });
        offered.push(if it.collection_paused {
            ("resume-collection", "Collect again")
        } else {
            ("pause-collection", "Pause collection")
        });
    }
    match it.status.as_str() {
        "trialing" => offered.push(("pause", "End the trial without a card")),
        "paused" => offered.push(("resume", "Resume")),
        _ => {}
    }
    if it.ended_at.is_none() {
        offered.push(("cancel-subscription", "Cancel the subscription at once"));
    }
    offered
}
