//! The log: what happened, who did it, what it changed. It is the access log that vendors read and the audit record of
//! every change: each line is written in the same transaction as the change it tells of, and never again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{LogId, PurchaseId, RepositoryId, Timestamp, purchase::Purchase};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its id. Lines made later sort later.
    pub id: LogId,
    /// The purchase that it concerns, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<PurchaseId>,
    /// The repository that it concerns, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryId>,
    /// What happened.
    pub action: Action,
    /// How it went.
    pub status: LogStatus,
    /// Who did it.
    pub actor: Actor,
    /// Details for a person, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// What it changed, by name: before and after.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<String, (String, String)>,
    /// The request, event or delivery that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
}

impl LogEntry {
    /// A line about nothing in particular yet.
    pub fn new(id: LogId, now: Timestamp, actor: Actor, action: Action, status: LogStatus) -> Self {
        Self {
            id,
            purchase: None,
            repository: None,
            action,
            status,
            actor,
            metadata: BTreeMap::new(),
            changes: BTreeMap::new(),
            request: None,
            created_at: now,
        }
    }

    /// About this purchase.
    #[must_use]
    pub fn about(self, purchase: &Purchase) -> Self {
        Self { purchase: Some(purchase.id), repository: Some(purchase.repository), ..self }
    }

    /// About this repository.
    #[must_use]
    pub fn about_repository(self, repository: RepositoryId) -> Self {
        Self { repository: Some(repository), ..self }
    }

    /// With a detail, unless there is none.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<impl Into<String>>) -> Self {
        self.metadata.extend(value.map(|value| (name.to_owned(), value.into())));
        self
    }

    /// With what a change changed: one that did not is left out.
    #[must_use]
    pub fn changing(mut self, name: &str, before: &(impl ToString + ?Sized), after: &(impl ToString + ?Sized)) -> Self {
        let (before, after) = (before.to_string(), after.to_string());
        if before != after {
            self.changes.insert(name.to_owned(), (before, after));
        }
        self
    }

    /// With what a change of a purchase changed of what people see.
    #[must_use]
    pub fn of_change(self, before: &Purchase, after: &Purchase) -> Self {
        self.about(after)
            .changing("status", before.status().name(), after.status().name())
            .changing("accessStatus", before.access_status().name(), after.access_status().name())
            .changing("paidCents", &before.facts.paid_cents(), &after.facts.paid_cents())
            .changing("refundedCents", &before.facts.refunded_cents(), &after.facts.refunded_cents())
    }

    /// Caused by this request, event or delivery.
    #[must_use]
    pub fn caused_by(self, request: impl Into<String>) -> Self {
        Self { request: Some(request.into()), ..self }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Stripe told of it.
    Stripe,
    /// GitHub told of it.
    Github,
    /// A forge was found to have something else.
    Forge,
    /// Tollgate itself, following its rules.
    Tollgate,
    /// The buyer, with the link to the purchase.
    Buyer,
    /// Somebody who signed in: user id and login.
    User {
        /// The user's id.
        id: String,
        /// The user's name on GitHub, or e-mail address.
        name: String,
    },
    /// The bearer of an operator's token.
    Token {
        /// The token's id.
        id: String,
        /// What it is called.
        name: String,
    },
}

