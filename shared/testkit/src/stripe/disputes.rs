//! Money that goes back, or that a bank wants back.

use serde_json::json;

use super::{
    Sandbox,
    actions::Till,
    events::Event,
    objects,
    state::{Charge, Dispute, Refund, new_id},
};

impl Sandbox {
    /// The seller gives money back: `cents` of the latest charge, or all that is left of it.
    pub fn refund(&self, session: &str, cents: Option<i64>) -> Vec<Event> {
        self.act(session, |till| till.refund(cents))
    }

    /// The buyer's bank does not take the latest refund after all: the money is the seller's again.
    ///
    /// It is assumed that the charge's `amount_refunded` is then what it was before, which no event of the charge tells.
    pub fn fail_refund(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::fail_refund)
    }

    /// The buyer disputes the latest charge at the bank, which takes the money at once; or the bank's inquiry becomes a
    /// dispute.
    pub fn dispute(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::dispute)
    }

    /// The buyer's bank asks about the latest charge, and takes nothing yet.
    pub fn inquire(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::inquire)
    }

    /// The dispute is decided for the seller, and the money comes back. An inquiry is closed.
    pub fn win_dispute(&self, session: &str) -> Vec<Event> {
        self.act(session, |till| till.close_dispute(true))
    }

    /// The dispute is decided for the buyer. An inquiry can't be lost.
    pub fn lose_dispute(&self, session: &str) -> Vec<Event> {
        self.act(session, |till| till.close_dispute(false))
    }

    /// The card network takes the latest payment for fraud, and a dispute is likely.
    pub fn warn_of_fraud(&self, session: &str) -> Vec<Event> {
        self.act(session, Till::warn_of_fraud)
    }
}

impl Till {
    fn refund(&mut self, cents: Option<i64>) {
        let Some(charge) = self.session.refundable().cloned() else {
            return;
        };
        let left = charge.amount - charge.refunded;
        let cents = cents.unwrap_or(left);
        if cents <= 0 || cents > left {
            return;
        }
        let refund = Refund { id: new_id(&self.random, "re"), created: self.now, cents, failed: false };
        self.change_charge(&charge.id, |it| {
            it.refunded += cents;
            it.refunds.push(refund.clone());
        });
        self.report("refund.created", objects::refund(&self.session, &charge, &refund));
        let object = objects::charge(&self.session, &charge.id, &self.view);
        let previous = json!({ "amount_refunded": charge.refunded, "refunded": false });
        self.report_change("charge.refunded", object, previous);
    }

    fn fail_refund(&mut self) {
        let Some((charge, refund)) = self.session.refunded() else {
            return;
        };
        let (charge, refund) = (charge.clone(), Refund { failed: true, ..refund.clone() });
        self.change_charge(&charge.id, |it| {
            it.refunded -= refund.cents;
            it.refunds.iter_mut().filter(|it| it.id == refund.id).for_each(|it| it.failed = true);
        });
        let object = objects::refund(&self.session, &charge, &refund);
        self.report_change("refund.updated", object.clone(), json!({ "status": "succeeded" }));
        self.report("refund.failed", object);
    }

    fn dispute(&mut self) {
        let inquiry = self.session.disputed().filter(|(_, it)| it.is_inquiry());
        if let Some((charge, dispute)) = inquiry {
            let (charge, mut dispute) = (charge.clone(), dispute.clone());
            let before = std::mem::replace(&mut dispute.status, "needs_response".to_owned());
            self.put_dispute(&charge, &dispute);
            let object = objects::dispute(&self.session, &charge, &dispute);
            self.report_change("charge.dispute.updated", object.clone(), json!({ "status": before }));
            self.report("charge.dispute.funds_withdrawn", object);
        } else {
            self.open_dispute("needs_response");
        }
    }

    fn inquire(&mut self) {
        self.open_dispute("warning_needs_response");
    }

    fn open_dispute(&mut self, status: &str) {
        let Some(charge) = self.session.disputable().cloned() else {
            return;
        };
        let dispute = Dispute {
            id: new_id(&self.random, "du"),
            created: self.now,
            reason: "fraudulent".to_owned(),
            status: status.to_owned(),
        };
        self.put_dispute(&charge, &dispute);
        let object = objects::dispute(&self.session, &charge, &dispute);
        self.report("charge.dispute.created", object.clone());
        if !dispute.is_inquiry() {
            self.report("charge.dispute.funds_withdrawn", object);
        }
    }

    fn close_dispute(&mut self, won: bool) {
        let Some((charge, dispute)) = self.session.disputed() else {
            return;
        };
        let (charge, mut dispute) = (charge.clone(), dispute.clone());
        let status = match (dispute.is_inquiry(), won) {
            (true, true) => "warning_closed",
            (true, false) => return,
            (false, true) => "won",
            (false, false) => "lost",
        };
        let before = std::mem::replace(&mut dispute.status, status.to_owned());
        self.put_dispute(&charge, &dispute);
        let object = objects::dispute(&self.session, &charge, &dispute);
        self.report_change("charge.dispute.closed", object.clone(), json!({ "status": before }));
        if status == "won" {
            self.report("charge.dispute.funds_reinstated", object);
        }
    }

    fn warn_of_fraud(&mut self) {
        let Some(charge) = self.session.charges.iter().rev().find(|it| it.succeeded) else {
            return;
        };
        let object = objects::fraud_warning(&new_id(&self.random, "issfr"), charge, self.now);
        self.report("radar.early_fraud_warning.created", object);
    }

    fn put_dispute(&mut self, charge: &Charge, dispute: &Dispute) {
        self.change_charge(&charge.id, |it| it.dispute = Some(dispute.clone()));
    }

    fn change_charge(&mut self, id: &str, change: impl FnOnce(&mut Charge)) {
        if let Some(charge) = self.session.charges.iter_mut().find(|it| it.id == id) {
            change(charge);
        }
    }
}
