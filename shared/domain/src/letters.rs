//! Which letters are due.
//!
//! A purchase remembers what its buyer and its vendor were told. What is due follows from comparing that with the purchase,
//! so a letter is neither lost when something breaks nor sent again when a message comes twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    access::Observed,
    facts::DisputeState,
    log::Action,
    purchase::{Closing, Gate, Purchase},
    stored::maybe_seconds,
};

/// An invitation lasts seven days; on the sixth the buyer is reminded (GitHub docs, "Inviting collaborators").
const REMIND_AFTER_SECONDS: i64 = 6 * 24 * 60 * 60;

/// What the buyer and the vendor were told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// When the checkout was confirmed, or it was found that it need not be.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Timestamp>,
    /// What was last said of the access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<AccessNews>,
    /// When the buyer was reminded of the invitation.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub reminded: Option<Timestamp>,
    /// When a link was sent that makes a Composer token.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub composer_link: Option<Timestamp>,
    /// Up to which renewal.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub renewed: Option<Timestamp>,
    /// Up to which failed attempt to charge.
    #[serde(with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub failed: Option<Timestamp>,
    /// Up to how many cents that went back.
    #[serde(skip_serializing_if = "is_zero")]
    pub refunded_cents: i64,
    /// Of what the vendor was told, and up to when it had happened, in epoch seconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alerts: BTreeMap<Alert, i64>,
}

/// What was last said of the access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessNews {
    /// That it is granted.
    Granted,
    /// That it will be.
    Scheduled,
    /// That it was taken back.
    Revoked,
}

/// Something the vendor has to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// A renewal, or a delayed payment, failed.
    PaymentFailed,
    /// Money went back, all of it or a part.
    Refund,
    /// A payment is disputed, or a dispute was decided.
    Dispute,
    /// A card network warned of fraud.
    FraudWarning,
    /// Access cannot be given or taken without the vendor's doing.
    AccessBlocked,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// The checkout has begun.
    Confirmation,
    /// The gate is open.
    AccessGranted,
    /// The gate will open: GitHub admits no more today.
    AccessScheduled {
        /// When.
        at: Timestamp,
    },
    /// The invitation is about to expire, or did and was replaced.
    InvitationReminder,
    /// The gate is closed.
    Revocation {
        /// Why.
        reason: Closing,
    },
    /// The buyer asked for a link that makes a Composer token.
    ComposerLink,
    /// The subscription was paid for another period.
    Renewal {
        /// When.
        at: Timestamp,
    },
    /// The payment failed.
    PaymentFailed {
        /// When.
        at: Timestamp,
    },
    /// A part of the money went back.
    PartialRefund {
        /// How much in all, in cents.
        cents: i64,
    },
    /// To the vendor.
    Alert {
        /// Of what.
        about: Alert,
        /// When it happened.
        at: Timestamp,
    },
}

impl Letter {
    /// The line that it leaves in the log.
    pub fn action(&self) -> Action {
        match self {
            Self::Confirmation => Action::EmailSentConfirmation,
            Self::AccessGranted => Action::EmailSentAccessGranted,
            Self::AccessScheduled { .. } => Action::EmailSentAccessScheduled,
            Self::InvitationReminder => Action::EmailSentInvitationReminder,
            Self::Revocation { .. } => Action::EmailSentRevocation,
            Self::ComposerLink => Action::EmailSentComposerLink,
            Self::Renewal { .. } => Action::EmailSentRenewal,
            Self::PaymentFailed { .. } => Action::EmailSentPaymentFailed,
            Self::PartialRefund { .. } => Action::EmailSentRefund,
            Self::Alert { .. } => Action::EmailSentAlert,
        }
    }
}

/// The letters that are due when it is `now`, the most pressing first.
pub fn due(purchase: &Purchase, now: Timestamp) -> Vec<Letter> {
    let facts = &purchase.facts;
    let mut letters = Vec::new();
    letters.extend(access_news(purchase));
    letters.extend(payment_failure(purchase));
    if is_to_get_composer_link(purchase) {
        letters.push(Letter::ComposerLink);
    }
    if is_to_be_reminded(purchase, now) {
        letters.push(Letter::InvitationReminder);
    }
    if let Some(at) = facts.renewed_at.filter(|at| Some(*at) > purchase.told.renewed) {
        letters.push(Letter::Renewal { at });
    }
    let refunded = facts.partly_refunded_cents();
    if refunded > purchase.told.refunded_cents && facts.fully_refunded_at().is_none() && purchase.gate() == Gate::Open {
        letters.push(Letter::PartialRefund { cents: refunded });
    }
    if purchase.told.confirmed.is_none() && purchase.session.is_some() && purchase.is_awaited() {
        letters.push(Letter::Confirmation);
    }
    letters.extend(alerts(purchase));
    letters
}