impl Actor {
    /// Its name, for people to read.
    pub fn name(&self) -> &str {
        match self {
            Self::Stripe => "Stripe",
            Self::Github => "GitHub",
            Self::Forge => "the forge",
            Self::Tollgate => "Tollgate",
            Self::Buyer => "the buyer",
            Self::User { name, .. } | Self::Token { name, .. } => name,
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident $name:literal $code:literal,)*) => {
        /// What can happen (contract "Access Logs"; the names that the contract lacks are extensions).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Action {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in the contract.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Two letters that stand for it where every byte is paid for.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

actions! {
    /// A checkout began.
    CheckoutCreated "checkout_created" "cc",
    /// An unpaid checkout was taken up again, with another attempt to be paid.
    CheckoutResumed "checkout_resumed" "cs",
    /// The buyer finished the checkout.
    CheckoutCompleted "checkout_completed" "cf",
    /// The checkout ended unpaid.
    CheckoutExpired "checkout_expired" "ce",
    /// Money is set aside for the vendor, and not taken yet.
    PaymentAuthorized "payment_authorized" "pa",
    /// Money came.
    PaymentSucceeded "payment_succeeded" "ps",
    /// Money did not come.
    PaymentFailed "payment_failed" "pf",
    /// Money went back.
    PaymentRefunded "payment_refunded" "pr",
    /// Money is on its way back; that it went is what the charge tells.
    RefundCreated "refund_created" "rn",
    /// Money was to go back and did not.
    RefundFailed "refund_failed" "rf",
    /// A payment is disputed, or the dispute went on.
    PaymentDisputed "payment_disputed" "pd",
    /// A dispute was decided.
    DisputeClosed "dispute_closed" "dc",
    /// A card network warned of fraud.
    FraudWarning "fraud_warning" "fw",
    /// A subscription began.
    SubscriptionCreated "subscription_created" "sc",
    /// A subscription changed.
    SubscriptionUpdated "subscription_updated" "su",
    /// A subscription was paid for another period.
    SubscriptionRenewed "subscription_renewed" "sr",
    /// A subscription ended.
    SubscriptionCanceled "subscription_canceled" "se",
    /// The days of grace of an unpaid renewal ended.
    GraceEnded "grace_ended" "ge",
    /// GitHub was told to let the buyer in.
    CollaboratorAdded "collaborator_added" "ca",
    /// GitHub was told to let the buyer in no longer.
    CollaboratorRemoved "collaborator_removed" "cr",
    /// The buyer accepted the invitation.
    InvitationAccepted "invitation_accepted" "ia",
    /// The buyer is to be invited later: GitHub admits no more today.
    AccessScheduled "access_scheduled" "as",
    /// Somebody has access who never bought it.
    StrangerFound "stranger_found" "sf",
    /// An operator took access back.
    AccessRevoked "access_revoked" "ar",
    /// A purchase was marked for somebody to look at.
    CustomerFlagged "customer_flagged" "fl",
    /// The buyer asked for the invitation again.
    InvitationResent "invitation_resent" "ir",
    /// The buyer chose another GitHub account.
    AccountChanged "account_changed" "ac",
    /// The buyer asked for the link that makes a Composer token.
    ComposerLinkAsked "composer_link_asked" "ck",
    /// The checkout was confirmed by mail.
    EmailSentConfirmation "email_sent_confirmation" "ec",
    /// The buyer was told that access is granted.
    EmailSentAccessGranted "email_sent_access_granted" "eg",
    /// The buyer was told when access will be granted.
    EmailSentAccessScheduled "email_sent_access_scheduled" "es",
    /// The buyer was reminded of the invitation.
    EmailSentInvitationReminder "email_sent_invitation_reminder" "ei",
    /// The buyer was sent a link that makes a Composer token.
    EmailSentComposerLink "email_sent_composer_link" "ek",
    /// The buyer was told that access was taken back.
    EmailSentRevocation "email_sent_revocation" "er",
    /// The buyer was told of a renewal.
    EmailSentRenewal "email_sent_renewal" "en",
    /// The buyer was told of a failed payment.
    EmailSentPaymentFailed "email_sent_payment_failed" "ef",
    /// The buyer was told of a partial refund.
    EmailSentRefund "email_sent_refund" "ep",
    /// The vendor was told of something.
    EmailSentAlert "email_sent_alert" "ea",
    /// A repository was listed.
    RepositoryCreated "repository_created" "rc",
    /// A repository was changed.
    RepositoryUpdated "repository_updated" "ru",
    /// Its price was changed.
    PriceChanged "price_changed" "rp",
    /// A repository is not for sale any more.
    RepositoryDeactivated "repository_deactivated" "rd",
    /// GitHub told that a repository was renamed or transferred.
    RepositoryMoved "repository_moved" "rm",
    /// An operator's token was made.
    TokenCreated "token_created" "tc",
    /// An operator's token was revoked.
    TokenRevoked "token_revoked" "tr",
    /// Somebody became a member of the company.
    MemberAdded "member_added" "ma",
    /// A member's role changed.
    MemberChanged "member_changed" "mc",
    /// Somebody is no member any more.
    MemberRemoved "member_removed" "mr",
    /// All sessions of a member ended.
    SessionsEnded "sessions_ended" "xs",
    /// A customer who installs packages was made.
    CustomerCreated "customer_created" "kc",
    /// A customer was changed.
    CustomerUpdated "customer_updated" "ku",
    /// A customer was deleted.
    CustomerDeleted "customer_deleted" "kd",
    /// A customer was suspended.
    CustomerSuspended "customer_suspended" "ks",
    /// A customer was given full access again.
    CustomerReactivated "customer_reactivated" "kr",
    /// A customer was frozen.
    CustomerFrozen "customer_frozen" "kf",
    /// A customer's time ended.
    CustomerExpired "customer_expired" "ke",
    /// A customer was given a new token.
    CustomerTokenIssued "customer_token_issued" "ki",
    /// A customer's token was revoked.
    CustomerTokenRevoked "customer_token_revoked" "kt",
    /// What a customer may install was changed.
    AccessChanged "package_access_changed" "ka",
    /// A package was added.
    PackageAdded "package_added" "ga",
    /// A package was changed.
    PackageUpdated "package_updated" "gu",
    /// A sync found other versions of a package.
    PackageSynced "package_synced" "gs",
    /// A package was deleted.
    PackageDeleted "package_deleted" "gd",
    /// A bundle was made.
    BundleCreated "bundle_created" "bc",
    /// A bundle was changed.
    BundleUpdated "bundle_updated" "bu",
    /// A bundle was deleted.
    BundleDeleted "bundle_deleted" "bd",
    /// The data were exported.
    Exported "exported" "xp",
}

/// How it went (contract "Access Logs").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogStatus {
    /// It went well.
    Success,
    /// It failed, and trying again will not help by itself.
    Failed,
    /// It failed, and is tried again.
    Retry,
}

impl LogStatus {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Success, Self::Failed, Self::Retry];

    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Retry => "retry",
        }
    }

    /// One letter that stands for it where every byte is paid for.
    pub fn code(self) -> char {
        match self {
            Self::Success => 's',
            Self::Failed => 'f',
            Self::Retry => 'r',
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_a_code_of_its_own_and_the_name_that_is_stored() {
        let codes: BTreeSet<_> = Action::ALL.iter().map(|action| action.code()).collect();
        assert_eq!(codes.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
            assert_eq!(action.code().len(), 2);
        }
    }

    #[test]
    fn what_did_not_change_is_no_change() {
        let random = crate::Random::new(|bytes| bytes.fill(7));
        let now = Timestamp::UNIX_EPOCH;
        let entry = LogEntry::new(
            LogId::generate(now, &random),
            now,
            Actor::Stripe,
            Action::PaymentRefunded,
            LogStatus::Success,
        );
        let entry = entry.changing("status", "pending", "completed").changing("accessStatus", "active", "active");
        assert_eq!(entry.changes.len(), 1);
    }
}