fn access_news(purchase: &Purchase) -> Option<Letter> {
    let told = purchase.told.access;
    match purchase.gate() {
        Gate::Open if purchase.access.observed != Observed::Nothing => {
            (told != Some(AccessNews::Granted)).then_some(Letter::AccessGranted)
        }
        Gate::Open => {
            let at = purchase.access.scheduled_for.filter(|_| told != Some(AccessNews::Scheduled))?;
            Some(Letter::AccessScheduled { at })
        }
        // One who never paid, or was never told of anything, hears nothing.
        Gate::Closed { reason, .. } if purchase.facts.is_settled() || told.is_some() => {
            (told != Some(AccessNews::Revoked)).then_some(Letter::Revocation { reason })
        }
        Gate::Closed { .. } | Gate::NotYet => None,
    }
}

fn payment_failure(purchase: &Purchase) -> Option<Letter> {
    let renewal = purchase.facts.unpaid().map(|(_, failure)| failure.last.at);
    let delayed = purchase.facts.failed_at.filter(|_| !purchase.facts.is_settled());
    let at = renewal.max(delayed)?;
    (Some(at) > purchase.told.failed).then_some(Letter::PaymentFailed { at })
}

fn is_to_be_reminded(purchase: &Purchase, now: Timestamp) -> bool {
    let access = &purchase.access;
    let old = access.invited_at.is_some_and(|at| at.as_second() + REMIND_AFTER_SECONDS <= now.as_second());
    let waits = access.observed == Observed::Invited && purchase.gate() == Gate::Open;
    waits && (old || access.reinvited) && purchase.told.reminded.is_none()
}

fn is_to_get_composer_link(purchase: &Purchase) -> bool {
    let asked = purchase.asked.composer_links.last().copied();
    let told = purchase.told.composer_link.map(Timestamp::as_second);
    purchase.opens_packages() && asked > told
}

fn alerts(purchase: &Purchase) -> impl Iterator<Item = Letter> {
    let facts = &purchase.facts;
    let dispute = facts.dispute().filter(|dispute| dispute.state != DisputeState::Closed).map(|dispute| dispute.at);
    let failed = facts.unpaid().map(|(_, failure)| failure.last.at).max(facts.failed_at);
    let refunded = facts.refunds.values().filter_map(|refund| refund.full_at).max();
    let partly = facts.refunded_at.filter(|_| facts.refunded_cents() > 0);
    let blocked = purchase.access.problem.as_ref().filter(|problem| !problem.code.heals()).map(|problem| problem.since);
    let told = purchase.told.alerts.clone();
    [
        (Alert::PaymentFailed, failed),
        (Alert::Refund, refunded.max(partly)),
        (Alert::Dispute, dispute),
        (Alert::FraudWarning, facts.fraud_warning_at),
        (Alert::AccessBlocked, blocked),
    ]
    .into_iter()
    .filter_map(|(about, at)| at.map(|at| (about, at)))
    .filter(move |(about, at)| told.get(about).is_none_or(|told| *told < at.as_second()))
    .map(|(about, at)| Letter::Alert { about, at })
}

impl Purchase {
    /// When its buyer is to be reminded of the invitation, unless that was done.
    pub fn reminder_at(&self) -> Option<Timestamp> {
        let at = self.access.invited_at.filter(|_| self.told.reminded.is_none())?;
        Timestamp::from_second(at.as_second() + REMIND_AFTER_SECONDS).ok()
    }

    /// The purchase when `letter` was sent at `now`.
    #[must_use]
    pub fn having_told(&self, letter: &Letter, now: Timestamp) -> Self {
        let mut after = self.clone();
        let told = &mut after.told;
        match letter {
            Letter::Confirmation => told.confirmed = Some(now),
            Letter::AccessGranted => told.access = Some(AccessNews::Granted),
            Letter::AccessScheduled { .. } => told.access = Some(AccessNews::Scheduled),
            Letter::InvitationReminder => told.reminded = Some(now),
            Letter::ComposerLink => told.composer_link = Some(now),
            Letter::Revocation { .. } => told.access = Some(AccessNews::Revoked),
            Letter::Renewal { at } => told.renewed = told.renewed.max(Some(*at)),
            Letter::PaymentFailed { at } => told.failed = told.failed.max(Some(*at)),
            Letter::PartialRefund { cents } => told.refunded_cents = *cents,
            Letter::Alert { about, at } => {
                told.alerts.insert(*about, at.as_second());
            }
        }
        after
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(cents: &i64) -> bool {
    *cents == 0
}

#[cfg(test)]
mod tests;
